"""The delivered rows of one contract table, as views of the DuckDB session: which are bad, how many, with what hash."""

import datetime
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from banktags.contract import PARTITION, Table
from banktags.load.checks import (
    EMPTY_HASH,
    EXPRESSION_FAILS,
    REQUIRED,
    Check,
    checked_rows,
    content_columns,
    content_hash,
    row_checks,
    row_hash,
)
from banktags.load.extract import Extract, file_literal
from banktags.load.mapping import MappedExtract
from banktags.load.problems import Place, Problem
from banktags.load.provenance import FAILED
from banktags.load.values import words_for_nothing


@dataclass
class Partition:
    """One business date of one delivered table. ``landed_hash``: what the landing zone holds for it, if anything."""

    table: Table
    dt: datetime.date
    rows: int
    rejected: int
    content_hash: str
    landed_hash: str | None = None

    @property
    def is_new(self) -> bool:
        return self.content_hash != self.landed_hash

    @property
    def is_changed(self) -> bool:
        return self.landed_hash is not None and self.is_new

    @property
    def folder(self) -> str:
        """Folder in the landing zone."""
        return f"{self.table.system}/{self.table.name}/{PARTITION}={self.dt}"


@dataclass(frozen=True)
class BadRow:
    """A row that fails a check.

    ``masked`` is the row as JSON, sensitive values as shapes; ``value`` the failing one of it, or the shapes of what
    a mapping's expression failed on; ``key`` the primary key as it was delivered.
    """

    table: Table
    extract: Extract
    row: int
    dt: datetime.date | None
    check: Check
    value: str | None
    masked: str
    key: str

    @property
    def mapping(self) -> str | None:
        """The mapping's SQL file that selected the row."""
        return self.extract.name if isinstance(self.extract, MappedExtract) else None

    @property
    def reason(self) -> str:
        kind = self.extract.failures.get(self.check.column) if isinstance(self.extract, MappedExtract) else None
        return f"{self.check.reason} ({kind})" if self.check.reason == EXPRESSION_FAILS and kind else self.check.reason

    def problem(self, place: Place) -> Problem:
        value = "" if self.value is None else f": {self.value!r}"
        column = f"{self.check.column} of {self.mapping}" if self.mapping else self.check.column
        if place.file == self.mapping:
            # Without a line, the shape of the key is what there is to look for.
            masked = json.loads(self.masked)
            value += f"; key {' '.join(str(masked.get(name)) for name in self.table.primary_key)!r}"
        remedy = self.check.remedy
        if self.mapping and self.check.reason == REQUIRED:
            remedy += f", or let {self.mapping} say what it is"
        return Problem(place.file, f"{self.reason}{value}", remedy, place.line, column)


def places(rows: list[BadRow]) -> list[Place]:
    """Delivered file, and line or row in it, of each bad row; each file is read once."""
    wanted = defaultdict(set)
    for row in rows:
        wanted[row.extract].add(row.row)
    found = {}
    for extract, numbers in wanted.items():
        if isinstance(extract, MappedExtract):
            found[extract] = extract.found(numbers)
        else:
            found[extract] = {row: Place(extract.name, line) for row, line in extract.places(numbers).items()}
    return [found[row.extract][row.row] for row in rows]


def _failed_column(extract: Extract) -> str | None:
    return FAILED if isinstance(extract, MappedExtract) and extract.failures else None


