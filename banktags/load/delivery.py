"""The delivered files: which there are, which contract table each belongs to, and whether it can be read at all.

Layouts of a folder of extracts, CSV or Parquet, which may be mixed:

- ``<system>/<table>.csv`` or ``<system>__<table>.csv``
- ``<system>/<table>/<any name>.csv``, and with a business date ``<system>/<table>/dt=YYYY-MM-DD/<any name>.csv``

Files and folders whose names begin with ``_`` or ``.`` (``_SUCCESS``, ``.crc``) are not extracts. CSV is UTF-8, comma
separated, RFC 4180 quoted, with a header; an empty field is null.
"""

import codecs
import csv
import datetime
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags.contract import PARTITION, Table
from banktags.load.problems import BatchError, Problem, nearest

FORMATS = (".csv", ".parquet")
DELIMITERS = (",", ";", "\t", "|")
CHUNK_BYTES = 1 << 22


@dataclass(frozen=True, eq=False)
class Extract:
    """One delivered file, readable as Parquet: the file itself, or the text copy of a CSV file."""

    name: str
    parquet: Path
    columns: dict[str, str]  # DuckDB type by column name
    rows: int
    csv: Path | None = None
    dt: datetime.date | None = None  # business date in the folder name
    row_word: str = "row"

    def places(self, rows: Iterable[int]) -> dict[int, str]:
        """Where the rows with these ordinals (from 0) stand in the file: ``line 7`` of a CSV, else ``row 7``."""
        wanted = set(rows)
        if self.csv is None:
            return {row: f"{self.row_word} {row + 1}" for row in wanted}
        return {row: f"line {line}" for row, (line, _) in enumerate(_csv_rows(self.csv)) if row in wanted}


def find_files(folder: Path) -> list[Path]:
    """Extracts under ``folder``, in the order of their names.

    Raises:
        BatchError: the folder is missing or empty, or holds files that are neither CSV nor Parquet.
    """
    if not folder.is_dir():
        raise BatchError([Problem(str(folder), "no such folder", "give the folder that holds the bank's extracts")])
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    ]
    if not files:
        raise BatchError(
            [
                Problem(
                    str(folder),
                    "empty: there is no extract in it",
                    "check that the export ran and wrote to this folder",
                )
            ]
        )
    strange = [path for path in files if path.suffix not in FORMATS]
    if strange:
        raise BatchError(
            Problem(
                path.relative_to(folder).as_posix(),
                "neither .csv nor .parquet",
                "export as CSV or Parquet, or move it out of the folder",
            )
            for path in strange
        )
    return files


def table_of(name: str, contract: dict[str, Table]) -> Table | Problem:
    """The contract table that a file of this name (relative to the folder, POSIX) delivers."""
    *folders, file = name.split("/")
    if folders and folders[-1].startswith(f"{PARTITION}="):
        folders.pop()
    candidates = [
        Path(file).stem.replace("__", "."),
        ".".join([*folders[-1:], Path(file).stem]),
        ".".join(folders[-2:]),
    ]
    for candidate in candidates:
        if candidate in contract:
            return contract[candidate]
    likely = next(
        (hint for hint in (nearest(candidate, contract) for candidate in candidates if candidate) if hint), ""
    )
    return Problem(
        name,
        f"matches no table of the contract{likely}",
        "name it <system>__<table>.csv, <system>/<table>.csv or <system>/<table>/dt=YYYY-MM-DD/<any>.csv "
        "(or .parquet), or write a mapping and pass --mapping",
    )


def folder_date(name: str) -> datetime.date | Problem | None:
    """Business date in the folder name ``dt=YYYY-MM-DD`` of a file, if it has one."""
    for folder in name.split("/")[:-1]:
        if folder.startswith(f"{PARTITION}="):
            try:
                date = datetime.date.fromisoformat(folder.removeprefix(f"{PARTITION}="))
            except ValueError:
                date = None
            if folder != f"{PARTITION}={date}":
                return Problem(name, f"folder {folder} does not name a date", "name the folder dt=YYYY-MM-DD")
            return date
    return None


def delivered_twice(files: Iterable[tuple[str, Path]]) -> Iterator[Problem]:
    """A problem for each file, given as name and path, whose content is that of an earlier one."""
    by_size = defaultdict(list)
    for name, path in files:
        by_size[path.stat().st_size].append((name, path))
    for group in by_size.values():
        first_with: dict[str, str] = {}
        for name, path in group if len(group) > 1 else ():
            first = first_with.setdefault(_sha256(path), name)
            if first != name:
                yield Problem(name, f"the same content as {first}: one file delivered twice", "remove one of the two")


def open_extract(
    con: duckdb.DuckDBPyConnection, path: Path, name: str, work: Path, any_delimiter: bool = False
) -> Extract | Problem:
    """Open one file: a CSV is copied as text to ``work`` (Parquet), a Parquet file is read where it is."""
    if path.suffix == ".csv":
        return _open_csv(con, path, name, work, any_delimiter)
    return open_parquet(con, path, name)


