"""Delimited text as it comes: packed or not, in any encoding, with any one delimiter; copied as text to Parquet.

A header names each column once. Its cells are taken without blanks at their ends; a cell without a name is
``column_<n>``, and left out when no row has a value there, as after a delimiter that ends each line. No message shows
a cell: where the header row is missing, the first line is a customer.
"""

import codecs
import csv
import gzip
import hashlib
import os
import shlex
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from banktags.load.extract import MAX_LINE_BYTES, Extract, data_rows, file_literal, literal, quoted
from banktags.load.problems import Problem
from banktags.load.values import visible

PACKED = ".gz"
CSV = ".csv"
EXTENSIONS = (CSV, ".txt", ".tsv", ".dat", ".del")
DELIMITERS = (",", ";", "\t", "|", "\x01")
CHUNK_BYTES = 1 << 22
#: What a file is, by its first bytes, when it is no text.
OTHER_FORMATS = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet (.xlsx)",
    b"\xd0\xcf\x11\xe0": "a spreadsheet (.xls)",
    b"PAR1": "Parquet",
    b"\x1f\x8b": "packed by gzip",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ": "packed by xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"%PDF": "a PDF",
}
NO_TEXT = "have it delivered again as text"
#: Columns of one file; there are none wider, and with another delimiter each sign may be a column.
MAX_COLUMNS = 6000
#: By its byte order mark. UTF-32 begins as UTF-16 does.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    codecs.BOM_UTF8: "UTF-8",
}


@dataclass(frozen=True)
class TextForm:
    """How the texts of a delivery are written, where the bank says so; None: UTF-8, and the delimiter of its kind."""

    encoding: str | None = None
    delimiter: str | None = None


#: UTF-8, each kind with its own delimiter.
AS_USUAL = TextForm()


@dataclass(frozen=True)
class _Header:
    """Names of the columns of a text, in order; ``unnamed`` are those that the file does not name."""

    names: list[str]
    unnamed: frozenset[str]


def extension(path: Path) -> str:
    """Extension of a text in lower case, without that of its packing: ``.csv`` of ``A.CSV.gz``."""
    return Path(path.name.lower().removesuffix(PACKED)).suffix


def open_text(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    work: Path,
    any_delimiter: bool,
    form: TextForm,
    known: Collection[str] = (),
) -> Extract | Problem:
    """Copy a delimited file as text to ``work`` (Parquet), or say why it cannot be read.

    ``known`` are names of columns that a message may show.
    """
    copy = work / hashlib.sha256(name.encode()).hexdigest()[:24]
    text = _utf8(path, name, copy.with_suffix(".csv"), form.encoding)
    if isinstance(text, Problem):
        return text
    delimiter = form.delimiter or _delimiter(text, name, any_delimiter or extension(path) != CSV)
    if isinstance(delimiter, Problem):
        return delimiter
    header = _header(text, name, delimiter, known)
    if isinstance(header, Problem):
        return header
    target = copy.with_suffix(".parquet")
    options = {
        "auto_detect": "false",
        "hive_partitioning": "false",
        "compression": "'none'",
        "header": "true",
        "delim": literal(delimiter),
        "quote": "'\"'",
        "escape": "'\"'",
        "strict_mode": "true",
        "max_line_size": str(MAX_LINE_BYTES),
        "columns": "{" + ", ".join(f"{literal(column)}: 'varchar'" for column in header.names) + "}",
    }
    source = f"read_csv({file_literal(text)}, {', '.join(f'{option} = {value}' for option, value in options.items())})"
    try:
        (rows,) = con.execute(f"copy (select * from {source}) to {literal(target)} (format parquet)").fetchone()
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return _torn_line(text, name, delimiter, len(header.names))
    empty = _without_values(con, target, header)
    columns = {column: "VARCHAR" for column in header.names if column not in empty}
    return Extract(name=name, parquet=target, columns=columns, rows=rows, text=text, delimiter=delimiter)


