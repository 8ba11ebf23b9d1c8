"""What readers would see change: relations that come, go, or differ in their columns, rows or values."""

from pathlib import Path

import duckdb

from banktags.load.extract import literal, quoted
from banktags.publish.contents import OWN, PUBLISHED

#: Name under which the published file is attached while it is compared.
PUBLISHED_FILE = "banktags_published"
COLUMNS = """
    select columns.schema_name || '.' || columns.table_name, columns.column_name, columns.data_type
    from duckdb_columns() as columns
    where columns.database_name = $database and columns.schema_name in (select unnest($schemas))
    order by columns.schema_name, columns.table_name, columns.column_index
"""


def changes(session: duckdb.DuckDBPyConnection, work: str, published: Path | None) -> list[str]:
    """A line for each relation of the attached database ``work`` that readers of a published file would see change."""
    after = _columns(session, work)
    after.pop(".".join(OWN), None)
    if published is None:
        return [f"{name}: new" for name in after]
    session.execute(f"attach {literal(published)} as {PUBLISHED_FILE} (read_only)")
    try:
        before = _columns(session, PUBLISHED_FILE)
        before.pop(".".join(OWN), None)
        views = _views(session, work)
        lines = [f"{name}: gone" for name in before if name not in after]
        for name, columns in after.items():
            if name not in before:
                lines.append(f"{name}: new")
            elif columns != before[name]:
                lines.append(f"{name}: other columns: {_other_columns(before[name], columns)}")
            elif name not in views and (difference := _difference(session, work, name)):
                lines.append(f"{name}: {difference}")
    finally:
        session.execute(f"detach {PUBLISHED_FILE}")
    return sorted(lines)


def _columns(session: duckdb.DuckDBPyConnection, database: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    given = {"database": database, "schemas": list(PUBLISHED)}
    for relation, column, data_type in session.execute(COLUMNS, given).fetchall():
        found.setdefault(relation, {})[column] = data_type
    return found


def _views(session: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    """Views: they change with what they read."""
    sql = "select schema_name || '.' || view_name from duckdb_views() where database_name = ?"
    return {name for (name,) in session.execute(sql, [database]).fetchall()}


def _difference(session: duckdb.DuckDBPyConnection, work: str, name: str) -> str | None:
    """In what the rows of a table differ; None where they do not, in whatever order they stand."""
    relation = ".".join(quoted(part) for part in name.split("."))
    sides = []
    for database in (PUBLISHED_FILE, work):
        sql = f"select count(*), sum(hash(compared)) from {database}.{relation} as compared"
        sides.append(session.execute(sql).fetchone())
    (rows_before, hash_before), (rows_after, hash_after) = sides
    if rows_before != rows_after:
        return f"{rows_after:,} rows, before {rows_before:,}"
    return None if hash_before == hash_after else f"{rows_after:,} rows, other values"


def _other_columns(before: dict[str, str], after: dict[str, str]) -> str:
    come = [f"+{name}" for name in after if name not in before]
    gone = [f"-{name}" for name in before if name not in after]
    typed = [
        f"{name} {before[name]} → {after[name]}" for name in after if name in before and after[name] != before[name]
    ]
    return ", ".join([*come, *gone, *typed]) or "another order"
