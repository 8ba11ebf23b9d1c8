"""What is on record (留痕): one Parquet file a record; no list without its record, and no record without its list.

A folder a kind lies under ``data/lists`` (``BANK_TAGS_LISTS``): ``exports``, ``portrait_openings`` … The warehouse file
has one writer, dbt, so a record is a file of its own, which the next build reads. No record is ever replaced: its name
has a random part, and it gets it by a hard link, which fails where the name is taken.

Records of a kind are a chain: each has a ``record_number`` and the SHA-256 of the one before (``previous_digest``), and
``heads/<kind>.parquet`` says how many they are and what the digest of the last is. So a build tells that one is gone or
was changed (DECISIONS 83). What is half done when a command is killed stands in ``heads/<kind>.pending``, and the next
command that keeps a record of that kind completes it or takes it back.

Only its owner may read what is kept here: files are 0600 in folders of 0700, whatever the umask.
"""

import datetime
import fcntl
import getpass
import hashlib
import json
import os
import re
import secrets
import signal
import stat
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import duckdb
import typer

from banktags import clock
from banktags.contract import PROJECT_ROOT
from banktags.load.extract import file_pattern, literal, path_fault, quoted
from banktags.private import PRIVATE_FILE, PRIVATE_FOLDER

#: The folder of pages that `make docs` serves and that is mailed as a whole.
SERVED = PROJECT_ROOT / "site"
#: SQL type of a value of a record.
TYPES: dict[type, str] = {
    str: "varchar",
    bool: "boolean",
    int: "bigint",
    float: "double",
    datetime.date: "date",
    datetime.datetime: "timestamp",
}
#: What is written, until it has its name.
PARTIAL = re.compile(r"\.[0-9a-f]{16}\.partial")
#: Letters that show nothing.
INVISIBLE_LETTERS = "\u115f\u1160\u17b4\u17b5\u3164\uffa0"
#: Categories of signs that don't show or break the line.
HIDDEN_SIGNS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class RecordError(typer.BadParameter):
    """It can't be kept on record, so it is not done: what is in the way, and what to do. Commands end with it."""


@dataclass(frozen=True)
class Draft:
    """A list that is being written to ``path``: it stands under its name, ``file``, once it is on record."""

    path: Path
    file: Path
    replaces: bool

    def digest(self) -> str:
        """SHA-256 of what is written, in hex."""
        return digest(self.path)

    def publish(self, kind: str, row: Mapping[str, object], types: Mapping[str, str] | None = None) -> Path:
        """Keep the record, then give the list its name: both, or neither. Returns the file of the record.

        Raises:
            RecordError: as ``record``; or there is a file of that name by now, and this list replaces none.
        """
        return _keep(kind, row, types or {}, self)


def lists_folder() -> Path:
    """Folder of lists and records: ``BANK_TAGS_LISTS``, or ``data/lists`` in the project."""
    return Path(os.environ.get("BANK_TAGS_LISTS", PROJECT_ROOT / "data" / "lists"))


def new_id(moment: datetime.datetime, *words: str) -> str:
    """An id that no other record has: time, words and 64 random bits."""
    return "-".join([f"{moment:%Y%m%dT%H%M%S}", *words, secrets.token_hex(8)])


def record(kind: str, row: Mapping[str, object], types: Mapping[str, str] | None = None) -> Path:
    """Keep a record of one row under ``<lists>/<kind>/``: whole or not at all. Returns its file.

    A column that ends in ``_by`` says who, ``reason`` and ``purpose`` say why: a record has one of each at least, and
    none of them is blank. ``types`` gives the SQL type of columns whose value does not tell it, as null.

    Raises:
        RecordError: it is not said who or why, or it can't be written. What can't be kept on record must not be done.
    """
    return _keep(kind, row, types or {}, None)


def head_of(kind: str) -> tuple[int, str | None]:
    """How many records of a kind there are, and the digest of the last.

    Raises:
        RecordError: what says so is damaged.
    """
    return _Chain(lists_folder(), kind).head()


