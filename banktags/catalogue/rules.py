"""The rule of each tag as dbt executes it, taken out of the compiled SQL.

A tag is one column of a model. Of the model's compiled SQL, what that column does not need is cut away: other columns,
and left joins that give it nothing (a tag model has one row a customer, so they change no row). What stays is the tag's
rule, and it still runs. Its columns are followed through CTEs, models and seeds down to the columns of the sources.
"""

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.helper import ensure_list
from sqlglot.optimizer.eliminate_ctes import eliminate_ctes
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

from banktags.catalogue.entries import GRAIN, TAG_FOLDER, TagEntry, tag_entries
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

#: The relation by whose columns a tag says which source tables it rests on: an end, as sources and seeds are.
COVERAGE = "int_source__covered_from"
#: Relations about the sources as a whole, not about customers: what they are made of is no input of a tag.
ABOUT_SOURCES = {COVERAGE, "int_source__coverage"}
#: Columns of a policy seed that say when a row holds, and for which currency.
WHEN_IN_FORCE = {"currency", "valid_from", "valid_to"}
#: Longest expression shown in one piece, in characters; a longer one keeps the names of the steps that it is made of.
LONGEST_EXPRESSION = 1500


#: Relation and column outside a query, and what is known of the rows that are read of it.
Leaf = tuple[str, str, Given]


class RuleError(Exception):
    """The SQL of a model can't be followed; the message names the model, and the column where there is one."""


@dataclass(frozen=True, order=True)
class Input:
    """A column that a tag is made of: ``kind`` is source, seed, coverage, model or tag.

    ``name`` is system.table.column of a source, system.table of one whose coverage the tag rests on, the code of a tag,
    else relation.column.
    """

    kind: str
    name: str


@dataclass(frozen=True)
class TagRule:
    """What dbt executes for one tag.

    ``expression`` computes it, over columns of the relations that its model reads; ``sql`` is the whole query for this
    tag, with ``$as_of_date`` for the business date; ``digest`` changes when anything does that the values are made of,
    down to the sources, and not with names or comments. ``direct`` are the columns that the model reads for the value,
    ``inputs`` what those come from in the end: columns of sources and seeds. Where the SQL can't be followed,
    ``unresolved`` says why, the query of the whole model stands for the rule, and no inputs are given.
    """

    tag: TagEntry
    expression: str
    sql: str
    digest: str
    direct: tuple[Input, ...]
    inputs: tuple[Input, ...]
    unresolved: str | None = None


def tag_rules(manifest: Mapping[str, Any], as_of_date: str) -> list[TagRule]:
    """Rules of all tags of a compiled project (``dbt compile``), in the order of ``tag_entries``.

    Raises:
        RuleError: a model is not compiled, or its SQL does not parse.
    """
    project = Project(manifest, as_of_date)
    return [project.rule(entry) for entry in tag_entries(manifest)]


