"""Files of one kind from several days, read together: ``customers_20260629.csv`` and ``customers_20260630.csv``.

For a mapping they are one table under the name without the date, with two columns more: ``file_name`` and
``file_date``. A file that bears its date in its own name can also be read alone, under its whole name.
"""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags.load.delivery import stem, undated
from banktags.load.extract import Extract, file_literal, literal, quoted
from banktags.load.problems import Problem

NAME_COLUMN, DATE_COLUMN = "file_name", "file_date"


@dataclass(frozen=True, eq=False)
class DatedExtract(Extract):
    """The rows of several dated files, one file after the other; ``part`` tells of which a row is."""

    parts: tuple[Extract, ...] = ()

    def places(self, rows: Iterable[int]) -> dict[int, str]:
        begins = [0]
        for part in self.parts:
            begins.append(begins[-1] + part.rows)
        wanted = defaultdict(set)
        for row in rows:
            number = bisect_right(begins, row) - 1
            wanted[number].add(row - begins[number])
        return {
            begins[number] + row: place
            for number, own_rows in wanted.items()
            for row, place in self.parts[number].places(own_rows).items()
        }

    def part(self, row: int) -> Extract:
        """The file that a row comes from."""
        for part in self.parts:
            if row < part.rows:
                return part
            row -= part.rows
        raise IndexError(row)


def together(con: duckdb.DuckDBPyConnection, extracts: Iterable[Extract], work: Path) -> list[Extract | Problem]:
    """The files as a mapping reads them: dated ones of one kind together, and each alone that has a name of its own."""
    kinds = defaultdict(list)
    for extract in extracts:
        kinds[undated(extract.name) if extract.dt else stem(extract.name)].append(extract)
    found: list[Extract | Problem] = []
    for kind, same in kinds.items():
        dated = [extract for extract in same if extract.dt]
        found += [extract for extract in same if extract.dt is None or stem(extract.name) != kind]
        if dated and len(dated) < len(same):
            lone = next(extract for extract in same if extract.dt is None)
            what = f"bears no date, but {dated[0].name} does, and both are {kind}"
            found.append(Problem(lone.name, what, "give it a date too, or another name"))
        elif dated:
            found.append(_joined(con, kind, dated, work))
    return found


def _joined(con: duckdb.DuckDBPyConnection, kind: str, parts: list[Extract], work: Path) -> Extract | Problem:
    target = work / (hashlib.sha256(f"dated {kind}".encode()).hexdigest()[:24] + ".parquet")
    own = {column.lower() for part in parts for column in part.columns}
    selects = []
    for part in parts:
        added = {NAME_COLUMN: literal(part.name), DATE_COLUMN: f"date {literal(part.dt)}"}
        columns = [quoted(column) for column in part.columns]
        columns += [f"{value} as {name}" for name, value in added.items() if name not in own]
        source = f"read_parquet({file_literal(part.parquet)}, hive_partitioning = false)"
        selects.append(f"select {', '.join(columns)} from {source}")
    try:
        con.execute(f"copy ({' union all by name '.join(selects)}) to {literal(target)} (format parquet)")
    except (duckdb.BinderException, duckdb.ConversionException):
        what = f"its columns have other types than those of {parts[0].name}, which is {kind} too"
        return Problem(parts[-1].name, what, "deliver the files of one kind in one form")
    described = con.execute(f"describe from read_parquet({file_literal(target)}, hive_partitioning = false)").fetchall()
    return DatedExtract(
        name=f"{kind}.parquet",
        parquet=target,
        columns={row[0]: row[1] for row in described},
        rows=sum(part.rows for part in parts),
        parts=tuple(parts),
    )
