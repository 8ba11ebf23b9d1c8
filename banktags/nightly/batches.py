"""What the control table ``core.batches`` says was delivered, and whether it all lies in the landing zone."""

import csv
import datetime
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags.contract import PARTITION, Table
from banktags.landing import EMPTY_PARTITION
from banktags.load.extract import file_pattern
from banktags.seeds.rows import seed_file

#: As the macro delivery_digest() writes it, which records the digest of each completed date.
DIGEST = """
    sha256(string_agg(
        system_name || '.' || table_name || ' ' || row_count || ' ' || content_hash, ','
        order by system_name, table_name, batch_id, content_hash
    ))
"""
#: Where a bank says which tables each batch must have; what it does not say is learned from its last batches.
EXPECTATIONS = seed_file("delivery_expectations")
#: A daily table that most of so many batches before had is expected in the next one.
REMEMBERED_BATCHES = 7


class UnreadableFile(Exception):
    """A Parquet file of the landing zone can't be read; the message names it."""


@dataclass(frozen=True)
class Delivered:
    """The batches of a landing zone: the first, the last complete one, and what the newest lacks if it is another."""

    first: datetime.date | None
    last: datetime.date | None
    lacking: str | None


def batch_dates(root: Path) -> list[datetime.date]:
    """Business dates that have files of control rows, in order; no file is opened."""
    dates = set()
    for file in (root / "core" / "batches").glob(f"{PARTITION}=*/*.parquet"):
        # A folder of another name is none of the contract's.
        with suppress(ValueError):
            dates.add(datetime.date.fromisoformat(file.parent.name.removeprefix(f"{PARTITION}=")))
    return sorted(dates - {datetime.date.fromisoformat(EMPTY_PARTITION)})


def delivery_digests(root: Path) -> dict[datetime.date, str]:
    """Fingerprint of what was delivered for each business date that has control rows; one scan of the control table.

    Raises:
        UnreadableFile: a file of the control table can't be read.
    """
    files = sorted((root / "core" / "batches").glob(f"{PARTITION}=*/*.parquet"))
    with duckdb.connect() as con:
        return dict(_read(con, files, DIGESTS))


def delivered(root: Path) -> Delivered:
    """The reach of the batches. One is complete here when all rows that its control rows promise have landed."""
    dates, lacking = batch_dates(root), None
    with duckdb.connect() as con:
        for date in reversed(dates):
            faults = _landing_faults(con, root, date)
            if not faults:
                return Delivered(dates[0], date, lacking)
            lacking = lacking or faults[0]
    return Delivered(dates[0] if dates else None, None, lacking)


def batch_faults(root: Path, date: datetime.date, contract: dict[str, Table]) -> list[str]:
    """What the batch of a date lacks; nothing when it is complete.

    A batch is complete when it has control rows, every expected table is among them, and the partition of each table
    holds as many rows as its control rows say. A file that can't be read yet is one that lacks.

    Raises:
        ValueError: the bank's expectations name what the contract does not have, or say neither yes nor no.
    """
    with duckdb.connect() as con:
        faults = _landing_faults(con, root, date)
        try:
            promised = _promised(con, root, [date])
            expected = _expected_tables(con, root, date, contract) if promised else {}
        except UnreadableFile as error:
            return faults or [str(error)]
    return [
        f"{name}: {why}, but the batch of {date} does not have it"
        for name, why in expected.items()
        if name not in promised[date]
    ] + faults


def _landing_faults(con: duckdb.DuckDBPyConnection, root: Path, date: datetime.date) -> list[str]:
    """What has not landed of that which the control rows of a date promise; nothing when all has."""
    try:
        promised = _promised(con, root, [date])
    except UnreadableFile as error:
        return [str(error)]
    if date not in promised:
        return [f"core.batches has no rows for {date}: the batch has not been delivered"]
    faults = []
    for name, rows in promised[date].items():
        folder = root / name.replace(".", "/") / f"{PARTITION}={date}"
        try:
            found = sum(row[0] for row in _read(con, sorted(folder.glob("*.parquet")), ROWS))
        except UnreadableFile as error:
            faults.append(str(error))
            continue
        if found != rows:
            faults.append(f"{name}: the control table promises {rows} rows for {date}, {found} have landed")
    return faults


def _expected_tables(
    con: duckdb.DuckDBPyConnection, root: Path, date: datetime.date, contract: dict[str, Table]
) -> dict[str, str]:
    """The tables that the batch of a date must have, each with the reason.

    These are the daily tables of the contract that this bank has delivered in most of its last batches, and what the
    bank has set itself.
    """
    before = [day for day in batch_dates(root) if day < date][-REMEMBERED_BATCHES:]
    batches = _promised(con, root, before)
    expected = {}
    for name, table in contract.items():
        had = sum(name in tables for tables in batches.values())
        if table.is_daily and had > len(before) / 2:
            expected[name] = f"delivered in {had} of the last {len(before)} batches"
    for name, is_expected in read_expectations(contract).items():
        expected.pop(name, None)
        if is_expected:
            expected[name] = "expected by seed delivery_expectations"
    return expected


def read_expectations(contract: dict[str, Table]) -> dict[str, bool]:
    """Whether the bank expects a table in every batch, for the tables of which it says so.

    Raises:
        ValueError: a row names no table of the contract, or says neither yes nor no; names file, line and remedy.
    """
    said = {}
    with EXPECTATIONS.open(encoding="utf-8-sig", newline="") as file:
        for row in (rows := csv.DictReader(file)):
            name, place = f"{row['system_name']}.{row['table_name']}", f"{EXPECTATIONS}, line {rows.line_num}"
            if name not in contract:
                raise ValueError(f"{place}: {name} is no table of the source contract; correct or remove the row")
            if row["expected"] not in ("yes", "no"):
                raise ValueError(f"{place}: expected is {row['expected']!r}; write yes or no")
            said[name] = row["expected"] == "yes"
    return said


DIGESTS = f"select {PARTITION}, {DIGEST} from read_parquet($files, hive_partitioning = true) group by all"
ROWS = "select coalesce(sum(num_rows), 0) from parquet_file_metadata($files)"
PROMISED = f"""
    select {PARTITION}, system_name || '.' || table_name, sum(row_count)
    from read_parquet($files, hive_partitioning = true)
    group by all
    order by all
"""


def _promised(
    con: duckdb.DuckDBPyConnection, root: Path, dates: Iterable[datetime.date]
) -> dict[datetime.date, dict[str, int]]:
    """Rows by table that the control rows of each date promise."""
    folders = [root / "core" / "batches" / f"{PARTITION}={date}" for date in dates]
    files = [file for folder in folders for file in sorted(folder.glob("*.parquet"))]
    promised: dict[datetime.date, dict[str, int]] = {}
    for date, name, rows in _read(con, files, PROMISED):
        promised.setdefault(date, {})[name] = rows
    return promised


def _read(con: duckdb.DuckDBPyConnection, files: list[Path], sql: str) -> list[tuple]:
    """The rows of a query over Parquet files; none without files.

    Raises:
        UnreadableFile: one of them is half copied, damaged or of other columns; names the first.
    """
    if not files:
        return []
    try:
        return con.execute(sql, {"files": [file_pattern(file) for file in files]}).fetchall()
    except duckdb.Error:
        for file in files:
            try:
                con.execute(sql, {"files": [file_pattern(file)]}).fetchall()
            except duckdb.Error as error:
                kind = str(error).partition(":")[0]
                raise UnreadableFile(f"{file}: not readable yet ({kind}). Is it still being copied?") from None
        raise
