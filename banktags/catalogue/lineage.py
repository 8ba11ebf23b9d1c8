"""What a tag is made of: its columns followed through steps, models and seeds down to the columns of the sources."""

from collections.abc import Iterator
from functools import cache, partial

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from banktags.catalogue.entries import GRAIN, TagEntry
from banktags.catalogue.project import ABOUT_SOURCES, Project
from banktags.catalogue.rows import (
    ALL_ROWS,
    Given,
    Known,
    RowsRead,
    conditions,
    counted,
    kept_by,
    reads,
    rows_read,
)
from banktags.catalogue.scopes import RuleError, branches, leaf_of, projection, source_of

#: Columns of a policy seed that say when a row holds, and for which currency.
WHEN_IN_FORCE = {"currency", "valid_from", "valid_to"}
#: Relation and column outside a query, and what is known of the rows that are read of it.
Leaf = tuple[str, str, Given]


class Lineage:
    """Inputs of the columns of a compiled project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._rows_followed: dict[tuple[int, str | None, Given, bool], frozenset[Leaf]] = {}
        self._followed: dict[tuple[int, str, Given], frozenset[Leaf]] = {}

    def policies(self, entry: TagEntry) -> frozenset[Leaf]:
        """Columns of seeds that decide a tag by its own rule, with their rows; the tags that it reads have theirs.

        Raises:
            RuleError: see ``tag_rules``.
        """
        found, seen, waiting = set(), set(), [*self._leaves(entry.model, entry.code)]
        while waiting:
            leaf = relation, column, rows = waiting.pop()
            if (
                leaf in seen
                or leaf[:2] in self.project.tags
                or relation in ABOUT_SOURCES
                or relation.startswith("source.")
            ):
                continue
            seen.add(leaf)
            if self.project.nodes[relation]["resource_type"] == "seed":
                found.add(leaf)
            elif relation in self.project.tag_views:
                continue
            else:
                waiting += self._leaves(relation, column, rows)
        return frozenset(found)

    @cache  # noqa: B019
    def _leaves(self, model: str, column: str, given: Given = ALL_ROWS) -> frozenset[Leaf]:
        """What the value is made of outside the model: relation, column, and of which rows."""
        there = self.project.columns(model)
        given = frozenset((name, values) for name, values in given if name in there and name != column)
        return self._follow(self.project.root(model, column, *sorted(name for name, _ in given)), column, model, given)

    def direct(self, model: str, column: str) -> Iterator[tuple[str, str]]:
        """What the model reads for the value; a view that only puts tags side by side is looked through."""
        for relation, name, _ in self._leaves(model, column):
            if relation in self.project.tag_views:
                yield from (leaf[:2] for leaf in self._leaves(relation, name))
            else:
                yield relation, name

    @cache  # noqa: B019
    def origins(self, model: str, column: str, given: Given = ALL_ROWS) -> frozenset[Leaf]:
        """The same, followed through the models upstream down to sources and seeds."""
        origins: set[Leaf] = set()
        for leaf in self._leaves(model, column, given):
            relation, name, rows = leaf
            is_end = (
                relation in ABOUT_SOURCES
                or relation.startswith("source.")
                or self.project.nodes[relation]["resource_type"] == "seed"
            )
            origins.update({leaf} if is_end else self.origins(relation, name, rows))
        return frozenset(origins)

    def _follow(self, scope: Scope, column: str, model: str, given: Given = ALL_ROWS) -> frozenset[Leaf]:
        """Columns outside the query that the value of ``column`` is made of, in the rows that are ``given``."""
        key = id(scope), column, given
        if key not in self._followed:
            self._followed[key] = frozenset(self._reads(scope, column, model, given))
        return self._followed[key]

    def _reads(self, scope: Scope, column: str, model: str, given: Given) -> Iterator[Leaf]:
        if scope.set_operation_scopes:
            for branch, name, rows in branches(scope, column, given):
                yield from self._follow(branch, name, model, rows)
            return
        possible = partial(self._possible, scope)
        rows = rows_read(scope, given, possible)
        if rows is None:
            return
        selected = projection(scope, column)
        for reference, seen in reads(selected, rows, possible):
            yield from self._read(scope, reference, seen, model)
            yield from self._guard_tags(scope, reference, seen, model)
        for condition in self.project.lookups(scope, list(selected.find_all(exp.Column))):
            for reference, seen in reads(condition, rows, possible):
                if reference.name not in GRAIN:
                    yield from self._read(scope, reference, seen, model)
                    yield from self._guard_tags(scope, reference, seen, model)

    def _read(self, scope: Scope, reference: exp.Column, rows: RowsRead, model: str) -> Iterator[Leaf]:
        """What one column that an expression names is made of."""
        source = source_of(scope, reference.table)
        given = rows.of(reference.table)
        if isinstance(source, exp.Table):
            # A table function without a name says something of the files themselves.
            yield from [self._leaf(source, reference.name, given)] if source.name else []
        elif isinstance(source, Scope):
            yield from self._follow(source, reference.name, model, given)
        else:
            raise RuleError(f"{model}: where {reference.sql()} comes from can't be told")

    def _leaf(self, table: exp.Table, column: str, given: Given) -> Leaf:
        relation, name = leaf_of(table, column)
        has_rows = (
            relation in self.project.nodes
            and (relation, name) not in self.project.tags
            and relation not in ABOUT_SOURCES
        )
        return relation, name, given if has_rows else ALL_ROWS

    def _possible(self, scope: Scope, column: exp.Column, known: Known) -> frozenset[str] | None:
        """Values that a column of a seed can have which says what its rows read (meta ``names_inputs``)."""
        source = scope.sources.get(column.table)
        given = RowsRead(known).of(column.table)
        if isinstance(source, Scope):
            if source.set_operation_scopes:
                return None
            read = projection(source, column.name)
            rows = rows_read(source, given, partial(self._possible, source))
            if rows is None or not isinstance(read, exp.Column):
                return None
            return self._possible(source, read, rows.wanted)
        node = self.project.nodes.get(source.name, {}) if isinstance(source, exp.Table) else {}
        meta = node.get("columns", {}).get(column.name, {}).get("config", {}).get("meta", {})
        if not meta.get("names_inputs"):
            return None
        wanted = [(name, values) for name, values in given if name not in ("currency", column.name)]
        rows_left = [
            row for row in self.project.seed_rows(source.name) if all(row[name] in values for name, values in wanted)
        ]
        return frozenset(row[column.name] for row in rows_left)

    def _guard_tags(self, scope: Scope, reference: exp.Column, rows: RowsRead, model: str) -> Iterator[Leaf]:
        """Tags that decide whether a left join finds the row of a customer (判断对象): they decide the value too."""
        alias = reference.table
        joins = scope.expression.args.get("joins") or []
        source = scope.sources.get(alias)
        if any(join.side == "LEFT" and join.alias_or_name == alias for join in joins) and not self.project.is_seed(
            source
        ):
            instead = reference.parent.expressions if isinstance(reference.parent, exp.Coalesce) else []
            is_zero_if_none = [literal.name for literal in instead] == ["0"]
            for leaf in self._row_leaves(source, reference.name, rows.of(alias), model, is_zero_if_none):
                if self._decides(leaf, model):
                    yield leaf

    def _decides(self, leaf: Leaf, model: str) -> bool:
        """Whether a column that only decides which rows there are is told as an input: tags are, and a tag's policies.

        When a row of policy holds, and for which currency, is no part of it.
        """
        relation, name, _ = leaf
        is_seed = self.project.nodes.get(relation, {}).get("resource_type") == "seed"
        return leaf[:2] in self.project.tags or (
            is_seed and model in self.project.models_of_tags and name not in WHEN_IN_FORCE
        )

    def _row_leaves(
        self,
        source: exp.Table | Scope | None,
        column: str | None,
        given: Given,
        model: str,
        is_zero_if_none: bool = False,
    ) -> frozenset[Leaf]:
        """What decides which of the given rows a query has, of itself and of what it stands on.

        Where a column is asked for, only of the rows that matter to it.
        """
        if not isinstance(source, Scope):
            return frozenset()
        key = id(source), column, given, is_zero_if_none
        if key not in self._rows_followed:
            self._rows_followed[key] = frozenset(self._row_reads(source, column, given, model, is_zero_if_none))
        return self._rows_followed[key]

    def _row_reads(
        self, source: Scope, column: str | None, given: Given, model: str, is_zero_if_none: bool
    ) -> Iterator[Leaf]:
        if source.set_operation_scopes:
            for branch, name, rows in branches(source, column, given):
                yield from self._row_leaves(branch, name, rows, model, is_zero_if_none)
            return
        possible = partial(self._possible, source)
        rows = rows_read(source, given, possible)
        if rows is None:
            return
        selected = projection(source, column) if column else None
        handed_on = selected if isinstance(selected, exp.Column) else None
        for seen in counted(selected, rows, possible, is_zero_if_none) if selected else [rows]:
            for condition in conditions(source):
                yield from self._condition_leaves(source, condition, seen, model)
            for alias in kept_by(source):
                name = handed_on.name if handed_on and handed_on.table == alias else None
                yield from self._row_leaves(source.sources.get(alias), name, seen.of(alias), model, is_zero_if_none)
        if having := source.expression.args.get("having"):
            yield from self._condition_leaves(source, having.this, rows, model)

    def _condition_leaves(self, scope: Scope, condition: exp.Expression, rows: RowsRead, model: str) -> Iterator[Leaf]:
        for reference, seen in reads(condition, rows, partial(self._possible, scope)):
            if reference.name not in GRAIN:
                yield from self._read(scope, reference, seen, model)
                yield from self._guard_tags(scope, reference, seen, model)
