"""The digest of a rule: another one when what its values are made of is another, and only then.

A rule is hashed as one inlined query, from the tag down to the columns of the sources. An expression has the digest of
its parts, and a column that a step computes has the digest of its expression: names of CTEs, models, aliases and
columns leave no trace, nor do comments, formatting, brackets, the order of what ``and`` and ``or`` join, or into how
many CTEs and models the same query is cut. What decides which rows there are is hashed beside the values: joins and
their conditions, filters, groups, unions, limits.

Covered: everything upstream of the tag, through all intermediate, base and staging models: operators, constants,
functions, filters, joins, and which source columns and columns of seeds are read. A change there that can change a
value changes the digest.

Not covered, each for a reason:

- Rows of seeds. A threshold, a tier or a weight has its own dates of validity, source and approval, and a new number
  is no new rule.
- What the coverage models (``ABOUT_SOURCES``) are made of. They say since when each source table is delivered, and a
  new source table would otherwise ask for a new certificate of every tag.
- How Spark writes what a dispatched macro writes for DuckDB, and the conditions of an incremental run. The parity run
  and the tests of nights compare their values.
- A left join that the values do not read, and that can't multiply rows: its right side is unique by the columns of
  its condition (a group, ``distinct``, a ranking of which the first is taken, or a data test says so), or the model has
  a data test that its result is unique.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.helper import ensure_list
from sqlglot.optimizer.scope import Scope

from banktags.catalogue.scopes import RuleError, leaf_of, projection
from banktags.catalogue.sql_words import code_checksum
from banktags.catalogue.uniqueness import aggregates, aggregates_in, finds_one, makes_rows, reads_windows

if TYPE_CHECKING:
    from banktags.catalogue.project import Project

#: Begins a digest: the way of computing it has a letter, so that digests of two ways are never taken for each other.
WAY = "r"
#: Comparisons that are written one way: ``a > b`` is ``b < a``.
TURNED = {exp.GT: exp.LT, exp.GTE: exp.LTE}
ORDERED = {**TURNED, exp.LT: exp.LT, exp.LTE: exp.LTE}
#: Both sides may change places.
SYMMETRIC = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
#: What makes a query a block of its own: what is done to its rows afterwards can't be done before.
BLOCK_CLAUSES = ("group", "having", "qualify", "distinct", "limit", "offset")


def digest(*parts: object) -> str:
    """Digest of 15 hexadecimal digits of what is told in order."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:15]


@dataclass(frozen=True)
class Term:
    """Digest of an expression; of ``and`` and ``or`` also those of what they join, whatever brackets say."""

    digest: str
    joined_by: type[exp.Connector] | None = None
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rows:
    """Which rows a query has, and how often: relations joined in their order, and filters in any order.

    ``level`` counts the blocks beneath the first relation, so that columns of relations joined at different levels are
    told apart.
    """

    relations: tuple[str, ...]
    filters: frozenset[str] = frozenset()
    level: int = 0

    @cached_property
    def digest(self) -> str:
        """Digest of all of them."""
        if len(self.relations) == 1 and not self.filters:
            return self.relations[0]
        return digest("rows", *self.relations, "where", *sorted(self.filters))


@dataclass(frozen=True)
class Place:
    """A query in which names are looked up; ``is_unique`` where a data test says that no row of its result is doubled.

    ``joining`` is the relation whose own join condition is read: its columns stand for themselves there. ``outer`` is
    the query around a subquery.
    """

    scope: Scope
    is_unique: bool = False
    joining: str | None = None
    outer: "Place | None" = None


