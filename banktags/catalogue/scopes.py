"""Reading one compiled query: its steps, what a name stands for in each, and its text as the project writes it."""

import re
from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from banktags.catalogue.rows import Given

#: Text in quotes keeps its case (group 1); everything else does not matter to SQL.
AS_WRITTEN = re.compile(r"('(?:[^']|'')*')|[^']+")


class RuleError(Exception):
    """The SQL of a model can't be followed; the message names the model, and the column where there is one."""


def source_of(scope: Scope, alias: str) -> exp.Table | Scope | None:
    """What an alias stands for here, or in the query around this subquery."""
    current: Scope | None = scope
    while current is not None:
        if alias in current.sources:
            return current.sources[alias]
        current = current.parent
    return None


def projection(scope: Scope, column: str) -> exp.Expression:
    """The expression that gives a column of a query.

    Raises:
        RuleError: the query has no such column.
    """
    for selected in scope.expression.selects:
        if selected.alias_or_name == column:
            return selected.unalias()
    raise RuleError(f"{scope.expression.sql()[:200]} has no column {column}")


def leaf_of(table: exp.Table, column: str) -> tuple[str, str]:
    """Relation and column outside a query; a source is named source.<system>.<table>."""
    if table.catalog == "source":
        return f"source.{table.db}.{table.name}", column
    return table.name, column


def branches(scope: Scope, column: str | None, given: Given) -> Iterator[tuple[Scope, str | None, Given]]:
    """Queries of a union, each with the column and what is given under its own names."""
    names = scope.expression.named_selects
    for branch in scope.set_operation_scopes:
        own = dict(zip(names, branch.expression.named_selects, strict=True))
        rows = frozenset((own[name], values) for name, values in given if name in own)
        yield branch, own[column] if column else None, rows


def row_conditions(source: exp.Table | Scope | None) -> Iterator[tuple[Scope, exp.Expression]]:
    """What decides which rows a query has, of itself and of what it stands on."""
    if not isinstance(source, Scope) or source.set_operation_scopes:
        return
    select = source.expression
    if where := select.args.get("where"):
        yield source, where.this
    inner_joins = [join for join in select.args.get("joins") or [] if join.side != "LEFT" and join.kind != "CROSS"]
    for clause in [select.args.get("from_"), *inner_joins]:
        if clause:
            yield from row_conditions(source.sources.get(clause.alias_or_name))


def drop_idle_left_joins(scope: Scope) -> int:
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


def inlined(scope: Scope, expression: exp.Expression) -> exp.Expression:
    """The expression with the CTEs' columns replaced by what they are; a column of a union keeps the union's name."""
    result = expression.copy()
    for reference in list(result.find_all(exp.Column)):
        source = scope.sources.get(reference.table)
        if isinstance(source, Scope) and not source.set_operation_scopes:
            replacement = inlined(source, projection(source, reference.name))
            if not isinstance(replacement, exp.Column | exp.Func | exp.Literal | exp.Cast | exp.Case):
                replacement = exp.paren(replacement)
        elif isinstance(source, exp.Table):
            replacement = exp.column(reference.name, table=source.name)
        else:
            continue
        if reference is result:
            return replacement
        reference.replace(replacement)
    return result


def sql_text(expression: exp.Expression) -> str:
    """SQL as the project writes it: lower case, no name said twice, no comments."""
    tidy = expression.transform(_without_repetition)
    for table in tidy.find_all(exp.Table):
        table.set("catalog", None)
        for identifier in table.find_all(exp.Identifier):
            identifier.set("quoted", False)
    text = tidy.sql(dialect="duckdb", pretty=True, comments=False)
    return AS_WRITTEN.sub(lambda found: found[0] if found[1] else found[0].lower(), text)


def _without_repetition(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Alias) and isinstance(node.this, exp.Column) and node.alias == node.this.name:
        return node.this
    if isinstance(node, exp.Table) and node.alias == node.name:
        node.set("alias", None)
    return node
