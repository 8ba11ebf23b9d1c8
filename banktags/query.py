"""``banktags query``: ask the warehouse one question in SQL, without installing a SQL client."""

import csv
import datetime
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import duckdb
import typer
from rich.table import Table

from banktags import clock, records, selects
from banktags.terminal import Screen, cell, pass_on, say, visible
from banktags.warehouse import business_date, memory_limit, open_read_only, work_file

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
#: Kind of the records of files that queries wrote, and the type of their date: a warehouse without a build has none.
KIND, DATED = "query_results", {"business_date": "date"}
#: What the record of an answer that is printed says for a file.
PRINTED = "(standard output)"
READABLE = "the relations of the warehouse (information_schema.tables names them)"


class Format(StrEnum):
    """How an answer is printed."""

    table = "table"
    csv = "csv"


def query(
    by: Annotated[
        str,
        typer.Option(
            help="Who takes it, for the record; default: the user of this machine.",
            default_factory=records.machine_user,
        ),
    ],
    sql: Annotated[
        str | None,
        typer.Argument(help='e.g. "select * from marts.customer_tags limit 1"; or a file of SQL, or - to read it.'),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Take the SQL from this file; - reads it.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all rows to this new CSV file instead; it goes on record."),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help=f"csv prints all rows; more than {MAX_ROWS} go on record.")
    ] = Format.table,
    as_csv: Annotated[bool, typer.Option("--csv", help="Short for --format csv.")] = False,
    reason: Annotated[
        str | None, typer.Option(help=f"What for: of --to, and of CSV with more than {MAX_ROWS} rows; goes on record.")
    ] = None,
    work: Annotated[
        bool, typer.Option("--work", help="Ask the file that dbt fills: what a build that did not pass has left.")
    ] = False,
) -> None:
    """Run one SELECT on the warehouse, read-only, and print the first rows.

    DESCRIBE, SUMMARIZE, SHOW TABLES and EXPLAIN are questions too. Nothing
    reaches a file, the network or a setting. With --to, all rows are written
    to a file, readable by its owner only, once they are on record; with --csv
    they are printed as CSV, under the same rule.
    """
    prints_csv = to is None and (as_csv or form is Format.csv)
    if to is None and not prints_csv and reason is not None:
        raise typer.BadParameter("it is for --to and --csv", param_hint="--reason")
    if to is not None and reason is None:
        raise typer.BadParameter("say what the file is for: it goes on record", param_hint="--reason")
    asked = _question(sql, file)
    with open_read_only(work_file() if work else None) as warehouse, _clear_errors(warehouse):
        minutes, date = LIMIT.minutes, business_date(warehouse)
        reads_tags = _check(warehouse, asked)
        if reads_tags:
            _tell_wrong_values(warehouse, asked)
        _confine(warehouse)
        with selects.within(warehouse, minutes), TemporaryDirectory(prefix="banktags") as own:
            cursor = warehouse.execute(asked)
            columns = [column[0] for column in cursor.description or []]
            if prints_csv:
                _print_csv(cursor, columns, Path(own) / "rows.csv", asked, by, reason, date)
            elif to:
                written = _write(cursor, columns, to, asked, by, reason, date)
            else:
                rows = cursor.fetchmany(MAX_ROWS + 1)
    if to:
        say(f"{to}: {written:,} rows. On record in {records.lists_folder() / KIND}.")
    elif not prints_csv:
        _print(columns, rows)


def _question(sql: str | None, file: Path | None) -> str:
    """The SQL that is asked: as it stands, or what a file or the standard input has.

    Raises:
        typer.BadParameter: there is none, or two, or the file can't be read as UTF-8.
    """
    if (sql is None) == (file is None):
        raise typer.BadParameter("write one SELECT, or name a file of SQL with --file (- reads it)", param_hint="SQL")
    named = str(file) if sql is None else sql
    # A SELECT has blanks; what has none and ends so is meant for a file.
    if sql is not None and named != "-" and not re.fullmatch(r"(?i)[^\s;()]+\.sql", named):
        return named
    try:
        content = sys.stdin.buffer.read() if named == "-" else Path(named).read_bytes()
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or str(error)
        if isinstance(error, UnicodeDecodeError):
            told = "it is not UTF-8"
        raise typer.BadParameter(f"{visible(named)}: {told}", param_hint="SQL") from None