class DeliveredTable:
    """All delivered rows of one contract table.

    The view ``good`` holds the rows that pass every check, ``bad`` the others with the number of the check they fail.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        table: Table,
        extracts: list[Extract],
        date: datetime.date | None,
        loaded_at: datetime.datetime,
    ) -> None:
        self.con, self.table, self.extracts, self._date = con, table, extracts, date
        key = f"({', '.join(table.primary_key)})"
        repeated = Check(
            key, f"primary key repeated within one {PARTITION}", "deliver each key once, in its last state"
        )
        self._checks = [*row_checks(table), repeated]
        name = f"{table.system}__{table.name}"
        self._typed, self._repeated = f"typed_{name}", f"repeated_{name}"
        self.good, self.bad = f"good_{name}", f"bad_{name}"
        selects = [
            checked_rows(extract, number, table, date, loaded_at, _failed_column(extract))
            for number, extract in enumerate(extracts)
        ]
        con.execute(f"create view {self._typed} as {' union all '.join(selects)}")
        self._find_repeated_keys()
        con.execute(
            f"""
            create view {self.good} as
            select * from {self._typed} anti join {self._repeated} using (_file, _row) where _check is null;

            create view {self.bad} as
            select * from {self._typed} where _check is not null
            union all
            select * replace ({len(self._checks) - 1} as _check)
            from {self._typed} semi join {self._repeated} using (_file, _row)
            """
        )

    def _find_repeated_keys(self) -> None:
        """Rows to be refused for their key: of equal rows all but one, of rows that contradict each other all."""
        key = ", ".join([PARTITION, *self.table.primary_key])
        self.con.execute(
            f"""
            create table {self._repeated} as
            with repeated_keys as (
                select {key} from {self._typed} where _check is null group by all having count(*) > 1
            ),
            numbered as (
                select
                    _file,
                    _row,
                    count(distinct {row_hash(self.table)}) over (partition by {key}) as contents,
                    row_number() over (partition by {key} order by _file, _row) as number
                from {self._typed} semi join repeated_keys using ({key})
                where _check is null
            )
            select _file, _row from numbered where contents > 1 or number > 1
            """
        )

    @cached_property
    def bad_count(self) -> int:
        return self.con.execute(f"select count(*) from {self.bad}").fetchone()[0]

    def bad_rows(self, limit: int) -> list[BadRow]:
        """The first bad rows in the order of the files."""
        found = self.con.execute(
            f"""
            select _file, _row, {PARTITION}, _check, _masked, _key, _failed
            from {self.bad} order by _file, _row limit {limit}
            """
        ).fetchall()
        rows = []
        for file, row, dt, number, masked, key, failed in found:
            check = self._checks[number]
            shown = failed if check.reason == EXPRESSION_FAILS else masked
            value = json.loads(shown).get(check.column)
            rows.append(BadRow(self.table, self.extracts[file], row, dt, check, value, masked, key))
        return rows

    def reasons(self) -> dict[tuple[str, str], int]:
        """Number of bad rows by column and reason (``balance``, ``not a number``), the commonest first."""
        counted = self.con.execute(
            f"select _check, count(*) from {self.bad} group by _check order by count(*) desc, _check"
        ).fetchall()
        return {(self._checks[number].column, self._checks[number].reason): count for number, count in counted}

    def partitions(self) -> list[Partition]:
        """The business dates delivered, those of files without rows included."""
        counted = self.con.execute(
            f"""
            with hashed as (
                select {PARTITION}, {row_hash(self.table)} as _hash from {self.good}
                union all
                select {PARTITION}, null from {self.bad} where {PARTITION} is not null
            )
            select {PARTITION}, count(_hash), count(*) - count(_hash), {content_hash("_hash")}
            from hashed group by all order by all
            """
        ).fetchall()
        partitions = [Partition(self.table, *row) for row in counted]
        named = {
            extract.dt or self._date for extract in self.extracts if extract.dt or PARTITION not in extract.columns
        }
        without_rows = named - {partition.dt for partition in partitions}
        return partitions + [Partition(self.table, dt, 0, 0, EMPTY_HASH) for dt in sorted(without_rows)]

    def words_for_nothing(self) -> dict[str, int]:
        """Values that are words for nothing, such as NULL, and so taken as empty, by column that may be empty."""
        found: dict[str, int] = defaultdict(int)
        for extract in self.extracts:
            counted = self.con.execute(words_for_nothing(extract, self.table))
            names = [column[0] for column in counted.description]
            for row in counted.fetchall():
                for name, count in zip(names, row, strict=True):
                    found[name] += count
        return {name: count for name, count in found.items() if count}

    def landed_hashes(self, root: Path, partitions: Iterable[Partition]) -> dict[datetime.date, str]:
        """Content hash of what the landing zone holds for these business dates, where it holds anything."""
        files = {partition.dt: sorted((root / partition.folder).glob("*.parquet")) for partition in partitions}
        paths = ", ".join(file_literal(path) for found in files.values() for path in found)
        if not paths:
            return {}
        columns = ", ".join([*content_columns(self.table), f"cast({PARTITION} as date) as {PARTITION}"])
        # What was landed before the contract had an optional column lacks it.
        optional = [c for c in self.table.columns if c.is_optional]
        nulls = ", ".join(f"cast(null as {c.data_type}) as {c.name}" for c in optional)
        read = f"from read_parquet([{paths}], hive_partitioning = true, union_by_name = {bool(optional)})"
        source = f"({read} union all by name select {nulls} where false)" if optional else f"({read})"
        landed = self.con.execute(
            f"""
            with landed as (select {columns} from {source}),
            hashed as (select {PARTITION}, {row_hash(self.table)} as _hash from landed)
            select {PARTITION}, {content_hash("_hash")} from hashed group by all
            """
        ).fetchall()
        hashes = dict(landed)
        return {dt: hashes.get(dt, EMPTY_HASH) for dt, found in files.items() if found}
