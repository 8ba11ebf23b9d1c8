"""Rows of a delivery judged against the contract, as SQL: a select per file that types each column and marks bad rows.

Every value is read through its text form, so CSV and Parquet are judged alike; a Parquet column that already has the
contract's type is taken as it is. Nothing is rounded, cut or guessed: what does not fit exactly is a bad row.
"""

import datetime
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from banktags.contract import KNOWN_AT, PARTITION, Column, Table
from banktags.load.delivery import Extract, literal, quoted
from banktags.load.problems import Problem, nearest

#: DuckDB types (without parameters) that may be delivered for a contract type.
CONVERTIBLE = {
    "string": {
        "VARCHAR",
        "ENUM",
        "UUID",
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
    },
    "date": {"VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"},
    "timestamp": {"VARCHAR", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"},
    "boolean": {"VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT"},
}
NUMBERS = (CONVERTIBLE["string"] - {"ENUM", "UUID"}) | {"DECIMAL", "FLOAT", "DOUBLE"}
NATIVE = {
    "string": {"VARCHAR"},
    "date": {"DATE"},
    "timestamp": {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"},
    "boolean": {"BOOLEAN"},
    "int": {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"},
    "bigint": {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"},
}
#: Content hash of no rows, as ``content_hash`` gives it.
EMPTY_HASH = hashlib.sha256(b"0").hexdigest()


#: Reason of a row on which an expression of the mapping fails.
EXPRESSION_FAILS = "its expression fails"
#: Reason of a row without a value that every row has.
REQUIRED = "required but empty"


@dataclass(frozen=True)
class Check:
    """One way in which a row can be bad."""

    column: str
    reason: str
    remedy: str


def column_problems(extract: Extract, table: Table, dated: bool) -> Iterator[Problem]:
    """Missing, extra and inconvertible columns. ``dated``: the business date comes from folder or command line."""
    given = {KNOWN_AT} | ({PARTITION} if dated else set())
    missing = [name for name in table.column_names if name not in extract.columns and name not in given]
    extra = [name for name in extract.columns if name not in table.column_names]
    expected = f"{table.qualified_name} has: {', '.join(table.column_names)}"
    for name in missing:
        if name == PARTITION:
            yield Problem(
                extract.name,
                f"no business date: neither a column {PARTITION} nor a folder {PARTITION}=YYYY-MM-DD",
                "pass it: --date YYYY-MM-DD",
            )
        else:
            yield Problem(
                extract.name,
                f"missing column {name}{nearest(name, extra)}",
                f"deliver it, empty where unknown; {expected}",
                column=name,
            )
    for name in extra:
        yield Problem(
            extract.name,
            f"extra column {name}{nearest(name, table.column_names)}",
            f"remove or rename it; {expected}",
            column=name,
        )
    for column in table.columns:
        delivered = extract.columns.get(column.name)
        if delivered and _base(delivered) not in _convertible(column.data_type):
            yield Problem(
                extract.name,
                f"Parquet type {delivered} cannot become {column.data_type}",
                f"export it as {column.data_type}, or as text in the contract's form",
                column=column.name,
            )


def row_checks(table: Table) -> list[Check]:
    """All checks of a table's rows, in the order in which they are made; a row has the first that it fails."""
    return [check for column in table.columns for check, _ in _column_checks(column, None, None)] + [
        check for check, _ in _date_checks(table, "", None)
    ]


def checked_rows(
    extract: Extract,
    index: int,
    table: Table,
    date: datetime.date | None,
    loaded_at: datetime.datetime,
    failed: str | None = None,
) -> str:
    """SELECT of a file's rows: the contract's columns typed, and beside them

    - ``_file`` (``index``) and ``_row`` (from 0), where the row stands,
    - ``_check``, the number in ``row_checks`` of what it fails, or null,
    - ``_masked``, the row as JSON, values of sensitivity C2 and C3 as shapes,
    - ``_key``, the primary key as it was delivered,
    - ``_failed``, JSON of the shapes that a mapping's expressions failed on, by column; null otherwise.

    ``date`` and ``loaded_at`` stand in where the file has no such column and its folder no date; ``failed`` is the
    column that holds ``_failed``, in an extract that has it.
    """
    constants = {PARTITION: f"date {literal(extract.dt or date)}", KNOWN_AT: f"timestamp {literal(loaded_at)}"}
    typed, conditions, masked = {}, [], []
    for column in table.columns:
        delivered = extract.columns.get(column.name)
        typed[column.name] = _typed(column, delivered) if delivered else constants[column.name]
        conditions += [condition for _, condition in _column_checks(column, delivered, failed)]
        if delivered:
            masked.append(f"{literal(column.name)}: {_masked(column)}")
    conditions += [condition for _, condition in _date_checks(table, typed[PARTITION], extract.dt)]
    key = ", ' ', ".join(
        f"coalesce({_text(column)}, '?')" for column in table.columns if column.name in table.primary_key
    )
    cases = " ".join(f"when {condition} then {number}" for number, condition in enumerate(conditions) if condition)
    return f"""
        select
            {index} as _file,
            file_row_number as _row,
            {", ".join(f"{expression} as {name}" for name, expression in typed.items())},
            case {cases} end as _check,
            to_json({{{", ".join(masked)}}}) as _masked,
            concat({key}) as _key,
            {failed or "cast(null as json)"} as _failed
        from read_parquet({literal(extract.parquet)}, file_row_number = true, hive_partitioning = false)"""


def row_hash(table: Table) -> str:
    """SHA-256 (hex) over a row's content: its columns in contract order, without dt and loaded_at."""
    parts = []
    for name in content_columns(table):
        text = f"cast({name} as varchar)"
        parts.append(f"coalesce(length({text}) || ':' || {text}, '-')")
    return f"sha256(concat_ws(',', {', '.join(parts)}))"


def content_hash(row_hash_column: str) -> str:
    """Aggregate SHA-256 over rows in any order.

    It is the hash of their number and of the sums of their hashes' four 64-bit parts; rows without a hash do not count.
    It finds every accidental change, but is no seal against a forger.
    """
    sums = ", ".join(
        f"sum(cast('0x' || substr({row_hash_column}, {1 + 16 * part}, 16) as ubigint))" for part in range(4)
    )
    return f"sha256(concat_ws(',', count({row_hash_column}), {sums}))"


def content_columns(table: Table) -> list[str]:
    """Columns that are content: all but when the row was known (loaded_at) and for which date it was delivered (dt)."""
    return [name for name in table.column_names if name not in (KNOWN_AT, PARTITION)]


def _text(column: Column) -> str:
    return f"nullif(cast({quoted(column.name)} as varchar), '')"


def shape(text: str) -> str:
    """SQL of a text's shape: 9 for a digit, a for a letter, 中 for another script."""
    ascii_only = f"regexp_replace(regexp_replace({text}, '[0-9]', '9', 'g'), '[A-Za-z]', 'a', 'g')"
    return f"regexp_replace({ascii_only}, '[^\\x00-\\x7F]', '中', 'g')"


def _masked(column: Column) -> str:
    """The value as text; of a sensitive column its shape only."""
    if column.sensitivity == "C1":
        return _text(column)
    return shape(_text(column))


def _typed(column: Column, delivered: str) -> str:
    if column.data_type != "string" and _is_native(column, delivered):
        return f"cast({quoted(column.name)} as {column.data_type})"
    text = f"lower({_text(column)})" if column.data_type == "boolean" else _text(column)
    return f"try_cast({text} as {column.data_type})"


def _column_checks(column: Column, delivered: str | None, failed: str | None) -> list[tuple[Check, str | None]]:
    """Checks of one column with the SQL that is true for a bad row; no SQL where the delivered type cannot fail."""
    text = _text(column)
    remedy = "mend the value at the source, or let the SELECT say what it means"
    fails = f"json_extract_string({failed}, '$.{column.name}') is not null" if failed else None
    checks = [(Check(column.name, EXPRESSION_FAILS, remedy), fails)]
    if not column.nullable:
        remedy = "a row needs it: fill it at the source"
        checks.append((Check(column.name, REQUIRED, remedy), f"{text} is null" if delivered else None))
    for reason, remedy, fits in _type_rules(column.data_type, text):
        bad = f"({text} is not null and not coalesce({fits}, false))"
        checks.append(
            (Check(column.name, reason, remedy), bad if delivered and not _is_native(column, delivered) else None)
        )
    return checks


def _type_rules(data_type: str, text: str) -> list[tuple[str, str, str]]:
    """What text of a type must satisfy: reason when it does not, remedy, SQL that is true when it does."""
    kind, _, parameters = data_type.partition("(")
    if kind == "date":
        day = f"try_cast({text} as date)"
        fits = f"isfinite({day}) and {text} in (cast({day} as varchar), cast({day} as varchar) || ' 00:00:00')"
        return [("not a date", "write a real calendar day as YYYY-MM-DD", fits)]
    if kind == "timestamp":
        form = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
        fits = f"regexp_full_match({text}, '{form}') and try_cast({text} as timestamp) is not null"
        return [("not a timestamp", "write YYYY-MM-DD HH:MM:SS in Asia/Shanghai time, without an offset", fits)]
    if kind == "boolean":
        return [("not a boolean", "write true or false, or 1 or 0", f"lower({text}) in ('true', 'false', '1', '0')")]
    if kind == "double":
        return [("not a finite number", "write digits with a decimal point", f"isfinite(try_cast({text} as double))")]
    if kind in ("int", "bigint"):
        return [
            (
                "not a whole number",
                "write digits only, without thousands separators",
                f"regexp_full_match({text}, '[+-]?\\d+(\\.0*)?')",
            ),
            (
                f"too large for {data_type}",
                "check the unit and the column",
                f"try_cast({text} as {data_type}) is not null",
            ),
        ]
    if kind == "decimal":
        scale = int(parameters.rstrip(")").split(",")[1])
        return [
            (
                "not a number",
                "write digits with a decimal point, without thousands separators or exponent",
                f"regexp_full_match({text}, '[+-]?\\d+(\\.\\d+)?')",
            ),
            (
                f"more than {scale} decimals",
                f"round to {scale} decimals at the source, where the rule for it is known",
                f"length(rtrim(split_part({text}, '.', 2), '0')) <= {scale}",
            ),
            (
                f"too large for {data_type}",
                "check the unit and the column",
                f"try_cast({text} as {data_type}) is not null",
            ),
        ]
    return []


def _date_checks(table: Table, dt: str, folder: datetime.date | None) -> list[tuple[Check, str | None]]:
    """Checks of the business date: folder and column agree, and no row lies after the batch that delivered it."""
    remedy = f"put the file into the folder of its own {PARTITION}, or leave the column {PARTITION} out"
    checks = [
        (
            Check(PARTITION, f"differs from the folder's {PARTITION}", remedy),
            f"{dt} <> date {literal(folder)}" if folder else None,
        )
    ]
    if table.business_date:
        business_date = next(column for column in table.columns if column.name == table.business_date)
        remedy = f"a row is delivered with the {PARTITION} of its business date or a later one"
        later = f"try_cast({_text(business_date)} as date) > {dt}"
        checks.append((Check(business_date.name, f"later than the batch's business date {PARTITION}", remedy), later))
    return checks


def _is_native(column: Column, delivered: str) -> bool:
    """Whether a delivered type becomes the contract's without loss, so that no value of it can be bad."""
    kind, _, parameters = column.data_type.partition("(")
    if kind == "decimal":
        precision, scale = map(int, parameters.rstrip(")").split(","))
        given = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", delivered)
        return bool(given) and int(given[2]) <= scale and int(given[1]) - int(given[2]) <= precision - scale
    return _base(delivered) in NATIVE.get(kind, set())


def _convertible(data_type: str) -> set[str]:
    kind = data_type.partition("(")[0]
    return CONVERTIBLE.get(kind, NUMBERS)


def _base(duckdb_type: str) -> str:
    """Type without parameters: DECIMAL(18,2) is DECIMAL; nested types stay as they are."""
    return duckdb_type if duckdb_type.endswith("]") else duckdb_type.partition("(")[0]