class Project:
    """Compiled models, seeds and sources of a manifest, with the rule of any of their columns."""

    def __init__(self, manifest: Mapping[str, Any], as_of_date: str) -> None:
        self.manifest = manifest
        self.as_of_date = as_of_date
        self.tags = {(entry.model, entry.code) for entry in tag_entries(manifest)}
        self.data_types = {entry.code: entry.data_type for entry in tag_entries(manifest)}
        self.nodes = {
            node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")
        }
        self.models_of_tags = {model for model, _ in self.tags}
        self.tag_views = {
            name
            for name, node in self.nodes.items()
            if node.get("fqn", ["", ""])[1] == TAG_FOLDER
            and name not in self.models_of_tags
            and {name.split(".")[-1] for name in node.get("depends_on", {}).get("nodes", ())} <= self.models_of_tags
        }
        self.sources = {
            source["relation_name"]: f"source.{source['source_name']}.{source['name']}"
            for source in manifest["sources"].values()
        }
        self._rows_followed: dict[tuple[int, str | None, Given, bool], frozenset[Leaf]] = {}
        self._followed: dict[tuple[int, str, Given], frozenset[Leaf]] = {}
        self.source_columns = {
            f"{source['source_name']}.{source['name']}": [*source["columns"], "dt"]
            for source in manifest["sources"].values()
        }

    def policies(self, entry: TagEntry) -> frozenset[Leaf]:
        """Columns of seeds that decide a tag by its own rule, with their rows; the tags that it reads have theirs.

        Raises:
            RuleError: see ``tag_rules``.
        """
        found, seen, waiting = set(), set(), [*self._leaves(entry.model, entry.code)]
        while waiting:
            leaf = relation, column, rows = waiting.pop()
            if leaf in seen or leaf[:2] in self.tags or relation in ABOUT_SOURCES or relation.startswith("source."):
                continue
            seen.add(leaf)
            if self.nodes[relation]["resource_type"] == "seed":
                found.add(leaf)
            elif relation in self.tag_views:
                continue
            else:
                waiting += self._leaves(relation, column, rows)
        return frozenset(found)

    @cached_property
    def never_null(self) -> set[str]:
        """Codes of the tags that a data test keeps from being null."""
        tests = [node for node in self.manifest["nodes"].values() if node["resource_type"] == "test"]
        return {
            column
            for test in tests
            if (generic := test.get("test_metadata") or {}).get("name") == "column_rules"
            for column in generic["kwargs"].get("never_null", ())
            if ((test.get("attached_node") or "").split(".")[-1], column) in self.tags
        }

    def rule(self, entry: TagEntry) -> TagRule:
        """Rule of one tag.

        Raises:
            RuleError: see ``tag_rules``.
        """
        whole = self._query(entry.model)
        try:
            return self._resolved(entry)
        except (RuleError, SqlglotError) as error:
            text = sql_text(whole)
            return TagRule(entry, entry.code, text, _hash(text), (), (), unresolved=str(error))

    def _resolved(self, entry: TagEntry) -> TagRule:
        with_keys = self._slice(entry.model, (*GRAIN, entry.code))
        return TagRule(
            tag=entry,
            expression=self._expression(entry.model, entry.code),
            sql=sql_text(with_keys),
            digest=self._digest(entry.model, entry.code),
            direct=tuple(sorted({self._named(leaf) for leaf in self._direct(entry.model, entry.code)})),
            inputs=tuple(
                sorted(
                    {
                        self._named(leaf[:2])
                        for leaf in self._origins(entry.model, entry.code)
                        if leaf[0] not in ABOUT_SOURCES - {COVERAGE}
                    }
                )
            ),
        )

    def _named(self, leaf: tuple[str, str]) -> Input:
        relation, column = leaf
        if relation.startswith("source."):
            return Input("source", f"{relation.removeprefix('source.')}.{column}")
        if leaf in self.tags:
            return Input("tag", column)
        if relation == COVERAGE:
            return Input("coverage", column.replace("__", "."))
        return Input(self.nodes[relation]["resource_type"], f"{relation}.{column}")

    # The compiled SQL of a model, with every column naming its table.

    @cache  # noqa: B019  one Project a run
    def _query(self, model: str) -> exp.Query:
        node = self.nodes[model]
        sql = node.get("compiled_code")
        if not sql:
            raise RuleError(f"{model} is not compiled: run dbt compile")
        for relation, name in self.sources.items():
            system, table = name.split(".")[1:]
            sql = sql.replace(relation, f'"source"."{system}"."{table}"')
        try:
            query = sqlglot.parse_one(sql, dialect="duckdb").transform(self._business_date)
            return qualify(
                query,
                dialect="duckdb",
                schema=self._schema(model),
                quote_identifiers=False,
                identify=False,
                # Row functions of staging take a table as a value, which is no column.
                validate_qualify_columns=False,
            )
        except SqlglotError as error:
            raise RuleError(f"{model}: {error}") from error

    def _business_date(self, node: exp.Expression) -> exp.Expression:
        """The business date of the compilation, ``cast('2026-06-30' as date)``, becomes ``$as_of_date``."""
        if isinstance(node, exp.Cast) and node.this.name == self.as_of_date and node.to.is_type("date"):
            return exp.Placeholder(this="as_of_date")
        return node

    def _schema(self, model: str) -> dict:
        schema: dict = {}
        for upstream in self._upstream(model):
            if upstream.startswith("source."):
                _, system, table = upstream.split(".")
                catalog, database, name = "source", system, table
                columns = self.source_columns[f"{system}.{table}"]
            else:
                node = self.nodes[upstream]
                catalog, database, name = node["database"], node["schema"], upstream
                columns = self._columns(upstream)
            tables = schema.setdefault(catalog, {}).setdefault(database, {})
            tables[name] = dict.fromkeys(columns, "unknown")
        return schema

    def _upstream(self, model: str) -> Iterator[str]:
        for unique_id in self.nodes[model]["depends_on"]["nodes"]:
            kind, _, *name = unique_id.split(".")
            if kind == "source":
                yield ".".join(("source", *name))
            elif name[-1] in self.nodes:
                yield name[-1]

    @cache  # noqa: B019
    def _columns(self, name: str) -> list[str]:
        """Column names of a model as its SQL gives them, or of a seed as its properties or its file do."""
        node = self.nodes[name]
        if node["resource_type"] == "seed":
            return list(node["config"].get("column_types", {})) or list(node["columns"])
        return self._query(name).named_selects

    # The part of a model's SQL that some of its columns need.

    def _slice(self, model: str, columns: tuple[str, ...]) -> exp.Query:
        query = self._query(model).copy()
        if isinstance(query, exp.Select):
            kept = [projection for projection in query.selects if projection.alias_or_name in columns]
            if len(kept) < len(columns):
                raise RuleError(f"{model} has no column {', '.join(sorted(set(columns) - set(query.named_selects)))}")
            query.set("expressions", kept)
        while True:
            query = eliminate_ctes(pushdown_projections(query))
            if not sum(_drop_idle_left_joins(scope) for scope in traverse_scope(query)):
                return query

    @cache  # noqa: B019
    def _root(self, model: str, *columns: str) -> Scope:
        """Scope of the part that some columns need."""
        return build_scope(self._slice(model, columns))

    # What a column is made of.

    @cache  # noqa: B019
    def _leaves(self, model: str, column: str, given: Given = ALL_ROWS) -> frozenset[Leaf]:
        """What the value is made of outside the model: relation, column, and of which rows."""
        there = self._columns(model)
        given = frozenset((name, values) for name, values in given if name in there and name != column)
        return self._follow(self._root(model, column, *sorted(name for name, _ in given)), column, model, given)

    def _direct(self, model: str, column: str) -> Iterator[tuple[str, str]]:
        """What the model reads for the value; a view that only puts tags side by side is looked through."""
        for relation, name, _ in self._leaves(model, column):
            if relation in self.tag_views:
                yield from (leaf[:2] for leaf in self._leaves(relation, name))
            else:
                yield relation, name

    @cache  # noqa: B019
    def _origins(self, model: str, column: str, given: Given = ALL_ROWS) -> frozenset[Leaf]:
        """The same, followed through the models upstream down to sources and seeds."""
        origins: set[Leaf] = set()
        for leaf in self._leaves(model, column, given):
            relation, name, rows = leaf
            is_end = (
                relation in ABOUT_SOURCES
                or relation.startswith("source.")
                or self.nodes[relation]["resource_type"] == "seed"
            )
            origins.update({leaf} if is_end else self._origins(relation, name, rows))
        return frozenset(origins)

    def _follow(self, scope: Scope, column: str, model: str, given: Given = ALL_ROWS) -> frozenset[Leaf]:
        """Columns outside the query that the value of ``column`` is made of, in the rows that are ``given``."""
        key = id(scope), column, given
        if key not in self._followed:
            self._followed[key] = frozenset(self._reads(scope, column, model, given))
        return self._followed[key]

    def _reads(self, scope: Scope, column: str, model: str, given: Given) -> Iterator[Leaf]:
        if scope.set_operation_scopes:
            for branch, name, rows in _branches(scope, column, given):
                yield from self._follow(branch, name, model, rows)
            return
        possible = partial(self._possible, scope)
        rows = rows_read(scope, given, possible)
        if rows is None:
            return
        projection = _projection(scope, column)
        for reference, seen in reads(projection, rows, possible):
            yield from self._read(scope, reference, seen, model)
            yield from self._guard_tags(scope, reference, seen, model)
        for condition in self._lookups(scope, list(projection.find_all(exp.Column))):
            for reference, seen in reads(condition, rows, possible):
                if reference.name not in GRAIN:
                    yield from self._read(scope, reference, seen, model)
                    yield from self._guard_tags(scope, reference, seen, model)

    def _read(self, scope: Scope, reference: exp.Column, rows: RowsRead, model: str) -> Iterator[Leaf]:
        """What one column that an expression names is made of."""
        source = _source(scope, reference.table)
        given = rows.of(reference.table)
        if isinstance(source, exp.Table):
            # A table function without a name says something of the files themselves.
            yield from [self._leaf(source, reference.name, given)] if source.name else []
        elif isinstance(source, Scope):
            yield from self._follow(source, reference.name, model, given)
        else:
            raise RuleError(f"{model}: where {reference.sql()} comes from can't be told")

    def _leaf(self, table: exp.Table, column: str, given: Given) -> Leaf:
        relation, name = _leaf(table, column)
        has_rows = relation in self.nodes and (relation, name) not in self.tags and relation not in ABOUT_SOURCES
        return relation, name, given if has_rows else ALL_ROWS

    def _possible(self, scope: Scope, column: exp.Column, known: Known) -> frozenset[str] | None:
        """Values that a column of a seed can have which says what its rows read (meta ``names_inputs``)."""
        source = scope.sources.get(column.table)
        given = RowsRead(known).of(column.table)
        if isinstance(source, Scope):
            if source.set_operation_scopes:
                return None
            read = _projection(source, column.name)
            rows = rows_read(source, given, partial(self._possible, source))
            if rows is None or not isinstance(read, exp.Column):
                return None
            return self._possible(source, read, rows.wanted)
        node = self.nodes.get(source.name, {}) if isinstance(source, exp.Table) else {}
        meta = node.get("columns", {}).get(column.name, {}).get("config", {}).get("meta", {})
        if not meta.get("names_inputs"):
            return None
        wanted = [(name, values) for name, values in given if name not in ("currency", column.name)]
        rows_left = [row for row in self.seed_rows(source.name) if all(row[name] in values for name, values in wanted)]
        return frozenset(row[column.name] for row in rows_left)

    @cache  # noqa: B019
    def seed_rows(self, seed: str) -> list[dict[str, str]]:
        """Rows of a seed's file, of all versions."""
        node = self.nodes[seed]
        with (Path(node["root_path"]) / node["original_file_path"]).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def guard(self, scope: Scope, alias: str) -> list[tuple[Scope, exp.Expression]]:
        """Conditions, with their scopes, on which a left join finds a row of the customer; without one all is null."""
        joins = scope.expression.args.get("joins") or []
        is_left_joined = any(join.side == "LEFT" and join.alias_or_name == alias for join in joins)
        source = scope.sources.get(alias)
        return list(_row_conditions(source)) if is_left_joined and not self._is_seed(source) else []

    def _guard_tags(self, scope: Scope, reference: exp.Column, rows: RowsRead, model: str) -> Iterator[Leaf]:
        """Tags that decide whether a left join finds the row of a customer (判断对象): they decide the value too."""
        alias = reference.table
        joins = scope.expression.args.get("joins") or []
        source = scope.sources.get(alias)
        if any(join.side == "LEFT" and join.alias_or_name == alias for join in joins) and not self._is_seed(source):
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
        is_seed = self.nodes.get(relation, {}).get("resource_type") == "seed"
        return leaf[:2] in self.tags or (is_seed and model in self.models_of_tags and name not in WHEN_IN_FORCE)

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
            for branch, name, rows in _branches(source, column, given):
                yield from self._row_leaves(branch, name, rows, model, is_zero_if_none)
            return
        possible = partial(self._possible, source)
        rows = rows_read(source, given, possible)
        if rows is None:
            return
        projection = _projection(source, column) if column else None
        handed_on = projection if isinstance(projection, exp.Column) else None
        for seen in counted(projection, rows, possible, is_zero_if_none) if projection else [rows]:
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

    def _lookups(self, scope: Scope, references: list[exp.Column]) -> list[exp.Expression]:
        """Conditions by which a value is looked up in a seed or a band: they decide it as the branches of a case do."""
        read = {reference.table for reference in references}
        joins = [join for join in scope.expression.args.get("joins") or [] if join.args.get("on")]
        found: list[exp.Expression] = []
        # From the last join to the first, for one lookup may need what another has found.
        for join in reversed(joins):
            condition = join.args["on"]
            is_band = condition.find(exp.LT, exp.LTE, exp.GT, exp.GTE)
            if join.alias_or_name in read and (is_band or self._is_seed(scope.sources.get(join.alias_or_name))):
                found.append(condition)
                read.update(column.table for column in condition.find_all(exp.Column))
        return found

    def _is_seed(self, source: exp.Table | Scope | None) -> bool:
        """Whether a relation is a seed, or is made of seeds alone."""
        if isinstance(source, exp.Table):
            return self.nodes.get(source.name, {}).get("resource_type") == "seed"
        if not isinstance(source, Scope):
            return False
        read = [inner for _, inner in source.selected_sources.values()] + source.set_operation_scopes
        return all(self._is_seed(inner) for inner in read)

    def _expression(self, model: str, column: str) -> str:
        """The expression over what the model reads; steps that would make it too long keep their names."""
        scope = self._root(model, column)
        # The last step of most models hands its columns on as they are.
        while isinstance(step := _projection(scope, column), exp.Column) and isinstance(
            below := scope.sources.get(step.table), Scope
        ):
            if below.set_operation_scopes:
                break
            scope, column = below, step.name
        parts = [_projection(scope, column)]
        parts += self._lookups(scope, list(parts[0].find_all(exp.Column)))
        texts = []
        for part in parts:
            inlined = _inlined(scope, part)
            fits = len(inlined.sql(dialect="duckdb", comments=False)) <= LONGEST_EXPRESSION
            texts.append(sql_text(inlined if fits else part))
        expression, *conditions = texts
        return expression + ("\nwhere " + " and ".join(conditions) if conditions else "")

    @cache  # noqa: B019
    def _digest(self, model: str, column: str) -> str:
        """Hash of what the value is made of: the digests of what it reads stand in place of the names."""
        return _Digests(self).of(self._root(model, column), column)