class Digests:
    """Digests of the columns of a project's models.

    Each step of each query is read once, however many tags are made of it.
    """

    def __init__(self, project: "Project") -> None:
        self.project = project
        self._values: dict[tuple[int, bool, str], Term] = {}
        self._rows: dict[tuple[int, bool], Rows] = {}
        self._light: dict[tuple[int, bool], frozenset[str]] = {}

    def rule(self, model: str, column: str) -> str:
        """Digest of the rule of one column of a model.

        Raises:
            RuleError: the SQL can't be followed.
        """
        place = self._model(model)
        return WAY + digest(self._value(place, column).digest, self._rows_of(place).digest)

    def of_code(self, model: str) -> str:
        """Digest of a rule that can't be followed: of the words of its model's SQL and of all SQL upstream."""
        return WAY + digest(code_checksum(self.project.manifest, model))

    def _model(self, model: str) -> Place:
        return Place(self.project.scope(model), is_unique=bool(self.project.unique_keys(model)))

    # Relations.

    def _source(self, place: Place, alias: str) -> Place | exp.Table | None:
        """What an alias of this query stands for: a step before it, also in another model, or what is an end."""
        source = place.scope.sources.get(alias)
        if isinstance(source, Scope):
            return Place(source, self._hands_down(place, alias), outer=place.outer)
        if isinstance(source, exp.Table) and self.project.is_followed(source.name) and source.catalog != "source":
            below = self._model(source.name)
            return replace(below, is_unique=below.is_unique or self._hands_down(place, alias))
        return source

    def _hands_down(self, place: Place, alias: str) -> bool:
        """Whether a doubled row of a relation would be a doubled row of the query's result, and so fail its test."""
        select = place.scope.expression
        first = select.args.get("from_") if isinstance(select, exp.Select) else None
        if not place.is_unique or first is None or first.alias_or_name != alias:
            return False
        where = select.args.get("where")
        return not _is_block(select) and not (where and reads_windows(place.scope, where))

    def _rows_of(self, place: Place) -> Rows:
        key = id(place.scope), place.is_unique
        if key not in self._rows:
            self._rows[key] = self._read_rows(place)
        return self._rows[key]

    def _read_rows(self, place: Place) -> Rows:
        scope, query = place.scope, place.scope.expression
        if scope.set_operation_scopes:
            parts = [self._rows_of(branch) for branch in self._branches(place)]
            is_distinct = bool(query.args.get("distinct"))
            columns = [self._value(place, name).digest for name in query.named_selects] if is_distinct else []
            united = digest(_kind(query), is_distinct, *(part.digest for part in parts), *columns)
            return Rows((united,), level=1 + max(part.level for part in parts))
        if not isinstance(query, exp.Select):
            return Rows((self._term(place, query).digest,))
        before = self._rows_before(place)
        if not _is_block(query):
            return before
        return Rows((digest("block", before.digest, *self._block(place)),), level=before.level + 1)

    def _rows_before(self, place: Place) -> Rows:
        """The rows of ``from``, joins and ``where``, before anything is grouped."""
        select = place.scope.expression
        first = select.args.get("from_")
        if first is None:
            return Rows((digest("one row"),))
        rows = self._first(place, first)
        relations = list(rows.relations)
        for join in self._heavy_joins(place):
            joined = self._relation(place, join.alias_or_name)
            condition = self._term(place, join.args["on"]).digest if join.args.get("on") else ""
            kind = "" if join.kind == "INNER" else join.kind
            relations.append(digest("join", join.side, kind, joined.digest, condition))
        filters = set(rows.filters)
        if where := select.args.get("where"):
            term = self._term(place, where.this)
            filters |= term.parts if term.joined_by is exp.And else {term.digest}
        return Rows(tuple(relations), frozenset(filters), rows.level)

    def _first(self, place: Place, first: exp.From) -> Rows:
        """The rows of ``from``."""
        rows = self._relation(place, first.alias_or_name)
        joins = place.scope.expression.args.get("joins") or []
        if rows.filters and any(join.side in ("RIGHT", "FULL") for join in joins):
            # A filter before such a join takes other rows away than one after it.
            return Rows((rows.digest,), level=rows.level + 1)
        return rows

    @staticmethod
    def _branches(place: Place) -> list[Place]:
        """Queries of a union; where it keeps all rows, none of one is doubled if none of all is."""
        keeps_all = isinstance(place.scope.expression, exp.Union) and not place.scope.expression.args.get("distinct")
        is_unique = place.is_unique and keeps_all
        return [replace(place, scope=branch, is_unique=is_unique) for branch in place.scope.set_operation_scopes]

    def _relation(self, place: Place, alias: str) -> Rows:
        source = self._source(place, alias)
        if isinstance(source, Place):
            return self._rows_of(source)
        if isinstance(source, exp.Table):
            if isinstance(source.this, exp.Identifier):
                return Rows((digest("relation", leaf_of(source, "")[0]),))
            return Rows((digest("function", self._term(place, source.this).digest),))
        raise RuleError(f"where {alias} comes from can't be told")

    def _block(self, place: Place) -> Iterator[str]:
        """What makes other rows of those before: groups, conditions on groups, duplicates, limits."""
        select = place.scope.expression
        yield from self._groups(place)
        for name in ("having", "qualify", "limit", "offset"):
            if clause := select.args.get(name):
                yield digest(name, self._term(place, clause).digest)
        distinct = select.args.get("distinct")
        if distinct:
            yield digest("distinct", *self._told(place, distinct))
        if distinct or makes_rows(select):
            yield from (self._term(place, each).digest for each in select.selects)
        if select.args.get("order") and (select.args.get("limit") or (distinct and distinct.args.get("on"))):
            yield digest("order", self._term(place, select.args["order"]).digest)

    def _groups(self, place: Place) -> list[str]:
        """What a query is grouped by, in any order; empty where it is not."""
        select = place.scope.expression
        group = select.args.get("group")
        if not group:
            return ["all rows"] if aggregates(select) else []
        keys = group.expressions
        if group.args.get("all"):
            keys = [each for each in select.selects if not any(True for _ in aggregates_in(each, select))]
        sets = {name: value for name, value in group.args.items() if value and name not in ("expressions", "all")}
        told = [digest(name, *(self._told_each(place, value))) for name, value in sorted(sets.items())]
        return [*sorted(self._term(place, key).digest for key in keys), *told]

    # Joins that only bring values.

    def _heavy_joins(self, place: Place) -> list[exp.Join]:
        """Joins that decide which rows there are."""
        light = self._light_aliases(place)
        joins = place.scope.expression.args.get("joins") or []
        return [join for join in joins if join.alias_or_name not in light]

    def _light_aliases(self, place: Place) -> frozenset[str]:
        """Relations of left joins that find one row at most: they leave the rows as they are."""
        key = id(place.scope), place.is_unique
        if key not in self._light:
            select = place.scope.expression
            joins = (select.args.get("joins") or []) if isinstance(select, exp.Select) else []
            if any(join.side in ("RIGHT", "FULL") for join in joins):
                joins = []
            # A group counts doubled rows; where nothing is grouped, they would stand in the result.
            is_unique = place.is_unique and isinstance(select, exp.Select) and not _is_block(select)
            where = select.args.get("where") if isinstance(select, exp.Select) else None
            is_unique = is_unique and not (where and reads_windows(place.scope, where))
            self._light[key] = frozenset(
                join.alias_or_name
                for join in joins
                if join.side == "LEFT" and (is_unique or finds_one(self.project, place.scope, join))
            )
        return self._light[key]

    # Values.

    def _value(self, place: Place, column: str) -> Term:
        key = id(place.scope), place.is_unique, column
        if key not in self._values:
            query = place.scope.expression
            if place.scope.set_operation_scopes:
                position = query.named_selects.index(column)
                parts = [
                    self._value(branch, branch.scope.expression.named_selects[position])
                    for branch in self._branches(place)
                ]
                self._values[key] = Term(digest(_kind(query), *(part.digest for part in parts)))
            else:
                self._values[key] = self._term(replace(place, joining=None), projection(place.scope, column))
        return self._values[key]

    def _column(self, place: Place, column: exp.Column) -> Term:
        """A column by what it is: the expression behind it, and how the query has come by the row."""
        alias, scope = column.table, place.scope
        if alias not in scope.sources:
            if place.outer is None:
                raise RuleError(f"where {column.sql()} comes from can't be told")
            return Term(digest("outer", self._column(place.outer, column).digest))
        source = self._source(place, alias)
        if isinstance(source, Place):
            value = self._value(source, column.name)
        else:
            value = Term(digest("column", self._relation(place, alias).digest, _name(source, column)))
        return self._placed(place, alias, value)

    def _placed(self, place: Place, alias: str, value: Term) -> Term:
        """A value of one relation of a query; of the first one as it is, so that a step that adds nothing is none."""
        if alias == place.joining:
            return Term(digest("own", value.digest))
        select = place.scope.expression
        if alias in self._light_aliases(place):
            (join,) = (join for join in select.args["joins"] if join.alias_or_name == alias)
            condition = self._term(replace(place, joining=alias), join.args["on"]).digest
            return Term(digest("found", value.digest, self._relation(place, alias).digest, condition))
        heavy = [join.alias_or_name for join in self._heavy_joins(place)]
        if alias not in heavy:
            return value
        first = self._first(place, select.args["from_"])
        position = len(first.relations) + heavy.index(alias)
        return Term(digest("joined", first.level, position, value.digest))

    def _term(self, place: Place, expression: exp.Expression) -> Term:
        match expression:
            case exp.Paren() | exp.Alias() | exp.Where() | exp.Having() | exp.Qualify():
                return self._term(place, expression.this)
            case exp.Column():
                return self._column(place, expression)
            case exp.And() | exp.Or():
                return self._connected(place, expression)
            case exp.Between():
                low, value, high = (self._term(place, expression.args[name]) for name in ("low", "this", "high"))
                return _joined(exp.And, [_ordered(exp.LTE, low, value), _ordered(exp.LTE, value, high)])
            case exp.Subquery() if isinstance(expression.this, exp.Query):
                return self._term(place, expression.this)
            case exp.Query():
                return self._subquery(place, expression)
            case exp.TableColumn():
                # A whole row as a value.
                row = Term(digest("row", self._relation(place, expression.name).digest))
                return self._placed(place, expression.name, row)
        kind = type(expression)
        if kind in ORDERED or kind in SYMMETRIC:
            sides = [self._term(place, side) for side in (expression.this, expression.expression)]
            return _ordered(ORDERED.get(kind, kind), *(sides if kind not in TURNED else reversed(sides)))
        if isinstance(expression, exp.In) and expression.expressions:
            listed = sorted(self._term(place, each).digest for each in expression.expressions)
            return Term(digest("In", self._term(place, expression.this).digest, *listed))
        if isinstance(expression, exp.Window):
            told = self._told_args(place, _spelled_out(expression))
            return Term(digest("Window", *told, *self._stage(place)))
        if isinstance(expression, exp.AggFunc):
            return Term(digest(*self._told(place, expression), self._rows_before(place).digest, *self._groups(place)))
        return Term(digest(*self._told(place, expression)))

    def _stage(self, place: Place) -> Iterator[str]:
        """Over which rows a window looks."""
        yield self._rows_before(place).digest
        yield from self._groups(place)
        if having := place.scope.expression.args.get("having"):
            yield self._term(place, having).digest

    def _told(self, place: Place, expression: exp.Expression) -> Iterator[str]:
        """What an expression is, and its parts, each with its name."""
        yield _kind(expression)
        yield from self._told_args(place, expression.args)

    def _told_args(self, place: Place, parts: Mapping[str, object]) -> Iterator[str]:
        for name, value in sorted(parts.items()):
            yield from (digest(name, each) for each in self._told_each(place, value))

    def _told_each(self, place: Place, value: object) -> Iterator[str]:
        for each in ensure_list(value):
            if isinstance(each, exp.Expression):
                yield self._term(place, each).digest
            elif each is not None and each is not False:
                yield str(each).lower() if isinstance(each, bool) else str(each)

    def _connected(self, place: Place, expression: exp.Connector) -> Term:
        return _joined(type(expression), [self._term(place, side) for side in (expression.left, expression.right)])

    def _subquery(self, place: Place, query: exp.Query) -> Term:
        scope = next((scope for scope in place.scope.subquery_scopes if scope.expression is query), None)
        if scope is None:
            raise RuleError(f"what {query.sql()[:200]} reads can't be told")
        inner = Place(scope, outer=replace(place, joining=None))
        values = [self._value(inner, name).digest for name in query.named_selects if name != "*"]
        return Term(digest("subquery", self._rows_of(inner).digest, *values))