def _utf8(path: Path, name: str, copy: Path, encoding: str | None) -> Path | Problem:
    """The file in UTF-8: itself, or unpacked and converted to ``copy``."""
    packed = path.name.lower().endswith(PACKED)
    try:
        with path.open("rb") as file:
            begin = file.read(8)
        if packed and begin:
            with gzip.open(path) as file:
                begin = file.read(8)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return _damaged(name)
    except OSError as error:
        return unreadable(name, error)
    if not begin:
        return Problem(
            name,
            "empty file: not even a header",
            "check that the export ran; a table without rows still has its header",
        )
    for signature, kind in OTHER_FORMATS.items():
        if begin.startswith(signature):
            return Problem(name, f"no text: its first bytes are those of {kind}", "unpack it, or export it as CSV")
    marked = next((kind for mark, kind in BYTE_ORDER_MARKS.items() if begin.startswith(mark)), None)
    if marked and marked != "UTF-8" and not (encoding or "").lower().replace("_", "-").startswith(marked.lower()):
        return Problem(name, f"{marked}, not {encoding or 'UTF-8'}, by its first bytes", _remedy(marked, path))
    if marked == "UTF-8":
        encoding = None
    if encoding and (problem := _utf8_after_all(path, name, packed, encoding)):
        return problem
    try:
        if not packed and encoding is None:
            problem = _decoding_problem(_pieces(path, packed), path, name, "utf-8")
            return problem or path
        with copy.open("wb") as target:
            problem = _decoding_problem(_pieces(path, packed), path, name, encoding or "utf-8", target)
        return problem or copy
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return _damaged(name)


def _pieces(path: Path, packed: bool) -> Iterator[bytes]:
    """The bytes of a file, unpacked; the last piece is empty."""
    file: BinaryIO
    with gzip.open(path) if packed else path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece
        yield b""