def open_parquet(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> Extract | Problem:
    """Open a Parquet file and read all its pages, so that damage shows here and not in the middle of a load."""
    source = f"read_parquet({literal(path)}, hive_partitioning = false)"
    try:
        columns = {row[0]: row[1] for row in con.execute(f"describe select * from {source}").fetchall()}
        names = [quoted(column) for column in columns]
        counts = ", ".join(f"count({name})" for name in names)
        read = f"select bit_xor(hash({', '.join(names)})), count(*), {counts} from {source}"
        _, rows, *filled = con.execute(read).fetchone()
    except duckdb.Error:
        return Problem(
            name,
            "not readable as Parquet: truncated, damaged or not Parquet at all",
            "have it delivered again, and compare its size with the sender's",
        )
    # The type of a column without any value is accidental: it is as good as text.
    types = {
        column: kind if count else "VARCHAR" for (column, kind), count in zip(columns.items(), filled, strict=True)
    }
    return Extract(name=name, parquet=path, columns=types, rows=rows)


def _open_csv(
    con: duckdb.DuckDBPyConnection, path: Path, name: str, work: Path, any_delimiter: bool
) -> Extract | Problem:
    if path.stat().st_size == 0:
        return Problem(
            name,
            "empty file: not even a header",
            "check that the export ran; a table without rows still has its header",
        )
    if (problem := _encoding_problem(path, name)) is not None:
        return problem
    with path.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
    likeliest = max(DELIMITERS, key=first.count)
    if likeliest != "," and not any_delimiter and "," not in first and likeliest in first:
        return Problem(
            name,
            f"one column found: the delimiter seems to be {likeliest!r}",
            "export with commas as delimiter and quoted text",
            "line 1",
        )
    delimiter = likeliest if any_delimiter else ","
    header = next(csv.reader([first], delimiter=delimiter))
    for column in header:
        if not column.strip() or header.count(column) > 1:
            return Problem(
                name,
                f"the header names the column {column!r} {header.count(column)} times",
                "give each column one name",
                "line 1",
            )
    target = work / (name.replace("/", "__") + ".parquet")
    options = {
        "auto_detect": "false",
        "hive_partitioning": "false",
        "header": "true",
        "delim": literal(delimiter),
        "quote": "'\"'",
        "escape": "'\"'",
        "strict_mode": "true",
        "columns": "{" + ", ".join(f"{literal(column)}: 'varchar'" for column in header) + "}",
    }
    source = f"read_csv({literal(path)}, {', '.join(f'{option} = {value}' for option, value in options.items())})"
    try:
        (rows,) = con.execute(f"copy (select * from {source}) to {literal(target)} (format parquet)").fetchone()
    except duckdb.Error:
        return _torn_line(path, name, delimiter, len(header))
    return Extract(name=name, parquet=target, columns=dict.fromkeys(header, "VARCHAR"), rows=rows, csv=path)


def _encoding_problem(path: Path, name: str) -> Problem | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, offset = 1, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK_BYTES)
            pending = decoder.getstate()[0]
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                byte = offset - len(pending) + error.start
                return Problem(
                    name,
                    f"not UTF-8: byte {byte} is 0x{error.object[error.start]:02x}",
                    _conversion("GB18030", path),
                    f"line {line}",
                )
            line += text.count("\n")
            offset += len(chunk)
            if "\0" in text:
                return Problem(
                    name,
                    "holds NUL bytes: UTF-16, or not text",
                    _conversion("UTF-16", path),
                )
            if not chunk:
                return None


def _conversion(encoding: str, path: Path) -> str:
    return f"convert it, for example: iconv -f {encoding} -t UTF-8 {path.name} > utf8 && mv utf8 {path.name}"


def _torn_line(path: Path, name: str, delimiter: str, width: int) -> Problem:
    """Why DuckDB could not parse a CSV file. One torn line refuses the file: after it, nothing is certain."""
    remedy = "export again with text in double quotes and inner quotes doubled; a file that ends mid-line was cut off"
    line = 1
    try:
        for line, fields in _csv_rows(path, delimiter):
            if len(fields) != width:
                return Problem(name, f"{len(fields)} fields where the header has {width}", remedy, f"line {line}")
    except csv.Error:
        return Problem(
            name, "a double quote that is never closed, or stands inside unquoted text", remedy, f"after line {line}"
        )
    return Problem(name, "not readable as CSV", remedy)


def _csv_rows(path: Path, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Data rows of a CSV file with the physical line each begins on."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        next(reader)
        begins = reader.line_num + 1
        for fields in reader:
            if fields:
                yield begins, fields
            begins = reader.line_num + 1


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def literal(value: object) -> str:
    """SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