def _kind(expression: exp.Expression) -> str:
    return type(expression).__name__


def _name(table: exp.Table | None, column: exp.Column) -> object:
    """Name of a column of an end; of a function, its position among the names that the query gives it."""
    alias = table.args.get("alias") if table else None
    named = [name.name for name in alias.args.get("columns") or []] if alias else []
    return named.index(column.name) if column.name in named else column.name


def _is_block(select: exp.Select) -> bool:
    return any(select.args.get(name) for name in BLOCK_CLAUSES) or aggregates(select) or makes_rows(select)


def _spelled_out(window: exp.Window) -> dict[str, object]:
    """The parts of a window, with what a named one says (``over w``) among them."""
    name, select = window.args.get("alias"), window.find_ancestor(exp.Select)
    named = {each.name: each for each in select.args.get("windows") or []} if select else {}
    if name is None or name.name not in named:
        return window.args
    said = {key: value for key, value in named[name.name].args.items() if key != "this" and value}
    return {**window.args, **said, "alias": None}


def _joined(kind: type[exp.Connector], sides: list[Term]) -> Term:
    """What ``and`` or ``or`` joins, under any brackets and in any order."""
    parts: set[str] = set()
    for side in sides:
        parts |= side.parts if side.joined_by is kind else {side.digest}
    return Term(digest(kind.__name__, *sorted(parts)), joined_by=kind, parts=frozenset(parts))


def _ordered(kind: type[exp.Expression], left: Term, right: Term) -> Term:
    """A comparison; of one whose sides may change places, in one order."""
    sides = [left.digest, right.digest]
    return Term(digest(kind.__name__, *(sorted(sides) if kind in SYMMETRIC else sides)))
