"""The delivered files: which there are, which contract table each belongs to, and whether it can be read at all.

Layouts of a folder of extracts, delimited text or Parquet, which may be mixed:

- ``<system>/<table>.csv`` or ``<system>__<table>.csv``
- ``<system>/<table>/<any name>.csv``, and with a business date ``<system>/<table>/dt=YYYY-MM-DD/<any name>.csv``
- any of these with the business date in the name of the file (``core__customers_20260630.csv``) or as a folder
  (``2026-06-30/core/customers.csv``), written YYYYMMDD or YYYY-MM-DD

Text is ``.csv``, ``.txt``, ``.tsv``, ``.dat`` or ``.del``, each also packed as ``.gz``; extensions are read without
case. It is UTF-8, RFC 4180 quoted, with a header; an empty field is null. A ``.csv`` is comma separated, the delimiter
of the others is the one that the header uses most. Links are followed. Files and folders whose names begin with ``_``
or ``.`` (``_SUCCESS``, ``.crc``) are not extracts.
"""

import datetime
import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import duckdb

from banktags.contract import PARTITION, Table
from banktags.load.delimited import (
    AS_USUAL,
    CHUNK_BYTES,
    EXTENSIONS,
    PACKED,
    TextForm,
    extension,
    open_text,
    unreadable,
)
from banktags.load.extract import Extract, file_literal, literal, path_fault, quoted
from banktags.load.problems import BatchError, Problem, nearest

__all__ = ["Extract", "literal", "quoted"]

PARQUET = ".parquet"
#: A date in a name, with what sets it apart from the rest of it, and the time or the number of a part behind it.
DATE_IN_NAME = re.compile(
    r"(?P<before>^|[-_. ]|(?<=[^\W\d]))(?P<year>(?:19|20)\d\d)(?P<sign>[-_.]?)(?P<month>\d\d)(?P=sign)(?P<day>\d\d)"
    r"(?:[-_T]?\d{4,6})?(?P<after>$|[-_. ](?:(?:part)?[-_]?\d{1,4}$)?)"
)


def find_files(folder: Path) -> list[Path]:
    """Extracts under ``folder``, in the order of their names.

    Raises:
        BatchError: the folder is missing or empty, or holds what is neither text nor Parquet or cannot be read.
    """
    if not folder.is_dir():
        raise BatchError([Problem(str(folder), "no such folder", "give the folder that holds the bank's extracts")])
    if fault := path_fault(folder):
        raise BatchError([Problem(str(folder), fault, "rename the folder")])
    files: list[Path] = []
    problems = list(_walk(folder, folder, (), files))
    if problems:
        raise BatchError(problems)
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
    return sorted(files)


def _walk(root: Path, folder: Path, above: tuple[Path, ...], files: list[Path]) -> Iterator[Problem]:
    """Gather the extracts of a folder into ``files``, through links; a problem for each entry that is none.

    ``above`` are the true paths of the folders that lead here.
    """
    above = (*above, folder.resolve())
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield unreadable(f"{_name(root, folder)}/", error)
        return
    for path in entries:
        name = _name(root, path)
        if path.name.startswith(("_", ".")):
            continue
        if fault := path_fault(path):
            yield Problem(name, fault, "rename it")
        elif path.is_dir():
            if path.resolve() in above:
                yield Problem(name, "a link to a folder that it lies in", "remove the link")
            else:
                yield from _walk(root, path, above, files)
        elif path.is_file():
            if path.suffix.lower() == PARQUET or extension(path) in EXTENSIONS:
                files.append(path)
            else:
                yield _strange(name)
        elif path.is_symlink():
            yield Problem(name, "a link to nothing", "deliver the file itself, or remove the link")
        else:
            yield Problem(name, "neither a file nor a folder", "remove it")


def left_aside(folder: Path) -> list[str]:
    """Names of files that look like extracts and are none, since a name begins with ``_`` or ``.``."""
    return sorted(
        _name(folder, path)
        for path in folder.rglob("*")
        if (path.suffix.lower() == PARQUET or extension(path) in EXTENSIONS)
        and any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    )


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _strange(name: str) -> Problem:
    return Problem(
        name,
        f"neither .csv nor .parquet, nor another text ({', '.join(EXTENSIONS[1:])}; also packed, {PACKED})",
        "unpack it, export as CSV or Parquet, or move it out of the folder",
    )