def _source(scope: Scope, alias: str) -> exp.Table | Scope | None:
    """What an alias stands for here, or in the query around this subquery."""
    current: Scope | None = scope
    while current is not None:
        if alias in current.sources:
            return current.sources[alias]
        current = current.parent
    return None


def _row_conditions(source: exp.Table | Scope | None) -> Iterator[tuple[Scope, exp.Expression]]:
    """What decides which rows a query has, of itself and of what it stands on."""
    if not isinstance(source, Scope) or source.set_operation_scopes:
        return
    select = source.expression
    if where := select.args.get("where"):
        yield source, where.this
    inner_joins = [join for join in select.args.get("joins") or [] if join.side != "LEFT" and join.kind != "CROSS"]
    for clause in [select.args.get("from_"), *inner_joins]:
        if clause:
            yield from _row_conditions(source.sources.get(clause.alias_or_name))


def _branches(scope: Scope, column: str | None, given: Given) -> Iterator[tuple[Scope, str | None, Given]]:
    """Queries of a union, each with the column and what is given under its own names."""
    names = scope.expression.named_selects
    for branch in scope.set_operation_scopes:
        own = dict(zip(names, branch.expression.named_selects, strict=True))
        rows = frozenset((own[name], values) for name, values in given if name in own)
        yield branch, own[column] if column else None, rows