def settle(kind: str, lists: Path) -> Path | None:
    """Complete, or take back, what a killed command left of a kind; remove what it was writing in a folder of lists.

    Returns the list that it completed, if any.

    Raises:
        RecordError: a folder can't be written.
    """
    root = lists_folder()
    with _told(lists):
        if lists.is_dir():
            _remove_abandoned(lists)
    if not ((root / kind).is_dir() and (root / "heads").is_dir()):
        return None
    with _told(root / kind), _stopped_by_signals(), _locked(root / ".lock"):
        return _Chain(root, kind).finish_killed()


def machine_user() -> str:
    """The user of this machine; empty where it has no name for them, and ``--by`` must say who."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


@contextmanager
def draft(file: Path, replaces: bool = False, is_own_folder: bool = False) -> Iterator[Draft]:
    """Write a list: to ``path`` of the draft, which ``publish`` puts on record and gives its name.

    What is not published is gone when the block ends, however it ends; what a killed command left beside it goes too.
    The folder is closed to others where it is one of the project's own.

    Raises:
        RecordError: the folder can't be written or is served, or the file is there and is not to be replaced.
    """
    with _told(file), _stopped_by_signals():
        refuse_served(file)
        file = file.absolute()
        if not replaces and os.path.lexists(file):
            raise RecordError(f"{file} exists: a list never replaces another; take another name")
        _make_folder(file.parent, is_own_folder)
        _remove_abandoned(file.parent)
        with _new_file(file.parent) as path:
            yield Draft(path, file, replaces)


def write_page(file: Path, page: str) -> None:
    """Write a page about customers whose opening is on record: its owner's alone, the whole page or the one before.

    Raises:
        RecordError: the folder can't be written, or is served.
    """
    with _told(file), _stopped_by_signals():
        refuse_served(file)
        _make_folder(file.absolute().parent, is_own=False)
        _remove_abandoned(file.absolute().parent)
        _replace(file.absolute(), lambda partial: partial.write_text(page, encoding="utf-8"))


def refuse_served(path: Path) -> None:
    """Refuse a place in the folder of pages that is served.

    Raises:
        RecordError: it is there, whatever links lead to it.
    """
    try:
        places = Path(os.path.normpath(path.absolute())), path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise RecordError(f"{_line(path)} is no place to write to: {_line(error)}. Name another one") from error
    for place in places:
        if {SERVED, SERVED.resolve()} & {place, *place.parents}:
            raise RecordError(
                f"{_line(path)} stands in {SERVED}, which is served and mailed: write what holds customers elsewhere"
            )


def digest(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while part := opened.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def check_said(what: str, text: object) -> None:
    """Refuse a who or why that says nothing.

    Raises:
        RecordError: it has no letter and no digit, or a sign that does not show or breaks the line.
    """
    if not isinstance(text, str) or not any(sign.isalnum() and sign not in INVISIBLE_LETTERS for sign in text):
        raise RecordError(f"{what} is blank: say it in words, they go on record")
    hidden = [sign for sign in text if unicodedata.category(sign) in HIDDEN_SIGNS]
    if hidden:
        raise RecordError(f"{what} holds {hidden[0]!a}, which does not show: write it as one line of plain text")


def _keep(kind: str, row: Mapping[str, object], types: Mapping[str, str], taken: Draft | None) -> Path:
    if not re.fullmatch(r"[a-z_]+", kind):
        raise ValueError(f"a kind of records is named by a-z and _, not {kind!r}")
    who = [name for name in row if name.endswith("_by")]
    why = [name for name in row if name in ("reason", "purpose")]
    if not who or not why:
        raise ValueError(f"a record of {kind} says who, in a column …_by, and why, in column reason or purpose")
    for name in who + why:
        check_said(name, row[name])
    root = lists_folder()
    with _told(root / kind), _stopped_by_signals():
        refuse_served(root)
        if fault := path_fault(root):
            raise RecordError(f"{root} can't hold records: {fault}; set BANK_TAGS_LISTS to another folder")
        for folder in (root, root / kind, root / "heads"):
            _make_folder(folder, is_own=True)
        with _locked(root / ".lock"):
            return _Chain(root, kind).append(row, types, taken)


class _Chain:
    """The records of a kind, for whoever holds the lock."""

    def __init__(self, root: Path, kind: str) -> None:
        self.kind = kind
        self.folder = root / kind
        self.head_file = root / "heads" / f"{kind}.parquet"
        self.pending = root / "heads" / f"{kind}.pending"

    def append(self, row: Mapping[str, object], types: Mapping[str, str], taken: Draft | None) -> Path:
        """Record first, then the list, then the head, which is what makes both stand; an error takes both back."""
        self.finish_killed()
        number, previous = self.head()
        moment = next((value for value in row.values() if isinstance(value, datetime.datetime)), clock.now())
        file = self.folder / f"{new_id(moment)}.parquet"
        with _new_file(self.folder) as partial:
            chained = {**row, "record_number": number + 1, "previous_digest": previous}
            _write_row(chained, {**types, "previous_digest": "varchar"}, partial)
            _flush(partial)
            own, shown = digest(partial), None
            try:
                if taken:
                    _flush(taken.path)
                    shown = _inode(taken.path)
                self.note(file, own, taken)
                os.link(partial, file)
                _flush(self.folder)
                if taken:
                    _show(taken)
                self.move_head(number + 1, own)
            except BaseException:
                if self.head()[1] != own:
                    if taken and shown:
                        _unlink_if(taken.file, shown)
                    file.unlink(missing_ok=True)
                    self.pending.unlink(missing_ok=True)
                raise
        self.pending.unlink(missing_ok=True)
        return file

    def head(self) -> tuple[int, str | None]:
        """How many records there are, and the digest of the last; those kept before there was a chain count too."""
        if not self.head_file.exists():
            return len(list(self.folder.glob("*.parquet"))), None
        said = "select records, last_digest from read_parquet(?)"
        try:
            return duckdb.execute(said, [file_pattern(self.head_file)]).fetchone()
        except duckdb.Error as error:
            raise RecordError(_damaged(self.head_file)) from error

    def move_head(self, records: int, last: str) -> None:
        """Say how many records there are, and the digest of the last."""
        head = {"kind": self.kind, "records": records, "last_digest": last}
        _replace(self.head_file, lambda partial: _write_row(head, {}, partial))

    def note(self, file: Path, own: str, taken: Draft | None) -> None:
        """Say what is about to be done, for whoever comes after a kill."""
        noted = {"record": file.name, "digest": own}
        if taken:
            noted |= {"list": str(taken.file), "list_digest": taken.digest()}
        _replace(self.pending, lambda partial: partial.write_text(json.dumps(noted), encoding="utf-8"))

    def finish_killed(self) -> Path | None:
        """What a killed command left: with its list, a record stands; without, it never was one. Returns that list."""
        _remove_abandoned(self.folder)
        _remove_abandoned(self.head_file.parent)
        if not self.pending.exists():
            return None
        try:
            noted = json.loads(self.pending.read_text(encoding="utf-8"))
            file = self.folder / noted["record"]
        except (ValueError, TypeError, KeyError) as error:
            raise RecordError(_damaged(self.pending)) from error
        records, last = self.head()
        taken = Path(noted["list"]) if "list" in noted else None
        stands = file.exists() and (taken is None or (taken.is_file() and digest(taken) == noted["list_digest"]))
        if stands and last != noted["digest"]:
            # Without a head the record counts among those that are there.
            self.move_head(records + 1 if self.head_file.exists() else records, noted["digest"])
        elif not stands:
            file.unlink(missing_ok=True)
        self.pending.unlink()
        return taken if stands else None


def _show(taken: Draft) -> None:
    """Give a written list its name."""
    if taken.replaces:
        taken.path.replace(taken.file)
    else:
        os.link(taken.path, taken.file)
    _flush(taken.file.parent)


def _write_row(row: Mapping[str, object], types: Mapping[str, str], file: Path) -> None:
    columns = []
    for name, value in row.items():
        if name not in types and type(value) not in TYPES:
            raise ValueError(f"column {name} of a record is {value!r}: say its SQL type")
        columns.append(f"cast(${name} as {types.get(name) or TYPES[type(value)]}) as {quoted(name)}")
    with duckdb.connect() as connection:
        connection.execute(f"create table kept as select {', '.join(columns)}", dict(row))
        connection.execute(f"copy kept to {literal(file)} (format parquet, use_tmp_file false)")


def _replace(file: Path, write: Callable[[Path], object]) -> None:
    """Write a file anew: the old one or the new one is there, never half of one."""
    with _new_file(file.parent) as partial:
        write(partial)
        _flush(partial)
        partial.replace(file)
        _flush(file.parent)


@contextmanager
def _new_file(folder: Path) -> Iterator[Path]:
    """A file without a name of its own, locked while somebody writes it, and gone afterwards."""
    path = folder.absolute() / f".{secrets.token_hex(8)}.partial"
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE_FILE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.fchmod(handle, PRIVATE_FILE)
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _remove_abandoned(folder: Path) -> None:
    """Remove what killed commands were writing: nobody holds its lock."""
    for path in folder.iterdir():
        if PARTIAL.fullmatch(path.name) and not path.is_symlink():
            try:
                handle = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
            except BlockingIOError:
                continue
            finally:
                os.close(handle)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    handle = os.open(file, os.O_CREAT | os.O_RDWR, PRIVATE_FILE)
    try:
        os.fchmod(handle, PRIVATE_FILE)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_folder(folder: Path, is_own: bool) -> None:
    """Make a folder that only its owner may enter; one of the project's own is closed to others where it was not."""
    folder = folder.absolute()
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            try:
                each.mkdir(PRIVATE_FOLDER)
            except FileExistsError as error:
                if not each.is_dir():
                    raise RecordError(f"{each} is a file, and should be a folder: name another one") from error
            else:
                each.chmod(PRIVATE_FOLDER)
    mode = folder.stat().st_mode
    # A folder with the sticky bit, as /tmp, is everybody's.
    if is_own and mode & 0o077 and not mode & stat.S_ISVTX:
        folder.chmod(PRIVATE_FOLDER)


