"""Rows of a delivery judged against the contract, as SQL: a select per file that types each column and marks bad rows.

Every value is read through its text form (``values``), so CSV and Parquet are judged alike; a Parquet column that
already has the contract's type is taken as it is, within the same bounds. Nothing is rounded, cut or guessed: what does
not fit exactly is a bad row.
"""

import datetime
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from banktags.contract import KNOWN_AT, PARTITION, Column, Table
from banktags.load.extract import Extract, literal, quoted
from banktags.load.problems import Problem, nearest
from banktags.load.values import NOT_IN_A_KEY, SPREADSHEET_NUMBER, cleaned, is_identifier

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
#: First and last day that every engine knows.
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"
#: Findings about the columns of one file that are listed one by one; of more, only their number.
LISTED_COLUMNS = 5
#: What a name of a column looks like. Where one that the contract does not have looks otherwise, it may be a value.
COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
#: What the name of a column looks like that is surely no person.
OWN_COLUMN_NAME = re.compile(r"[a-z]+(_[a-z0-9]+)+_*")
#: Values of sensitivity C1 that are shown as they are: what looks like a value of the type, and like nothing else.
SHOWN = {
    "string": "[A-Z][A-Z_]*|[A-Z]{0,3}[0-9]{1,5}",
    "date": r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}.{0,20}",
    "timestamp": r"[0-9]{1,4}[-/. ][0-9]{1,2}([-/. ][0-9]{1,4}[0-9T:.Z+ -]{0,20})?",
    "boolean": "[a-z]{1,5}|[0-9]{1,3}",
    "int": "[0-9.,+-]{1,10}",
    "bigint": "[0-9.,+-]{1,10}",
    "double": "[0-9.,+-]{1,10}|[+-]?(nan|inf)",
    "decimal": "[0-9.,+-]{1,10}",
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


def with_contract_names(extract: Extract, table: Table) -> Extract:
    """The extract with its columns named as the contract names them, where they differ in case only."""
    names = {name.lower(): name for name in table.column_names}
    return replace(extract, columns={names.get(name.lower(), name): kind for name, kind in extract.columns.items()})


def left_out(extract: Extract, table: Table) -> list[str]:
    """Columns that the contract lets be empty and the file does not have: they are null in all of its rows."""
    return [column.name for column in table.columns if column.nullable and column.name not in extract.columns]


def column_problems(extract: Extract, table: Table, dated: bool) -> Iterator[Problem]:
    """Missing, extra and inconvertible columns. ``dated``: the business date comes from a name or the command line.

    A column that may be empty may be left out, unless there are others in its place: it may be misspelt.
    """
    given = {KNOWN_AT} | ({PARTITION} if dated else set())
    given |= {column.name for column in table.columns if column.is_optional}
    extra = [name for name in extract.columns if name not in table.column_names]
    missing = [
        column.name
        for column in table.columns
        if column.name not in extract.columns and column.name not in given and (extra or not column.nullable)
    ]
    place = "line 1" if extract.text else None
    expected = f"{table.qualified_name} has: {', '.join(table.column_names)}"
    known = len(extract.columns) - len(extra)
    if 2 * known < min(len(extract.columns), len(table.columns) - len(given)):
        found = f"only {known} of its {len(extract.columns)} columns" if known else "none of its columns"
        what = f"{found} is in {table.qualified_name}: the header row is missing"
        what += ", has another delimiter, or is that of another table; it is not shown, since it may be a customer's"
        remedy = f"write the names as the first line, or map foreign ones (--mapping); {expected}"
        yield Problem(extract.name, what, remedy, place)
        return
    if PARTITION in missing:
        missing.remove(PARTITION)
        yield Problem(
            extract.name,
            f"no business date: neither a column {PARTITION} nor a folder {PARTITION}=YYYY-MM-DD, nor one in its name",
            "pass it: --date YYYY-MM-DD",
        )
    shown = [name for name in extra if _is_surely_a_name(name, table)] if len(extra) <= LISTED_COLUMNS else []
    if not all(map(COLUMN_NAME.fullmatch, extra)):
        shown = []
    remedy = f"deliver it, empty where unknown; {expected}"
    for name in missing if len(missing) <= LISTED_COLUMNS else ():
        yield Problem(extract.name, f"missing column {name}{nearest(name, shown)}", remedy, column=name)
    if len(missing) > LISTED_COLUMNS:
        yield Problem(extract.name, f"{len(missing)} missing columns: {', '.join(missing)}", remedy, place)
    remedy = f"remove or rename it; {expected}"
    for name in shown:
        yield Problem(extract.name, f"extra column {name}{nearest(name, table.column_names)}", remedy, column=name)
    places = [str(n) for n, name in enumerate(extract.columns, start=1) if name in extra and name not in shown]
    if places:
        listed = ", ".join(places[:LISTED_COLUMNS]) + (", …" if len(places) > LISTED_COLUMNS else "")
        columns = "1 column" if len(places) == 1 else f"{len(places)} columns"
        what = f"{columns} that {table.qualified_name} does not have: number {listed} of the header"
        yield Problem(extract.name, what, remedy, place)
    for column in table.columns:
        delivered = extract.columns.get(column.name)
        if delivered and _base(delivered) not in _convertible(column.data_type):
            yield Problem(
                extract.name,
                f"Parquet type {_without_fields(delivered)} cannot become {column.data_type}",
                f"export it as {column.data_type}, or as text in the contract's form",
                column=column.name,
            )


