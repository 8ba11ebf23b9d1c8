"""What ``banktags load`` says of a file that it refuses holds no value of a customer: not a text, and not a number."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from canaries import number_canary, of_customers, songs, text_canary
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import KNOWN_AT, PARTITION, Table

TABLES = {table.qualified_name: table for table in of_customers()}
CANARIES = [text_canary(1), number_canary(1)]
FITTING = {"date": "2026-01-01", "timestamp": "2026-01-01 00:00:00", "boolean": "true", "string": "X"}


def names(table: Table) -> list[str]:
    return [column for column in table.column_names if column not in (KNOWN_AT, PARTITION)]


def rows(table: Table, canary: str) -> list[list[str]]:
    """A row for each column, with the canary in it and a key of its own, and one of nothing else."""
    columns = [column for column in table.columns if column.name not in (KNOWN_AT, PARTITION)]
    lines = [
        [f"X{number}" if column.name in table.primary_key else FITTING.get(column.data_type, "1") for column in columns]
        for number in range(len(columns))
    ]
    for number, line in enumerate(lines):
        line[number] = canary
    return [*lines, [canary] * len(columns)]


def written(lines: list[list[str]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def as_parquet(table: Table, canary: str) -> bytes:
    """Numbers as a column of numbers, where a bank's own tool takes them for such."""
    value = canary if canary.isdigit() else f"'{canary}'"
    select = ", ".join(f"{value} as {name}" for name in names(table))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "delivered.parquet"
        duckdb.sql(f"copy (select {select}) to '{file}' (format parquet)")
        return file.read_bytes()


#: How a file is spoilt: its name's end, and its bytes.
SPOILT: dict[str, tuple[str, Callable[[Table, str], bytes]]] = {
    "wrong types": ("csv", lambda table, canary: written([names(table), *rows(table, canary)])),
    "no header": ("csv", lambda table, canary: written(rows(table, canary))),
    "one value too many": (
        "csv",
        lambda table, canary: written([names(table), *([*row, canary] for row in rows(table, canary))]),
    ),
    "one value too few": (
        "csv",
        lambda table, canary: written([names(table), *(row[:-1] for row in rows(table, canary)[-1:])]),
    ),
    "another delimiter": ("csv", lambda table, canary: written([names(table), *rows(table, canary)], delimiter="\\")),
    "a quote that stays open": (
        "csv",
        lambda table, canary: written([names(table)]) + b'"' + written(rows(table, canary)),
    ),
    "another encoding": (
        "csv",
        lambda table, canary: written([names(table), *rows(table, canary)]) + canary.encode() + b"\xff\xfe\n",
    ),
    "the same key twice": (
        "csv",
        lambda table, canary: written([names(table), rows(table, canary)[-1], [*rows(table, canary)[-1][:-1], "Y"]]),
    ),
    "Parquet of other types": ("parquet", as_parquet),
    "Parquet cut short": ("parquet", lambda table, canary: as_parquet(table, canary)[:-20]),
    "no Parquet": ("parquet", lambda table, canary: written(rows(table, canary))),
}


@pytest.mark.parametrize(
    "table",
    [
        name if name == "core.customers" else pytest.param(name, marks=(pytest.mark.slow, pytest.mark.long))
        for name in TABLES
    ],
)
def test_no_canary_sings_in_what_is_said_of_a_spoilt_file(tmp_path, table):
    patterns, heard, remedies = songs(CANARIES), {}, []
    for how, said in told(tmp_path, TABLES[table]):
        remedies.append("remedy" in said)
        if found := next((found for song in patterns if (found := song.search(said))), None):
            heard[how] = said[max(0, found.start() - 200) : found.end() + 60]
    assert len(remedies) > 60 and sum(remedies) > len(remedies) / 2
    assert heard == {}


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize(
    "expression", ["cast(name as date)", "cast(mobile as integer)", "error(name)", "name ->> '$.a['"]
)
def test_no_canary_sings_where_a_mapping_fails(tmp_path, canary, expression):
    """DuckDB names the value that it can't convert."""
    delivery, mapping = tmp_path / "delivery", tmp_path / "mapping"
    delivery.mkdir(), mapping.mkdir()
    (delivery / "clients.csv").write_bytes(written([["name", "mobile"], [canary, canary]]))
    (mapping / "core__customers.sql").write_text(
        f"select name as customer_id, {expression} as birth_date, 'ACTIVE' as status from clients", encoding="utf-8"
    )
    command = ["load", str(delivery), "--mapping", str(mapping), "--date", "2026-06-30", "--to", str(tmp_path / "raw")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1 and "core__customers.sql" in result.output, result.output
    assert not any(song.search(result.output) for song in songs(CANARIES)), result.output


def told(folder: Path, table: Table) -> Iterator[tuple[str, str]]:
    """How a file is spoilt, and what is said of it, landed as it is, in part, or only looked at."""
    for how, (end, spoil) in SPOILT.items():
        for canary in CANARIES:
            delivery = folder / how.replace(" ", "_") / canary[:3]
            delivery.mkdir(parents=True)
            (delivery / f"{table.qualified_name.replace('.', '__')}.{end}").write_bytes(spoil(table, canary))
            for options in ((), ("--check",), ("--max-rejects", "1000")):
                command = ["load", str(delivery), "--date", "2026-06-30", "--to", str(folder / "raw"), *options]
                result = CliRunner().invoke(app, command)
                assert result.exception is None or isinstance(result.exception, SystemExit), (how, result.exception)
                yield f"{how}: {canary[:3]} {' '.join(options)}", result.output
