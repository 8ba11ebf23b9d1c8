"""Damage in the mass, told while the bank can still mend it: codes that nobody knows, and batches that have shrunk.

What is judged is what staging judges: the contract names the codes of a column, or the seed that lists them. Shares are
held against the seed ``staging_damage_thresholds``; of its rows the most exact one counts. The loader only tells: what
lies beyond ``fail_share``, the build refuses.
"""

import datetime
import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from banktags.contract import PARTITION, Column, Table, read_contract
from banktags.load.checks import shape
from banktags.load.extract import file_literal, literal, quoted
from banktags.load.rows import DeliveredTable, Partition
from banktags.seeds.rows import read_rows

THRESHOLDS = "staging_damage_thresholds"
UNKNOWN, QUARANTINED, FALLEN = "values_set_to_unknown", "quarantined_rows", "fall_against_batches_before"
#: Dictionary whose codes stand for all that begin like them: a county counts as its prefecture or province.
AREAS = "cities"
#: The same rule as macro ``city_code_of``: a place by its code of GB/T 2260, also with the digits of the township.
PLACE = "[1-8][1-7][0-9]{4}([0-9]{3}){0,2}"
MUNICIPALITIES = ("11", "12", "31", "50", "71", "81", "82")
#: A value of a harmless column that is shown as it is: a number of a list, which is nobody's name …
NUMBERED_CODE = re.compile(r"[A-Z]{0,3}[0-9]{1,5}", re.ASCII)
#: … or an abbreviation in capitals that so many rows carry. A longer word is shown where it is a code of some column.
ABBREVIATION, CARRIERS = re.compile(r"[A-Z]{1,3}", re.ASCII), 10
#: Strange codes that are shown of a column, the commonest first.
SHOWN_CODES = 3
#: Days before a batch whose batches say how many rows are usual, and how many of them it takes.
USUAL_DAYS, USUAL_BATCHES = 31, 5


@dataclass(frozen=True)
class Threshold:
    """Shares from which on damage is told (``warn``) and fails the build (``fail``); None: never."""

    warn: float | None
    fail: float | None
    smallest_rows: int

    def is_passed(self, damaged: int, judged: int) -> bool:
        return self.warn is not None and damaged >= max(1, self.smallest_rows) and damaged >= self.warn * judged

    def fails(self, damaged: int, judged: int) -> bool:
        return self.fail is not None and damaged >= max(1, self.smallest_rows) and damaged >= self.fail * judged


@dataclass(frozen=True)
class StrangeCodes:
    """Values of a column that its dictionary does not know; ``seen``: the commonest, sensitive ones as shapes."""

    table: Table
    column: Column
    damaged: int
    judged: int
    seen: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float:
        return self.damaged / self.judged

    @property
    def codes(self) -> str:
        return ", ".join(f"{code!r} ({count})" for code, count in self.seen)

    @property
    def threshold(self) -> Threshold | None:
        check = UNKNOWN if self.column.nullable else QUARANTINED
        return threshold_of(check, self.table, self.column.name if self.column.nullable else "")

    @property
    def is_damage(self) -> bool:
        return self.threshold is not None and self.threshold.is_passed(self.damaged, self.judged)

    def warning(self) -> str:
        name = f"{self.table.qualified_name}.{self.column.name}"
        told = f"{name}: {self.damaged:,} of {self.judged:,} values ({self.share:.0%}) are codes that nobody knows"
        dictionary = self.column.dictionary and self.column.dictionary.partition(".")[0]
        codes = f"those of seed {dictionary}" if dictionary else ", ".join(self.column.codes)
        remedy = f"map them to {codes}: in the mapping, or by rows of seed code_mappings for {dictionary or name}"
        build = "; the build will fail" if self.threshold.fails(self.damaged, self.judged) else ""
        return f"{told}, most often {self.codes}; no tag uses them{build}\n    remedy: {remedy}"


@cache
def _thresholds() -> dict[tuple[str, str, str, str], Threshold]:
    return {
        (row["check_name"], row["system_name"], row["table_name"], row["column_name"]): Threshold(
            float(row["warn_share"]) if row["warn_share"] else None,
            float(row["fail_share"]) if row["fail_share"] else None,
            int(row["smallest_rows"]),
        )
        for row in read_rows(THRESHOLDS)
    }


def threshold_of(check: str, table: Table, column: str = "") -> Threshold | None:
    """The most exact threshold: of the column, of the column in any table, of the table, of all."""
    wanted = [
        (table.system, table.name, column),
        ("", "", column),
        (table.system, table.name, ""),
        ("", "", ""),
    ]
    return next((_thresholds()[(check, *where)] for where in wanted if (check, *where) in _thresholds()), None)


def strange_codes(delivered: DeliveredTable) -> Iterator[StrangeCodes]:
    """Columns of a delivered table that hold codes which their dictionary does not know."""
    columns = [column for column in delivered.table.columns if column.codes or column.dictionary]
    if not columns:
        return
    counts = ", ".join(
        f"count({_code(column)}), count(*) filter (where {is_strange(column, delivered.table)})" for column in columns
    )
    counted = delivered.con.execute(f"select {counts} from {delivered.good}").fetchone()
    for number, column in enumerate(columns):
        judged, damaged = counted[2 * number : 2 * number + 2]
        if damaged:
            yield StrangeCodes(delivered.table, column, damaged, judged, _commonest(delivered, column))