def _projection(scope: Scope, column: str) -> exp.Expression:
    for projection in scope.expression.selects:
        if projection.alias_or_name == column:
            return projection.unalias()
    raise RuleError(f"{scope.expression.sql()[:200]} has no column {column}")


def _leaf(table: exp.Table, column: str) -> tuple[str, str]:
    if table.catalog == "source":
        return f"source.{table.db}.{table.name}", column
    return table.name, column


def _drop_idle_left_joins(scope: Scope) -> int:
    """Remove left joins whose columns nothing but their own condition reads; how many went."""
    joins = scope.expression.args.get("joins") or []
    readers: dict[str, set[int]] = {}
    for column in scope.columns if joins else ():
        join = column.find_ancestor(exp.Join, exp.Select)
        readers.setdefault(column.table, set()).add(id(join))
    idle = [join for join in joins if join.side == "LEFT" and readers.get(join.alias_or_name, set()) <= {id(join)}]
    for join in idle:
        join.pop()
    return len(idle)


def _inlined(scope: Scope, expression: exp.Expression) -> exp.Expression:
    """The expression with the CTEs' columns replaced by what they are; a column of a union keeps the union's name."""
    inlined = expression.copy()
    for reference in list(inlined.find_all(exp.Column)):
        source = scope.sources.get(reference.table)
        if isinstance(source, Scope) and not source.set_operation_scopes:
            replacement = _inlined(source, _projection(source, reference.name))
            if not isinstance(replacement, exp.Column | exp.Func | exp.Literal | exp.Cast | exp.Case):
                replacement = exp.paren(replacement)
        elif isinstance(source, exp.Table):
            replacement = exp.column(reference.name, table=source.name)
        else:
            continue
        if reference is inlined:
            return replacement
        reference.replace(replacement)
    return inlined


