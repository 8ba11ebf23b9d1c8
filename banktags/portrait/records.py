"""Rows of the warehouse as dictionaries."""

from typing import Any

import duckdb

Row = dict[str, Any]


def records(warehouse: duckdb.DuckDBPyConnection, sql: str, given: object = None) -> list[Row]:
    """The rows of a query, by the names of its columns."""
    cursor = warehouse.execute(sql, given)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