def fallen_batches(con: duckdb.DuckDBPyConnection, root: Path, partitions: dict[str, list[Partition]]) -> Iterator[str]:
    """A warning for each table whose last delivered batch has far fewer rows than the usual one of the month before."""
    for found in partitions.values():
        last = max(found, key=lambda partition: partition.dt)
        threshold = threshold_of(FALLEN, last.table)
        if threshold is None or not last.is_new:
            continue
        rows = _landed_rows(con, root, last.table) | {partition.dt: partition.rows for partition in found}
        month = datetime.timedelta(days=USUAL_DAYS)
        before = [count for dt, count in rows.items() if last.dt - month <= dt < last.dt]
        if len(before) < USUAL_BATCHES:
            continue
        usual = int(statistics.median(before))
        if threshold.is_passed(usual - last.rows, usual):
            build = "; the build will fail" if threshold.fails(usual - last.rows, usual) else ""
            yield (
                f"{last.table.qualified_name}: {last.rows:,} rows for {last.dt}, usually {usual:,}: "
                f"{1 - last.rows / usual:.0%} fewer{build}\n    remedy: ask whether the extract was cut off"
            )


def _landed_rows(con: duckdb.DuckDBPyConnection, root: Path, table: Table) -> dict[datetime.date, int]:
    """Rows that the last batch record of each business date announces."""
    records = sorted(root.glob(f"core/batches/{PARTITION}=*/*.parquet"))
    if not records:
        return {}
    files = ", ".join(map(file_literal, records))
    return dict(
        con.execute(
            f"""
            select business_date, arg_max(row_count, loaded_at) from read_parquet([{files}], hive_partitioning = true)
            where system_name = ? and table_name = ? group by business_date
            """,
            [table.system, table.name],
        ).fetchall()
    )


def _code(column: Column) -> str:
    """SQL of a code as it is looked up: without blanks around it and in upper case; of a place, that of its city."""
    code = f"upper(trim({quoted(column.name)}))"
    if column.dictionary and column.dictionary.startswith(f"{AREAS}."):
        code = f"""
            case
                when not regexp_full_match({code}, '{PLACE}') then {code}
                when left({code}, 2) in {MUNICIPALITIES} then left({code}, 2) || '0000'
                when substr({code}, 3, 2) = '90' then left({code}, 6)
                else left({code}, 4) || '00'
            end"""
    return f"nullif({code}, '')"


def is_strange(column: Column, table: Table) -> str:
    """SQL that is true for a code that is not known."""
    known = ", ".join(literal(code) for code in sorted(known_codes(column, table)))
    return f"({_code(column)} not in ({known}))"


def known_codes(column: Column, table: Table) -> set[str]:
    """Codes of a column, in upper case: of its list or dictionary, and the bank's own by seed ``code_mappings``."""
    if column.dictionary:
        dictionary, _, name = column.dictionary.partition(".")
        known = {row[name].upper() for row in read_rows(dictionary)}
    else:
        dictionary = f"{table.qualified_name}.{column.name}"
        known = {code.upper() for code in column.codes}
    own = (row for row in read_rows("code_mappings") if row["dictionary"] == dictionary)
    return known | {row["bank_code"].strip().upper() for row in own if row["code"].upper() in known}


@cache
def _all_codes() -> tuple[str, ...]:
    """Every code of the contract's columns, in upper case: a word that is one of them tells of nobody."""
    tables = read_contract().values()
    judged = ((column, table) for table in tables for column in table.columns if column.codes or column.dictionary)
    return tuple(sorted({code for column, table in judged for code in known_codes(column, table)}))


def _commonest(delivered: DeliveredTable, column: Column) -> tuple[tuple[str, int], ...]:
    if column.sensitivity == "C1":
        codes = ", ".join(map(literal, _all_codes()))
        is_code = f"""
            regexp_full_match(value, {literal(NUMBERED_CODE.pattern)}) or upper(value) in ({codes})
            or (regexp_full_match(value, {literal(ABBREVIATION.pattern)}) and rows >= {CARRIERS})"""
    else:
        is_code = "false"
    return tuple(
        delivered.con.execute(
            f"""
            with counted as (
                select left(trim({quoted(column.name)}), 20) as value, count(*) as rows
                from {delivered.good} where {is_strange(column, delivered.table)} group by value
            )
            select case when {is_code} then value else {shape("value")} end as seen, sum(rows)::bigint as rows
            from counted group by seen order by rows desc, seen limit {SHOWN_CODES}
            """
        ).fetchall()
    )


def warnings(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    strange: Iterable[StrangeCodes],
    partitions: dict[str, list[Partition]],
) -> list[str]:
    """What is damaged beyond the thresholds, each with its remedy."""
    told = [codes.warning() for codes in strange if codes.is_damage]
    return told + list(fallen_batches(con, root, partitions))
