"""``banktags query``: ask the warehouse one question in SQL, without installing a SQL client."""

import csv
import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.table import Table

from banktags import clock, records, selects
from banktags.terminal import Screen, cell, say, visible
from banktags.warehouse import business_date, memory_limit, open_read_only

#: Rows shown, and columns up to which a result is shown as a table; wider ones are shown one record below the other.
MAX_ROWS, MAX_TABLE_COLUMNS = 100, 12
#: Rows that are written to a file at a time.
ROWS_AT_A_TIME = 10_000
#: How long a question may take.
LIMIT = selects.Limit("BANK_TAGS_QUERY_MINUTES", 5)
#: Where more than the memory may lie while a question is answered.
SPILLED = "10GB"

#: What DuckDB tells of the warehouse's own relations and of SQL; the rest of its catalogue tells of the machine.
CATALOGUE = frozenset(
    {
        *("duckdb_columns", "duckdb_constraints", "duckdb_functions", "duckdb_indexes", "duckdb_keywords"),
        *("duckdb_schemas", "duckdb_tables", "duckdb_types", "duckdb_views"),
    }
)
ROW_MAKERS = selects.ROW_MAKERS | CATALOGUE | {"pragma_table_info", "pragma_show"}
SHOWN = frozenset({"tables", "__show_tables_expanded", "schemas"})
#: Kind of the records of files that queries wrote.
KIND = "query_results"
READABLE = "the relations of the warehouse (information_schema.tables names them)"


