"""Which rows of a query an expression reads: ``case when kind = 'loan' then amount end`` reads amounts of loans only.

A model that turns columns into rows (a measure by kind) and back again puts all of them into one column. What is known
of the rows at each place of an expression, by column the only values that count, keeps them apart: it is followed
through joins, groups and windows, and a branch that no such row can take is not read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

#: (alias, column) of one query: the values of the rows that count. What is not named may be anything.
Known = Mapping[tuple[str, str], frozenset[str]]
#: The same of what a query gives: (column, values).
Given = frozenset[tuple[str, frozenset[str]]]
ALL_ROWS: Given = frozenset()
#: Values that a column can have at all, by what is known of its row; None where that can't be told.
Possible = Callable[[exp.Column, Known], frozenset[str] | None]
#: Aggregates of no rows that are null, as the value is of a customer without a row.
NULL_OF_NONE = (exp.Max, exp.Min, exp.Sum, exp.Avg, exp.AnyValue, exp.ArgMax, exp.ArgMin)


@dataclass(frozen=True)
class RowsRead:
    """What is known of the rows that a query reads: ``always`` by its own conditions, ``wanted`` at one place of it.

    A window sees all rows of its partition, so that for what it reads only ``always`` holds, and what the partition
    keeps apart.
    """

    wanted: Known
    always: Known = field(default_factory=dict)

    def within(self, wanted: Known) -> "RowsRead":
        """The same at a place where more is known."""
        return RowsRead(wanted, self.always)

    def of(self, alias: str) -> Given:
        """What is known of the rows of one of the relations."""
        return frozenset((column, values) for (owner, column), values in self.wanted.items() if owner == alias)


def rows_read(scope: Scope, given: Given, possible: Possible) -> RowsRead | None:
    """The rows of a query without set operations that make rows as ``given``; None where there can be none."""
    select = scope.expression
    joins = select.args.get("joins") or []
    always: Known | None = {}
    for join in joins:
        if join.args.get("on") and always is not None:
            # A left join keeps every row of its left: its condition says something of what it joins only.
            reaches = {"": scope.sources.keys(), "LEFT": {join.alias_or_name}}.get(join.side, ())
            found = narrowed(join.args["on"], {}, possible) or {}
            always = _both(always, {key: values for key, values in found.items() if key[0] in reaches})
    if (where := select.args.get("where")) and always is not None:
        always = narrowed(where.this, always, possible)
    if always is None:
        return None
    always = _joined(always, joins)
    wanted: Known | None = always
    for column, values in given if not select.args.get("limit") else ():
        projection = next((each.unalias() for each in scope.expression.selects if each.alias_or_name == column), None)
        if isinstance(projection, exp.Column):
            wanted = _both(wanted, {(projection.table, projection.name): values}) if wanted is not None else None
        elif (literal := constant(projection)) is not None and literal not in values:
            wanted = None
    return None if wanted is None else RowsRead(_joined(wanted, joins), always)


def reads(expression: exp.Expression, rows: RowsRead, possible: Possible) -> Iterator[tuple[exp.Column, RowsRead]]:
    """Columns that an expression reads, each with the rows of which it does."""
    match expression:
        case exp.Column():
            yield expression, rows
        case exp.Case():
            yield from _case_reads(expression, rows, possible)
        case exp.And():
            parts = list(expression.flatten())
            for part in parts:
                others = [other for other in parts if other is not part]
                known = narrowed(exp.and_(*others, copy=True), rows.wanted, possible)
                if known is not None:
                    yield from reads(part, rows.within(known), possible)
        case exp.Filter():
            condition = expression.expression.this
            yield from reads(condition, rows, possible)
            if (known := narrowed(condition, rows.wanted, possible)) is not None:
                yield from reads(expression.this, rows.within(known), possible)
        case exp.Window():
            keys = {(key.table, key.name) for key in expression.args.get("partition_by") or [] if _is_column(key)}
            kept = {key: values for key, values in rows.wanted.items() if key in keys}
            seen = rows.within(_both(rows.always, kept) or {})
            for child in expression.iter_expressions():
                yield from reads(child, seen, possible)
        case _:
            for child in expression.iter_expressions():
                yield from reads(child, rows, possible)


def _case_reads(case: exp.Case, rows: RowsRead, possible: Possible) -> Iterator[tuple[exp.Column, RowsRead]]:
    known: Known | None = rows.wanted
    if case.this:
        yield from reads(case.this, rows, possible)
    for branch in case.args["ifs"]:
        condition = exp.EQ(this=case.this.copy(), expression=branch.this.copy()) if case.this else branch.this
        holds = narrowed(condition, known, possible)
        if not case.this:
            yield from reads(condition, rows.within(known), possible)
        elif not isinstance(branch.this, exp.Literal):
            yield from reads(branch.this, rows.within(known), possible)
        if holds is not None:
            yield from reads(branch.args["true"], rows.within(holds), possible)
        known = _otherwise(condition, known, possible)
        if known is None:
            return
    if default := case.args.get("default"):
        yield from reads(default, rows.within(known), possible)


def narrowed(condition: exp.Expression, known: Known, possible: Possible) -> Known | None:
    """What is known of the rows where a condition holds; None where it can hold for none."""
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        result: Known | None = known
        for part in condition.flatten():
            result = narrowed(part, result, possible) if result is not None else None
        return result
    if isinstance(condition, exp.Or):
        sides = [narrowed(side, known, possible) for side in condition.flatten()]
        left = [side for side in sides if side is not None]
        return left[0] if len(left) == 1 else known if left else None
    if isinstance(condition, exp.Boolean):
        return known if condition.this else None
    column, listed = _listed(condition)
    if column is None:
        return known
    key = column.table, column.name
    before = known.get(key) or possible(column, known)
    values = listed if before is None else before & listed
    return {**known, key: values} if values else None


def _otherwise(condition: exp.Expression, known: Known, possible: Possible) -> Known | None:
    """What can be told of the rows where a condition does not hold; None where it holds for all."""
    column, listed = _listed(condition.unnest())
    if column is None:
        return known
    key = column.table, column.name
    before = known.get(key) or possible(column, known)
    if before is None:
        return known
    return {**known, key: before - listed} if before - listed else None


def _listed(condition: exp.Expression) -> tuple[exp.Column | None, frozenset[str]]:
    """Column and values of ``column = 'a'`` or ``column in ('a', 'b')``."""
    if isinstance(condition, exp.EQ):
        for column, value in ((condition.left, condition.right), (condition.right, condition.left)):
            if _is_column(column) and (literal := constant(value)) is not None:
                return column, frozenset([literal])
    if isinstance(condition, exp.In) and _is_column(condition.this) and condition.expressions:
        listed = [constant(value) for value in condition.expressions]
        if None not in listed:
            return condition.this, frozenset(listed)
    return None, frozenset()


def constant(expression: exp.Expression | None) -> str | None:
    """Text of a literal, also under a cast; None of all else."""
    while isinstance(expression, exp.Cast | exp.Paren | exp.Alias):
        expression = expression.this
    return expression.this if isinstance(expression, exp.Literal) and expression.is_string else None


def _is_column(expression: exp.Expression) -> bool:
    return isinstance(expression, exp.Column)


def _both(known: Known, more: Known) -> Known | None:
    """What holds where both do; None where they contradict each other."""
    result = dict(known)
    for key, values in more.items():
        result[key] = result[key] & values if key in result else values
        if not result[key]:
            return None
    return result


def _joined(known: Known, joins: list[exp.Join]) -> Known:
    """With what joins say: an equal column has the same values; a left join says nothing of its left side."""
    result, before = dict(known), -1
    while len(result) != before:
        before = len(result)
        for join in joins if known else ():
            on = join.args.get("on")
            if not on or join.side not in ("", "LEFT"):
                continue
            for part in on.flatten() if isinstance(on, exp.And) else [on]:
                if isinstance(part, exp.EQ) and _is_column(part.left) and _is_column(part.right):
                    for one, other in ((part.left, part.right), (part.right, part.left)):
                        key, target = (one.table, one.name), (other.table, other.name)
                        if key in result and (join.side != "LEFT" or other.table == join.alias_or_name):
                            result.setdefault(target, result[key])
    return result


def counted(projection: exp.Expression, rows: RowsRead, possible: Possible, is_zero_if_none: bool) -> list[RowsRead]:
    """Of a grouped query, the rows without which a column would be as for a customer who has no row at all."""
    aggregate = projection.unnest()
    while isinstance(aggregate, exp.Cast):
        aggregate = aggregate.this.unnest()
    if not isinstance(aggregate, (*NULL_OF_NONE, exp.Count) if is_zero_if_none else NULL_OF_NONE):
        return [rows]
    found = [seen for argument in aggregate.iter_expressions() for seen in _value_rows(argument, rows, possible)]
    return list({frozenset(seen.wanted.items()): seen for seen in found}.values())


def _value_rows(expression: exp.Expression, rows: RowsRead, possible: Possible) -> Iterator[RowsRead]:
    """Rows of which an aggregate takes a value: those of the branches of a case that give one."""
    if isinstance(expression, exp.Case) and not expression.this:
        for branch in expression.args["ifs"]:
            if not isinstance(branch.args["true"], exp.Null):
                known = narrowed(branch.this, rows.wanted, possible)
                yield from [rows.within(known)] if known is not None else []
        default = expression.args.get("default")
        yield from [rows] if default and not isinstance(default, exp.Null) else []
    else:
        yield rows


def conditions(scope: Scope) -> Iterator[exp.Expression]:
    """Conditions by which a query drops rows before it groups them."""
    select = scope.expression
    inner = [join.args["on"] for join in select.args.get("joins") or [] if not join.side and join.args.get("on")]
    yield from chain([where.this for where in [select.args.get("where")] if where], inner)


def kept_by(scope: Scope) -> list[str]:
    """Aliases of the relations without whose rows a query has none: those of from and of inner joins."""
    select = scope.expression
    inner = [join for join in select.args.get("joins") or [] if not join.side and join.kind != "CROSS"]
    return [clause.alias_or_name for clause in [select.args.get("from_"), *inner] if clause]