def _is_surely_a_name(column: str, table: Table) -> bool:
    """Whether a column that the contract does not have bears a name, and not the value of a file without a header."""
    return bool(nearest(column, table.column_names) or OWN_COLUMN_NAME.fullmatch(column))


def row_checks(table: Table) -> list[Check]:
    """All checks of a table's rows, in the order in which they are made; a row has the first that it fails."""
    return [check for column in table.columns for check, _ in _column_checks(column, table, None, None)] + [
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

    ``date`` and ``loaded_at`` stand in where the file has no such column and its name no date; any other column that
    the file does not have is null. ``failed`` is the column that holds ``_failed``, in an extract that has it.
    """
    constants = {column.name: f"cast(null as {column.data_type})" for column in table.columns if column.is_optional}
    constants |= {PARTITION: f"date {literal(extract.dt or date)}", KNOWN_AT: f"timestamp {literal(loaded_at)}"}
    typed, conditions, masked = {}, [], []
    for column in table.columns:
        delivered = extract.columns.get(column.name)
        absent = constants.get(column.name, f"cast(null as {column.data_type})")
        typed[column.name] = _typed(column, delivered) if delivered else absent
        conditions += [condition for _, condition in _column_checks(column, table, delivered, failed)]
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
        from {cleaned(extract, table)}"""


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
    return f"cast({quoted(column.name)} as varchar)"


def shape(text: str) -> str:
    """SQL of a text's shape: 9 for a digit, a for a letter, 中 for another script."""
    ascii_only = f"regexp_replace(regexp_replace({text}, '[0-9]', '9', 'g'), '[A-Za-z]', 'a', 'g')"
    return f"regexp_replace({ascii_only}, '[^\\x00-\\x7F]', '中', 'g')"


def _masked(column: Column) -> str:
    """The value as text. Of a sensitive column, and where a value does not look like one of its column, its shape."""
    if column.sensitivity != "C1":
        return shape(_text(column))
    pattern = literal(SHOWN[column.data_type.partition("(")[0]])
    value = _text(column)
    return f"case when regexp_full_match({value}, {pattern}) then {value} else {shape(value)} end"


def _typed(column: Column, delivered: str) -> str:
    if column.data_type != "string" and _is_native(column, delivered):
        return f"try_cast({quoted(column.name)} as {column.data_type})"
    value = f"lower({_text(column)})" if column.data_type == "boolean" else _text(column)
    return f"try_cast({value} as {column.data_type})"


def _column_checks(
    column: Column, table: Table, delivered: str | None, failed: str | None
) -> list[tuple[Check, str | None]]:
    """Checks of one column with the SQL that is true for a bad row; no SQL where the delivered type cannot fail."""
    value = _text(column)
    remedy = "mend the value at the source, or let the SELECT say what it means"
    fails = f"json_extract_string({failed}, '$.{column.name}') is not null" if failed else None
    checks = [(Check(column.name, EXPRESSION_FAILS, remedy), fails)]
    if not column.nullable:
        remedy = "a row needs it: fill it at the source"
        checks.append((Check(column.name, REQUIRED, remedy), f"{value} is null" if delivered else None))
    native = delivered is not None and column.data_type != "string" and _is_native(column, delivered)
    rules = _type_rules(column.data_type, value) + _text_rules(column, table, value)
    for reason, remedy, fits in rules:
        given = value
        if native:
            given = quoted(column.name)
            fits = _native_bounds(column.data_type, given)
        bad = f"({given} is not null and not coalesce({fits}, false))" if fits and delivered else None
        checks.append((Check(column.name, reason, remedy), bad))
    return checks


def _native_bounds(data_type: str, value: str) -> str | None:
    """SQL that is true when a value that has the contract's type already lies where one delivered as text must lie."""
    if data_type in ("date", "timestamp"):
        return f"isfinite({value}) and {_known_day(f'try_cast({value} as date)')}"
    return f"isfinite({value})" if data_type == "double" else None


def _known_day(day: str) -> str:
    return f"{day} between date {literal(FIRST_DAY)} and date {literal(LAST_DAY)}"


def _text_rules(column: Column, table: Table, value: str) -> list[tuple[str, str, str]]:
    """What a text must not be, in the form of ``_type_rules``."""
    if column.data_type != "string":
        return []
    rules = [
        (
            "a number that a spreadsheet or a floating column has rounded",
            "export the column as text, straight from the system",
            f"not regexp_full_match({value}, {literal(SPREADSHEET_NUMBER)})",
        )
    ]
    if is_identifier(column, table):
        rules.append(
            (
                "the header once more",
                "join files without repeating their header",
                f"lower({value}) <> {literal(column.name)}",
            )
        )
        rules.append(
            (
                "holds a sign that nobody sees, or a full-width one",
                "deliver keys and numbers in plain signs, without tabs, line ends and format signs",
                f"not regexp_matches({value}, {literal(NOT_IN_A_KEY)})",
            )
        )
    return rules


def _type_rules(data_type: str, value: str) -> list[tuple[str, str, str]]:
    """What text of a type must satisfy: reason when it does not, remedy, SQL that is true when it does."""
    kind, _, parameters = data_type.partition("(")
    if kind == "date":
        day = f"try_cast({value} as date)"
        fits = f"{_known_day(day)} and {value} in (cast({day} as varchar), cast({day} as varchar) || ' 00:00:00')"
        return [("not a date", "write a real calendar day as YYYY-MM-DD", fits)]
    if kind == "timestamp":
        form = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
        day = f"try_cast(try_cast({value} as timestamp) as date)"
        fits = f"regexp_full_match({value}, '{form}') and {_known_day(day)}"
        return [("not a timestamp", "write YYYY-MM-DD HH:MM:SS in Asia/Shanghai time, without an offset", fits)]
    if kind == "boolean":
        return [("not a boolean", "write true or false, or 1 or 0", f"lower({value}) in ('true', 'false', '1', '0')")]
    if kind == "double":
        form = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
        fits = f"regexp_full_match({value}, '{form}') and isfinite(try_cast({value} as double))"
        return [("not a finite number", "write digits with a decimal point", fits)]
    if kind in ("int", "bigint"):
        return [
            (
                "not a whole number",
                "write digits only, without thousands separators",
                f"regexp_full_match({value}, '[+-]?\\d+(\\.0*)?')",
            ),
            (
                f"too large for {data_type}",
                "check the unit and the column",
                f"try_cast({value} as {data_type}) is not null",
            ),
        ]
    if kind == "decimal":
        scale = int(parameters.rstrip(")").split(",")[1])
        return [
            (
                "not a number",
                "write digits with a decimal point, without thousands separators or exponent",
                f"regexp_full_match({value}, '[+-]?\\d+(\\.\\d+)?')",
            ),
            (
                f"more than {scale} decimals",
                f"round to {scale} decimals at the source, where the rule for it is known",
                f"length(rtrim(split_part({value}, '.', 2), '0')) <= {scale}",
            ),
            (
                f"too large for {data_type}",
                "check the unit and the column",
                f"try_cast({value} as {data_type}) is not null",
            ),
        ]
    return []


def _date_checks(table: Table, dt: str, folder: datetime.date | None) -> list[tuple[Check, str | None]]:
    """Checks of the business date: folder and column agree, and no row lies after the batch that delivered it."""
    remedy = f"put the file into the folder of its own {PARTITION}, or leave the column {PARTITION} out"
    checks = [
        (
            Check(PARTITION, f"differs from the folder's {PARTITION} or the date in the file's name", remedy),
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


def _without_fields(duckdb_type: str) -> str:
    """Type for a message: without the names of fields and the values of an enumeration."""
    return duckdb_type if not re.search("STRUCT|MAP|UNION|ENUM", duckdb_type) else duckdb_type.partition("(")[0]
