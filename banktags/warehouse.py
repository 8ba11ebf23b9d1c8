"""The warehouse file ``warehouse/bank_tags.duckdb``: where it is and how it is opened for reading."""

import os
from pathlib import Path
from typing import Any

import duckdb
import typer

from banktags.contract import PROJECT_ROOT

#: A row of the warehouse by the names of its columns.
Row = dict[str, Any]


def warehouse_file() -> Path:
    """The DuckDB file that ``dbt build`` fills: ``BANK_TAGS_DB``, or ``warehouse/bank_tags.duckdb`` in the project."""
    return Path(os.environ.get("BANK_TAGS_DB", PROJECT_ROOT / "warehouse" / "bank_tags.duckdb"))


def open_read_only() -> duckdb.DuckDBPyConnection:
    """A connection that cannot change anything.

    Raises:
        typer.BadParameter: there is no warehouse, or another process holds it; says what to do.
    """
    path = warehouse_file()
    if not path.exists():
        raise typer.BadParameter(f"{path} does not exist: run make build, or set BANK_TAGS_DB", param_hint="warehouse")
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.IOException as error:
        message = f"{path} cannot be opened for reading. Is a dbt run or a SQL client using it?\n{error}"
        raise typer.BadParameter(message, param_hint="warehouse") from error


def records(warehouse: duckdb.DuckDBPyConnection, sql: str, given: object = None) -> list[Row]:
    """The rows of a query."""
    cursor = warehouse.execute(sql, given)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
