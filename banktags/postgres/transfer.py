"""Rows from DuckDB into PostgreSQL by COPY: DuckDB writes the lines of its text format, Python hands them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from banktags.load.extract import quoted
from banktags.postgres.access import Relation

if TYPE_CHECKING:
    import psycopg

#: Rows that are handed on at a time.
BATCH = 2_000
#: How the text format writes the signs that would end a column or a row.
ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def copy_rows(
    source: duckdb.DuckDBPyConnection, target: psycopg.Cursor, relation: Relation, table: str, is_new: bool
) -> int:
    """Copy all rows of a published relation into a table of the server; how many they are.

    Rows of a table that is new in this transaction are frozen: a reader whose transaction is older than the publication
    would find it empty.
    """
    names = ", ".join(quoted(column.name) for column in relation.columns)
    rows = source.execute(f"select {_line(relation)} from {quoted(relation.schema)}.{quoted(relation.name)}")
    frozen = " with (freeze)" if is_new else ""
    with target.copy(f"copy {table} ({names}) from stdin{frozen}") as copy:
        while lines := rows.fetchmany(BATCH):
            copy.write("".join(f"{line}\n" for (line,) in lines).encode())
    return target.rowcount


def has_null_in_key(source: duckdb.DuckDBPyConnection, relation: Relation) -> bool:
    """Whether a row lacks a part of the key of its relation."""
    if not relation.key:
        return False
    lacks = " or ".join(f"{quoted(name)} is null" for name in relation.key)
    found = source.execute(
        f"select 1 from {quoted(relation.schema)}.{quoted(relation.name)} where {lacks} limit 1"
    ).fetchone()
    return found is not None


def _line(relation: Relation) -> str:
    r"""SQL of DuckDB for a row as a line of the text format: columns between tabs, null as ``\N``."""
    values = []
    for column in relation.columns:
        value = quoted(column.name)
        if column.data_type == "VARCHAR":
            for sign, written in ESCAPES:
                value = f"replace({value}, {_sign(sign)}, {_sign(written)})"
        values.append(f"coalesce(cast({value} as varchar), '\\N')")
    return f"concat_ws(chr(9), {', '.join(values)})"


def _sign(text: str) -> str:
    """A text with signs that do not show, as SQL of DuckDB."""
    return f"chr({ord(text)})" if len(text) == 1 else f"'{text}'"
