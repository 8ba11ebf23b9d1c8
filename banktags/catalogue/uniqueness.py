"""What leaves the rows of a query alone: joins that find one row at most; and filters that take doubled rows away."""

from collections.abc import Iterable, Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from banktags.catalogue.project import Project
from banktags.catalogue.scopes import projection

#: Functions in a select list that make many rows of one.
ROW_MAKERS = (exp.Explode, exp.Unnest)


def finds_one(project: Project, scope: Scope, join: exp.Join) -> bool:
    """Whether at most one row of a joined relation fulfils the condition, by what is known to be unique of it."""
    alias, on = join.alias_or_name, join.args.get("on")
    pinned = {
        side.name
        for equal in (all_of(on) if on else [])
        if isinstance(equal, exp.EQ)
        for side, other in ((equal.left, equal.right), (equal.right, equal.left))
        if _is_column_of(side, alias) and not any(column.table == alias for column in other.find_all(exp.Column))
    }
    return is_unique_by(project, scope.sources.get(alias), pinned)


def is_unique_by(project: Project, source: exp.Table | Scope | None, pinned: set[str]) -> bool:
    """Whether a relation has at most one row for each combination of values of some of its columns."""
    if isinstance(source, exp.Table):
        if source.catalog == "source":
            return False
        if any(key <= pinned for key in project.unique_keys(source.name)):
            return True
        is_model = project.nodes.get(source.name, {}).get("resource_type") == "model"
        return is_model and is_unique_by(project, project.scope(source.name), pinned)
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
        return False
    select = source.expression
    if makes_rows(select):
        return False
    values = {each.alias_or_name: each.unalias() for each in select.selects}
    here = [values[name] for name in pinned if name in values]
    if select.args.get("distinct"):
        return values.keys() <= pinned
    if group := select.args.get("group"):
        others = any(value for name, value in group.args.items() if name != "expressions")
        return not others and all(key in here or not key.find(exp.Column) for key in group.expressions)
    if aggregates(select):
        return True
    first = select.args.get("from_")
    equal = [*here, *_equal_to_constants(select)]
    is_unique = (
        first is None
        or any(_is_rank(source, value, equal) for value in equal)
        or is_unique_by(
            project,
            source.sources.get(first.alias_or_name),
            {value.name for value in equal if _is_column_of(value, first.alias_or_name)},
        )
    )
    joins = select.args.get("joins") or []
    return is_unique and all(join.side in ("", "LEFT") and finds_one(project, source, join) for join in joins)


def reads_windows(scope: Scope, expression: exp.Expression) -> bool:
    """Whether an expression reads a window, here or in a step before: such a filter can take doubled rows away."""
    if expression.find(exp.Window):
        return True
    for column in expression.find_all(exp.Column):
        source = scope.sources.get(column.table)
        if isinstance(source, Scope) and isinstance(source.expression, exp.Select):
            if reads_windows(source, projection(source, column.name)):
                return True
        elif isinstance(source, Scope):
            # A union: it is not followed, and may.
            return True
    return False


def all_of(condition: exp.Expression) -> Iterable[exp.Expression]:
    """What ``and`` joins."""
    return condition.flatten() if isinstance(condition, exp.And) else [condition]


def aggregates(select: exp.Select) -> bool:
    """Whether a query makes one row of many."""
    return any(True for each in select.selects for _ in aggregates_in(each, select))


def aggregates_in(expression: exp.Expression, select: exp.Select) -> Iterator[exp.AggFunc]:
    """Aggregates of a query in an expression of its select list; those over a window are none."""
    for found in expression.find_all(exp.AggFunc):
        if found.find_ancestor(exp.Window, exp.Select) is select:
            yield found


def makes_rows(select: exp.Select) -> bool:
    """Whether a query makes many rows of one."""
    return any(each.find(*ROW_MAKERS) for each in select.selects)


def _is_column_of(value: exp.Expression, alias: str) -> bool:
    return isinstance(value, exp.Column) and value.table == alias


def _equal_to_constants(select: exp.Select) -> Iterator[exp.Expression]:
    where = select.args.get("where")
    for part in all_of(where.this) if where else []:
        if isinstance(part, exp.EQ) and not part.right.find(exp.Column):
            yield part.left


def _is_rank(scope: Scope, value: exp.Expression, equal: list[exp.Expression]) -> bool:
    """Whether a value is a row number within columns that all are told."""
    source = scope.sources.get(value.table) if isinstance(value, exp.Column) else None
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
        return False
    number = projection(source, value.name)
    if not (isinstance(number, exp.Window) and isinstance(number.this, exp.RowNumber)) or makes_rows(source.expression):
        return False
    told = [projection(source, each.name) for each in equal if _is_column_of(each, value.table)]
    return all(key in told for key in number.args.get("partition_by") or [])