def _decoding_problem(
    pieces: Iterator[bytes], path: Path, name: str, encoding: str, target: BinaryIO | None = None
) -> Problem | None:
    """Decode a file to its end, writing it in UTF-8 to ``target``; the first place that is not of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    line, offset = 1, 0
    for piece in pieces:
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            if is_utf8 and b"\0" in error.object[: error.start]:
                return _nul_problem(path, name, error.object)
            if not is_utf8:
                place = f"line {_line(error, line, encoding)}"
                return Problem(name, f"not {encoding} from here on", _remedy("GB18030", path, encoding), place)
            line += error.object[: error.start].count(b"\n")
            byte = offset - pending + error.start
            what = f"not UTF-8: byte {byte} is 0x{error.object[error.start]:02x}"
            return Problem(name, what, _remedy("GB18030", path), f"line {line}")
        line += text.count("\n")
        offset += len(piece)
        if "\0" in text:
            return _nul_problem(path, name, text.encode()) if is_utf8 else Problem(name, "holds NUL signs", NO_TEXT)
        if target:
            target.write(text.encode())
    return None


def _nul_problem(path: Path, name: str, begin: bytes) -> Problem:
    """UTF-16 without a mark: of the signs that every file has, such as commas, the other byte is NUL."""
    encoding = "UTF-16BE" if begin.index(0) % 2 == 0 else "UTF-16LE"
    return Problem(name, "holds NUL bytes: UTF-16, or not text", _remedy(encoding, path))


def _line(error: UnicodeDecodeError, line: int, encoding: str) -> int:
    return line + error.object[: error.start].decode(encoding, errors="replace").count("\n")


def _utf8_after_all(path: Path, name: str, packed: bool, encoding: str) -> Problem | None:
    """A problem where a file that is said to be in another encoding is UTF-8, with Chinese text that proves it."""
    if codecs.lookup(encoding).name == "utf-8" or codecs.lookup(encoding).name.startswith("utf-16"):
        return None
    decoder, is_chinese = codecs.getincrementaldecoder("utf-8")(), False
    try:
        for piece in _pieces(path, packed):
            is_chinese |= any("\u4e00" <= sign <= "\u9fff" for sign in decoder.decode(piece, final=not piece))
    except UnicodeDecodeError:
        return None
    if not is_chinese:
        return None
    return Problem(name, f"UTF-8 already, not {encoding}", "load the files of each encoding from a folder of their own")


def _remedy(encoding: str, path: Path, given: str | None = None) -> str:
    if given and codecs.lookup(given) == codecs.lookup(encoding):
        return "have it delivered again in one encoding, and pass its name as --encoding"
    file = shlex.quote(path.name)
    return (
        f"if it is {encoding}, pass --encoding {encoding}; or convert it, for example: "
        f"iconv -f {encoding} -t UTF-8 {file} > utf8 && mv utf8 {file}"
    )


def _damaged(name: str) -> Problem:
    return Problem(
        name,
        "not readable as gzip: truncated, damaged or not packed at all",
        "have it delivered again, and compare its size with the sender's",
    )


def unreadable(name: str, error: OSError) -> Problem:
    """A file that the system does not give."""
    what = f"cannot be read: {os.strerror(error.errno) if error.errno else 'input/output error'}"
    return Problem(name, what, "let the user who loads read it, or have it delivered again")


def _delimiter(text: Path, name: str, any_delimiter: bool) -> str | Problem:
    with text.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
    likeliest = max(DELIMITERS, key=first.count)
    if any_delimiter:
        return likeliest
    if likeliest != "," and "," not in first and likeliest in first:
        return Problem(
            name,
            f"one column found: the delimiter seems to be {likeliest!r}",
            f"export with commas as delimiter and quoted text, or pass --delimiter {_typed(likeliest)}",
            "line 1",
        )
    return ","


def _typed(delimiter: str) -> str:
    """A delimiter as it is typed in a shell."""
    return {"\t": "tab", "\x01": "'\\x01'"}.get(delimiter, f"'{delimiter}'")


def _header(text: Path, name: str, delimiter: str, known: Collection[str]) -> _Header | Problem:
    try:
        with text.open(encoding="utf-8-sig", newline="") as lines:
            cells = [visible(cell) for cell in next(csv.reader(lines, delimiter=delimiter, strict=True), [])]
    except csv.Error:
        cells = []
    if not any(cells):
        return Problem(
            name, "the first line is no header", "write the names of the columns as the first line", "line 1"
        )
    if len(cells) > MAX_COLUMNS:
        remedy = "leave out what is not needed, or pass its true delimiter: --delimiter"
        return Problem(
            name, f"{len(cells):,} columns that the loader does not read: at most {MAX_COLUMNS:,}", remedy, "line 1"
        )
    places, names, unnamed = defaultdict(list), [], set()
    for number, cell in enumerate(cells, start=1):
        places[cell.lower()].append(number)
        names.append(cell or _unused(f"column_{number}", cells))
        unnamed |= {names[-1]} if not cell else set()
    for cell, numbers in places.items():
        if cell and len(numbers) > 1:
            which = f"the column {cell!r}" if cell in known else "one column"
            what = f"the header names {which} {len(numbers)} times: cells {', '.join(map(str, numbers[:5]))}"
            return Problem(name, what, "give each column one name, in the first line of the file", "line 1")
    return _Header(names, frozenset(unnamed))


def _unused(name: str, cells: list[str]) -> str:
    while name in (cell.lower() for cell in cells):
        name += "_"
    return name


def _without_values(con: duckdb.DuckDBPyConnection, parquet: Path, header: _Header) -> set[str]:
    """Columns without a name in which no row has a value."""
    if not header.unnamed:
        return set()
    unnamed = sorted(header.unnamed)
    counts = ", ".join(f"count({quoted(column)})" for column in unnamed)
    counted = con.execute(f"select {counts} from read_parquet({file_literal(parquet)})").fetchone()
    return {column for column, count in zip(unnamed, counted, strict=True) if not count}


def _torn_line(text: Path, name: str, delimiter: str, width: int) -> Problem:
    """Why DuckDB could not parse a delimited file. One torn line refuses the file: after it, nothing is certain."""
    remedy = "export again with text in double quotes and inner quotes doubled; a file that ends mid-line was cut off"
    line = 1
    try:
        for line, fields in data_rows(text, delimiter):
            if len(fields) != width:
                return Problem(name, f"{len(fields)} fields where the header has {width}", remedy, f"line {line}")
    except csv.Error as error:
        if "field limit" not in str(error):
            what = "a double quote that is never closed, or stands inside unquoted text"
            return Problem(name, what, remedy, f"after line {line}")
    return Problem(name, f"not readable as CSV: a line longer than {MAX_LINE_BYTES:,} bytes, or stray quotes", remedy)
