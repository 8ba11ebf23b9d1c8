"""One delivered file, opened: readable as Parquet, with its columns, and the way back to the line of each row."""

import csv
import datetime
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Longest line of a text file, in bytes: beyond it a quote was never closed.
MAX_LINE_BYTES = 16 << 20
#: What would make a pattern of a file name.
GLOB_SIGNS = "*?["

csv.field_size_limit(min(sys.maxsize, MAX_LINE_BYTES))


@dataclass(frozen=True, eq=False)
class Extract:
    """One delivered file, readable as Parquet: the file itself, or the text copy of a delimited file.

    ``text`` is the delimited file in UTF-8: the delivered one, or a copy that was unpacked or converted.
    """

    name: str
    parquet: Path
    columns: dict[str, str]  # DuckDB type by column name
    rows: int
    text: Path | None = None
    delimiter: str = ","
    dt: datetime.date | None = None  # business date in the name of its folder or in its own

    def places(self, rows: Iterable[int]) -> dict[int, str]:
        """Where the rows with these ordinals (from 0) stand in the file: ``line 7`` of a text, else ``row 7``."""
        wanted = set(rows)
        if self.text is None:
            return {row: f"row {row + 1}" for row in wanted}
        lines = enumerate(data_rows(self.text, self.delimiter))
        return {row: f"line {line}" for row, (line, _) in lines if row in wanted}


def data_rows(text: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Data rows of a delimited file in UTF-8, with the physical line each begins on."""
    with text.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        next(reader)
        begins = reader.line_num + 1
        for fields in reader:
            if fields:
                yield begins, fields
            begins = reader.line_num + 1


def literal(value: object) -> str:
    """SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"


def file_pattern(path: Path) -> str:
    """A path that DuckDB reads, whatever is in it: ``*``, ``?`` and ``[`` stand for themselves."""
    return "".join(f"[{sign}]" if sign in GLOB_SIGNS else sign for sign in str(path))


def file_literal(path: Path) -> str:
    """SQL text literal of a file that is read, see ``file_pattern``."""
    return literal(file_pattern(path))


def path_fault(path: Path) -> str | None:
    """Why DuckDB cannot read a file of this path, whatever is in it; None when it can."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if "\\" in str(path) and any(sign in str(path) for sign in GLOB_SIGNS):
        return "its path holds a backslash and one of * ? [, which together read as a pattern"
    return None


def quoted(name: str) -> str:
    """SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