def stem(name: str) -> str:
    """Name of a file without folders and extensions: ``customers`` of ``2026-06-30/customers.CSV.gz``."""
    file = name.rsplit("/", 1)[-1]
    if file.lower().endswith(PACKED):
        file = file[: -len(PACKED)]
    return Path(file).stem


def undated(name: str) -> str:
    """The stem without the date in it: ``customers`` of ``customers_20260630.csv``."""
    bare = stem(name)
    dated = DATE_IN_NAME.search(bare)
    if dated is None:
        return bare
    joint = dated["before"] if dated["before"] and dated["after"] and dated.end() < len(bare) else ""
    return (bare[: dated.start()] + joint + bare[dated.end() :]) or bare


def table_of(name: str, contract: dict[str, Table]) -> Table | Problem:
    """The contract table that a file of this name (relative to the folder, POSIX) delivers."""
    folders = [folder for folder in name.split("/")[:-1] if not _is_date_folder(folder)]
    bare = undated(name)
    candidates = [
        bare.replace("__", ".").lower(),
        ".".join([*folders[-1:], bare]).lower(),
        ".".join(folders[-2:]).lower(),
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


def _is_date_folder(folder: str) -> bool:
    dated = DATE_IN_NAME.fullmatch(folder)
    return folder.startswith(f"{PARTITION}=") or bool(dated and dated["sign"] in ("", "-"))


def name_date(name: str) -> datetime.date | Problem | None:
    """Business date in the name of a file or of its folders, if there is one. A folder ``dt=…`` says it alone; where
    a dated folder and the file name both say it, they say the same.
    """
    dates: dict[str, datetime.date | None] = {}
    for folder in name.split("/")[:-1]:
        if folder.startswith(f"{PARTITION}="):
            date = _date(folder.removeprefix(f"{PARTITION}="))
            if folder != f"{PARTITION}={date}":
                return Problem(name, f"folder {folder} does not name a date", "name the folder dt=YYYY-MM-DD")
            return date
        if _is_date_folder(folder):
            dates[f"folder {folder}"] = _date(folder)
    if dated := DATE_IN_NAME.search(stem(name)):
        dates["the file name"] = _date("-".join(dated.group("year", "month", "day")))
    for where, date in dates.items():
        if date is None:
            return Problem(name, f"{where} does not name a date", "name it after a real day, YYYYMMDD")
    if len(set(dates.values())) > 1:
        said = " and ".join(f"{where} says {date}" for where, date in dates.items())
        return Problem(name, f"two business dates: {said}", "put it into the folder of its own date, or rename it")
    return next(iter(dates.values()), None)


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
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
    con: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    work: Path,
    any_delimiter: bool = False,
    form: TextForm = AS_USUAL,
    known: Collection[str] = (),
) -> Extract | Problem:
    """Open one file: a text is copied as it is to ``work`` (Parquet), a Parquet file is read where it is."""
    if path.suffix.lower() == PARQUET:
        return open_parquet(con, path, name)
    return open_text(con, path, name, work, any_delimiter, form, known)


def open_parquet(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> Extract | Problem:
    """Open a Parquet file and read all its pages, so that damage shows here and not in the middle of a load."""
    source = f"read_parquet({file_literal(path)}, hive_partitioning = false)"
    try:
        with path.open("rb") as file:
            file.read(1)
        columns = {row[0]: row[1] for row in con.execute(f"describe select * from {source}").fetchall()}
        names = [quoted(column) for column in columns]
        counts = ", ".join(f"count({name})" for name in names)
        read = f"select bit_xor(hash({', '.join(names)})), count(*), {counts} from {source}"
        _, rows, *filled = con.execute(read).fetchone()
    except OSError as error:
        return unreadable(name, error)
    except duckdb.OutOfMemoryException:
        return Problem(
            name,
            "takes more memory to read than the loader has: damaged, or written in row groups too large",
            "have it delivered again, in row groups of about a million values",
        )
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


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