@contextmanager
def _clear_errors(warehouse: duckdb.DuckDBPyConnection) -> Iterator[None]:
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
    except duckdb.BinderException as error:
        told = visible(selects.said(error)) + _nearest_tag(warehouse, error)
        raise typer.BadParameter(told, param_hint="SQL") from None
    except duckdb.Error as error:
        raise typer.BadParameter(visible(selects.said(error)), param_hint="SQL") from None


def _nearest_tag(warehouse: duckdb.DuckDBPyConnection, error: duckdb.BinderException) -> str:
    """The tag that a column which there is not was meant for, where a tag is called like it in Chinese."""
    from banktags.conditions.known import of_warehouse

    named = re.search(r'Referenced column "([^"]+)" not found', str(error))
    if not named or named[1].isascii():
        return ""
    try:
        return f"; {named[1]} is no tag: {of_warehouse(warehouse).nearest(named[1])}"
    except duckdb.Error:
        return ""  # it is no warehouse of tags


def _check(warehouse: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Let one SELECT over the warehouse's relations through; whether it reads the wide table of tags.

    Raises:
        Refused: it is another statement, or reads something else.
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
    return any(relation.name.lower() == "customer_tags" for relation in select.relations)


def _tell_wrong_values(warehouse: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Say on stderr which texts are none of the values of the tag that they are compared with: nobody has them."""
    # Not before it is needed: most questions name no tag.
    import sqlglot

    from banktags.conditions.known import of_warehouse
    from banktags.conditions.values import wrong_values

    try:
        tree = sqlglot.parse_one(_explained(sql), dialect="duckdb")
        tags = of_warehouse(warehouse)
    except (sqlglot.errors.SqlglotError, RecursionError, duckdb.Error):
        return  # DuckDB has parsed it: what sqlglot does not know is no fault of the question
    for _, value, tag, remedy in wrong_values(tree, tags):
        say(f"'{value}' is no value of {tag}: {remedy}", err=True)


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
    moment = clock.now()
    # A file that a killed command had written is then on record, or none: what is there is never replaced.
    records.settle(KIND, to.absolute().parent)
    with records.draft(to) as draft:
        rows = _write_csv(cursor, columns, draft.path)
        draft.publish(KIND, _recorded(moment, date, by, reason, sql, str(draft.file), rows, draft.digest()), DATED)
    return rows


def _print_csv(
    cursor: duckdb.DuckDBPyConnection,
    columns: list[str],
    own: Path,
    sql: str,
    by: str,
    reason: str | None,
    date: datetime.date | None,
) -> None:
    """Print all rows as CSV. What the screen would not show goes on record first, as a file of it does.

    ``own`` is where they lie until they are all there: an answer that breaks off would pass for a whole one.
    """
    moment = clock.now()
    rows = _write_csv(cursor, columns, own)
    if rows > MAX_ROWS and reason is None:
        told = f"it has {rows:,} rows, more than {MAX_ROWS}: say what they are for, it goes on record"
        raise typer.BadParameter(told, param_hint="--reason")
    if reason is not None:
        for what, text in (("--by", by), ("--reason", reason)):
            records.check_said(what, text)
        records.record(KIND, _recorded(moment, date, by, reason, sql, PRINTED, rows, records.digest(own)), DATED)
    with own.open(encoding="utf-8", newline="") as lines:
        for line in lines:
            pass_on(line)


def _write_csv(cursor: duckdb.DuckDBPyConnection, columns: list[str], file: Path) -> int:
    """Write all rows as CSV; how many there are."""
    rows = 0
    with file.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written)
        writer.writerow(columns)
        while batch := cursor.fetchmany(ROWS_AT_A_TIME):
            writer.writerows(batch)
            rows += len(batch)
    return rows


def _recorded(
    moment: datetime.datetime,
    date: datetime.date | None,
    by: str,
    reason: str | None,
    sql: str,
    file_name: str,
    rows: int,
    digest: str,
) -> dict[str, object]:
    """What the record of an answer says."""
    return {
        "query_id": records.new_id(moment, "query"),
        "queried_at": moment,
        "business_date": date,
        "queried_by": by,
        "reason": reason,
        "sql_text": sql,
        "file_name": file_name,
        "row_count": rows,
        "file_digest": digest,
    }


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
        screen.print(
            f"... more than {MAX_ROWS} rows; these are the first {MAX_ROWS} (--to FILE writes all, --csv prints all)"
        )


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
