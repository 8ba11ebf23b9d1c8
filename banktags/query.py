"""``banktags query``: ask the warehouse one question in SQL, without installing a SQL client."""

from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from banktags.warehouse import open_read_only

#: Rows shown, and columns up to which a result is shown as a table; wider ones are shown one record below the other.
MAX_ROWS, MAX_TABLE_COLUMNS = 100, 12


def query(
    sql: Annotated[str, typer.Argument(help='e.g. "select * from marts.customer_tags limit 1"')],
) -> None:
    """Run one SQL statement on the warehouse, read-only, and print the result."""
    try:
        with open_read_only() as warehouse:
            cursor = warehouse.execute(sql)
            columns = [column[0] for column in cursor.description or []]
            rows = cursor.fetchmany(MAX_ROWS + 1)
    except duckdb.Error as error:
        raise typer.BadParameter(str(error), param_hint="SQL") from error
    console = Console()
    if len(columns) <= MAX_TABLE_COLUMNS:
        console.print(_table(columns, rows[:MAX_ROWS]))
    else:
        for row in rows[:MAX_ROWS]:
            console.print(_record(columns, row))
    if len(rows) > MAX_ROWS:
        console.print(f"... more than {MAX_ROWS} rows; these are the first {MAX_ROWS}")


def _table(columns: list[str], rows: list[tuple]) -> Table:
    table = Table()
    for column, value in zip(columns, rows[0] if rows else columns, strict=True):
        table.add_column(column, justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*map(_text, row))
    return table


def _record(columns: list[str], row: tuple) -> Table:
    record = Table("column", "value")
    for column, value in zip(columns, row, strict=True):
        record.add_row(column, _text(value))
    return record


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