def query(
    sql: Annotated[str, typer.Argument(help='e.g. "select * from marts.customer_tags limit 1"')],
    by: Annotated[
        str,
        typer.Option(
            help="With --to: who takes it; default: the user of this machine.", default_factory=records.machine_user
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all rows to this new CSV file instead; it goes on record."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="With --to: what for; it goes on record.")] = None,
) -> None:
    """Run one SELECT on the warehouse, read-only, and print the first rows.

    DESCRIBE, SUMMARIZE, SHOW TABLES and EXPLAIN are questions too. Nothing
    reaches a file, the network or a setting. With --to, all rows are written
    to a file, readable by its owner only, once they are on record.
    """
    if to is None and reason is not None:
        raise typer.BadParameter("it is for --to", param_hint="--reason")
    if to is not None and reason is None:
        raise typer.BadParameter("say what the file is for: it goes on record", param_hint="--reason")
    with open_read_only() as warehouse, _clear_errors():
        minutes, date = LIMIT.minutes, business_date(warehouse)
        _check(warehouse, sql)
        _confine(warehouse)
        with selects.within(warehouse, minutes):
            cursor = warehouse.execute(sql)
            columns = [column[0] for column in cursor.description or []]
            rows = [] if to else cursor.fetchmany(MAX_ROWS + 1)
            written = _write(cursor, columns, to, sql, by, reason, date) if to else 0
    if to:
        say(f"{to}: {written:,} rows. On record in {records.lists_folder() / KIND}.")
    else:
        _print(columns, rows)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """What is wrong with the question, on one line."""
    try:
        yield
    except selects.Refused as refused:
        raise typer.BadParameter(visible(str(refused)), param_hint="SQL") from None
    except selects.TookTooLong:
        message = f"it took longer than {LIMIT.minutes:g} minutes: narrow it, or set {LIMIT.setting} to more minutes"
        raise typer.BadParameter(message, param_hint="SQL") from None
    except duckdb.OutOfMemoryException:
        message = "it takes more memory or disk than it may: narrow it, or set BANK_TAGS_MEMORY to more, as in 5GB"
        raise typer.BadParameter(message, param_hint="SQL") from None
    except duckdb.PermissionException:
        raise typer.BadParameter(f"it may read {READABLE} only", param_hint="SQL") from None
    except duckdb.Error as error:
        raise typer.BadParameter(visible(selects.said(error)), param_hint="SQL") from None


def _check(warehouse: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raises:
    Refused: it is not one SELECT over the warehouse's relations.
    """
    select = selects.parsed(_explained(sql))
    stand = warehouse.execute(
        """
        select lower(schema_name), lower(table_name) from duckdb_tables()
        union all
        select lower(schema_name), lower(view_name) from duckdb_views() where not internal
        """
    ).fetchall()
    # Without a schema, DuckDB looks in the one that is its own.
    known = {*stand, *(("", name) for schema, name in stand if schema == "main"), *(("", name) for name in CATALOGUE)}

    def is_known(relation: selects.Relation) -> bool:
        schema, name = relation.schema.lower(), relation.name.lower()
        return (schema, name) in known or schema == "information_schema"

    selects.check(select, is_known, [f"{schema}.{name}" for schema, name in stand], READABLE, ROW_MAKERS)
    for what in select.shown:
        if what not in SHOWN:
            raise selects.Refused(f"it shows {what}, and may show tables and schemas only")


def _explained(sql: str) -> str:
    """The question of an EXPLAIN, any other as it is.

    Raises:
        Refused: EXPLAIN ANALYZE or one with options: it would run what it explains.
    """
    words = duckdb.tokenize(sql)
    encoded = sql.encode()
    starts = [offset for offset, kind in words if kind != duckdb.token_type.comment]
    if not starts or not encoded[starts[0] :].lower().startswith(b"explain"):
        return sql
    rest = encoded[starts[0] + len("explain") :].decode()
    if len(starts) > 1 and encoded[starts[1] :].lower().startswith((b"analyze", b"analyse", b"(")):
        raise selects.Refused("EXPLAIN takes the SELECT alone: leave ANALYZE and options out")
    return rest


def _confine(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Leave the session what it needs to compute, and nothing outside of the warehouse. There is no way back."""
    warehouse.execute(f"set memory_limit = '{memory_limit()}'")
    warehouse.execute(f"set max_temp_directory_size = '{SPILLED}'")
    warehouse.execute("set python_enable_replacements = false")
    warehouse.execute("set enable_external_access = false")
    warehouse.execute("set lock_configuration = true")


def _write(
    cursor: duckdb.DuckDBPyConnection,
    columns: list[str],
    to: Path,
    sql: str,
    by: str,
    reason: str | None,
    date: datetime.date | None,
) -> int:
    """Write all rows as CSV, with their record or not at all; how many there are."""
    moment, rows = clock.now(), 0
    with records.draft(to) as draft:
        with draft.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            while batch := cursor.fetchmany(ROWS_AT_A_TIME):
                writer.writerows(batch)
                rows += len(batch)
        draft.publish(
            KIND,
            {
                "query_id": records.new_id(moment, "query"),
                "queried_at": moment,
                "business_date": date,
                "queried_by": by,
                "reason": reason,
                "sql_text": sql,
                "file_name": str(draft.file),
                "row_count": rows,
                "file_digest": draft.digest(),
            },
            {"business_date": "date"},
        )
    return rows


def _print(columns: list[str], rows: list[tuple]) -> None:
    screen = Screen()
    if columns == ["explain_key", "explain_value"]:
        screen.print(_plan(rows), soft_wrap=True)
    elif len(columns) <= MAX_TABLE_COLUMNS:
        screen.print(_table(columns, rows[:MAX_ROWS]))
    else:
        for row in rows[:MAX_ROWS]:
            screen.print(_record(columns, row))
    if len(rows) > MAX_ROWS:
        screen.print(f"... more than {MAX_ROWS} rows; these are the first {MAX_ROWS} (--to FILE writes all)")


def _table(columns: list[str], rows: list[tuple]) -> Table:
    table = Table()
    for column, value in zip(columns, rows[0] if rows else columns, strict=True):
        table.add_column(cell(column), justify="left" if isinstance(value, str) else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(cell, row))
    return table


def _plan(rows: list[tuple]) -> str:
    """What EXPLAIN draws, on its own lines."""
    return "\n".join(plan for _, plan in rows)


def _record(columns: list[str], row: tuple) -> Table:
    record = Table("column", "value")
    for column in record.columns:
        column.overflow = "fold"
    for column, value in zip(columns, row, strict=True):
        record.add_row(cell(column), cell(value))
    return record