def sql_text(expression: exp.Expression) -> str:
    """SQL as the project writes it: lower case, no name said twice."""
    tidy = expression.transform(_without_repetition)
    for table in tidy.find_all(exp.Table):
        table.set("catalog", None)
        for identifier in table.find_all(exp.Identifier):
            identifier.set("quoted", False)
    text = tidy.sql(dialect="duckdb", pretty=True)
    return AS_WRITTEN.sub(lambda found: found[0] if found[1] else found[0].lower(), text)


def _without_repetition(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Alias) and isinstance(node.this, exp.Column) and node.alias == node.this.name:
        return node.this
    if isinstance(node, exp.Table) and node.alias == node.name:
        node.set("alias", None)
    return node


class _Digests:
    """Digests of the columns and row sets of one query; names of CTEs, aliases and columns do not count."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.known: dict[tuple[int, str | None], str] = {}

    def of(self, scope: Scope, column: str) -> str:
        key = (id(scope), column)
        if key not in self.known:
            if scope.set_operation_scopes:
                position = scope.expression.named_selects.index(column)
                parts = [
                    self.of(branch, branch.expression.named_selects[position]) for branch in scope.set_operation_scopes
                ]
                self.known[key] = _hash(f"{_operation(scope)} {parts}")
            else:
                projection = _projection(scope, column)
                text = self._text(scope, projection)
                # A step that hands a column on as it is adds nothing.
                hands_on = isinstance(projection, exp.Column) and not self._row_parts(scope)
                self.known[key] = text if hands_on else _hash(f"{text} of {self.rows(scope)}")
        return self.known[key]

    def rows(self, scope: Scope) -> str:
        """Digest of which rows a query has, and how often."""
        key = (id(scope), None)
        if key not in self.known:
            if scope.set_operation_scopes:
                parts = [self.rows(branch) for branch in scope.set_operation_scopes]
                self.known[key] = _hash(f"{_operation(scope)} {parts}")
            else:
                read = [self._relation(scope, clause) for clause in [scope.expression.args.get("from_")] if clause]
                parts = self._row_parts(scope)
                self.known[key] = _hash(" ; ".join([*read, *parts])) if parts or not read else read[0]
        return self.known[key]

    def _row_parts(self, scope: Scope) -> list[str]:
        """Clauses and joins that change which rows a query has."""
        select = scope.expression
        clauses = [clause for name in ROW_CLAUSES for clause in ensure_list(select.args.get(name)) if clause]
        joins = [
            f"{join.side} {join.kind} {self._relation(scope, join)} "
            + (self._text(scope, join.args["on"]) if join.args.get("on") else "")
            for join in select.args.get("joins") or []
        ]
        return [self._text(scope, clause) for clause in clauses] + joins

    def _relation(self, scope: Scope, clause: exp.Expression) -> str:
        source = scope.sources.get(clause.alias_or_name)
        if isinstance(source, Scope):
            return self.rows(source)
        return source.name if isinstance(source, exp.Table) else clause.sql(comments=False)

    def _text(self, scope: Scope, expression: exp.Expression) -> str:
        copied = expression.copy()
        for reference in list(copied.find_all(exp.Column)):
            source = _source(scope, reference.table)
            if isinstance(source, Scope):
                name = self.of(source, reference.name)
            elif isinstance(source, exp.Table):
                name = self._outside(*_leaf(source, reference.name))
            else:
                name = reference.name
            replacement = exp.to_identifier(name)
            if reference is copied:
                copied = replacement
            else:
                reference.replace(replacement)
        return copied.sql(dialect="duckdb", comments=False)

    def _outside(self, relation: str, column: str) -> str:
        nodes = self.project.nodes
        if relation not in ABOUT_SOURCES and relation in nodes and nodes[relation]["resource_type"] == "model":
            return self.project._digest(relation, column)
        return _hash(f"{relation}.{column}")


def _operation(scope: Scope) -> str:
    return f"{type(scope.expression).__name__} {scope.expression.args.get('distinct')}"


#: Text in quotes and comments keep their case (group 1); everything between them does not matter to SQL.
AS_WRITTEN = re.compile(r"('(?:[^']|'')*'|/\*.*?\*/)|[^'/]+|/", re.DOTALL)
#: Clauses that decide which rows a query has. Joins and from are handled by name of what they read.
ROW_CLAUSES = ("where", "group", "having", "qualify", "distinct", "limit", "windows")


def _hash(text: str) -> str:
    """A digest that is an SQL name, so that it can stand in an expression."""
    return "d" + hashlib.sha256(text.encode()).hexdigest()[:15]