def _flush(path: Path) -> None:
    """Have the disk hold it, file or folder, before anything that follows from it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            os.fchmod(handle, PRIVATE_FILE)
        os.fsync(handle)
    finally:
        os.close(handle)


def _inode(file: Path) -> tuple[int, int]:
    found = file.lstat()
    return found.st_dev, found.st_ino


def _unlink_if(file: Path, inode: tuple[int, int]) -> None:
    """Remove a file if it is that one; a name that can't be or is not there is nobody's."""
    with suppress(OSError):
        if _inode(file) == inode:
            file.unlink()


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """What keeps a file from being written, as an error of one line."""
    try:
        yield
    except FileExistsError as error:
        raise RecordError(
            f"{error.filename2 or error.filename} exists: nothing is replaced; take another name"
        ) from error
    except (OSError, UnicodeError, duckdb.IOException) as error:
        raise RecordError(
            f"{_line(place)} can't be written, so nothing is taken out: {_line(error)}. Free room there, or give this "
            "user the right to write there"
        ) from error


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """End by a signal as by an error, so that what is half done is taken back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is signal.SIG_DFL:
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _damaged(file: Path) -> str:
    return (
        f"{_line(file)} is damaged, and without it nothing can go on record: bring it back from a backup. "
        "A build says which lists and records do not agree"
    )


def _line(what: object) -> str:
    """A text in one line that any terminal prints."""
    return " ".join(str(what).encode(errors="backslashreplace").decode().split())
