"""The warehouse files: the published one, which is read, and the working one, which dbt fills; who else holds them."""

import datetime
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import typer

from banktags.contract import PROJECT_ROOT
from banktags.settings import SETTINGS

#: A row of the warehouse by the names of its columns.
Row = dict[str, Any]

#: Minutes to wait for a program that holds the warehouse, unless ``BANK_TAGS_LOCK_WAIT`` says otherwise.
LOCK_WAIT = 10
#: What DuckDB may hold in memory, unless ``BANK_TAGS_MEMORY`` says otherwise; the same stands in profiles.yml.
MEMORY = "3GB"
#: Seconds between two attempts to open a warehouse that another program holds.
POLL_SECONDS = 1
#: End of what is said by who has waited for another program, as it comes back through dbt too.
WAITED = "(BANK_TAGS_LOCK_WAIT sets how many minutes to wait)"
#: How DuckDB names who holds a file.
HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


class WarehouseBusy(Exception):
    """Another program holds the warehouse; the message names it and what to do."""


def warehouse_file() -> Path:
    """The published file, which readers open: ``BANK_TAGS_DB``, or ``warehouse/bank_tags.duckdb`` in the project."""
    return Path(os.environ.get("BANK_TAGS_DB", PROJECT_ROOT / "warehouse" / "bank_tags.duckdb"))


def work_file() -> Path:
    """The file that dbt fills: ``BANK_TAGS_WORK``, or the published one's name in folder ``building`` beside it.

    The default stands in profiles.yml too. Where it is the published file itself, nothing is published: one file, as a
    developer may want it.
    """
    published = warehouse_file()
    return Path(os.environ.get("BANK_TAGS_WORK") or published.parent / "building" / published.name)


def is_one_file() -> bool:
    """Whether dbt fills the file that is read, so that there is nothing to publish."""
    return work_file().absolute() == warehouse_file().absolute()


def log_of(file: Path) -> Path:
    """The write-ahead log that DuckDB reads with a file where there is one; a published file never has any."""
    return file.with_name(f"{file.name}.wal")


def missing(path: Path) -> str:
    """What is said of a warehouse file that is not there: which, what names it, and what to do."""
    is_own = path == work_file() and os.environ.get("BANK_TAGS_WORK")
    setting = "BANK_TAGS_WORK" if is_own else "BANK_TAGS_DB"
    names = f"correct {setting}, by which it is named" if os.environ.get(setting) else f"let {setting} name another one"
    return f"{path.absolute()} does not exist: {names}, or run make build"


@contextmanager
def no_warehouse() -> Iterator[None]:
    """While it lasts, dbt compiles without a file: a build may run, and a machine of readers has no working file.

    The memory has the same name each time: dbt would parse all anew for another one.
    """
    before = {name: os.environ.get(name) for name in ("BANK_TAGS_DB", "BANK_TAGS_WORK")}
    os.environ |= dict.fromkeys(before, ":memory:")
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


def open_read_only(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to the published file, or another one, that cannot change anything.

    Raises:
        typer.BadParameter: there is no warehouse, or another process holds it; says what to do.
    """
    path = path or warehouse_file()
    if not path.exists():
        raise typer.BadParameter(missing(path), param_hint="warehouse")
    if path == warehouse_file() and not is_one_file() and os.path.lexists(log_of(path)):
        raise typer.BadParameter(
            f"{log_of(path)} lies beside a file that nobody writes, and would change what is read. Remove it",
            param_hint="warehouse",
        )
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        holder = _held_by(error)
        damaged = f"{error}. If it is damaged, banktags rollback gives readers a whole version"
        message = f"{path} cannot be opened for reading: {f'{holder} holds it. Try again' if holder else damaged}"
        raise typer.BadParameter(message, param_hint="warehouse") from error


def business_date(con: duckdb.DuckDBPyConnection) -> datetime.date | None:
    """The date that the tags of a warehouse are of; None where it has none yet."""
    try:
        found = con.execute("select as_of_date from marts.customer_tags limit 1").fetchone()
    except duckdb.CatalogException:
        return None
    return found[0] if found else None


def wait_until_free(path: Path, read_only: bool = False) -> None:
    """Return when the warehouse can be opened, or is no file yet. Says on stderr, once, whom it waits for.

    Raises:
        WarehouseBusy: another program still holds it after ``BANK_TAGS_LOCK_WAIT`` minutes.
    """
    if not path.exists():
        return
    minutes = lock_wait()
    deadline = time.monotonic() + 60 * minutes
    is_told = False
    while holder := _holder(path, read_only):
        if time.monotonic() >= deadline:
            raise WarehouseBusy(
                f"{path} is still held by {holder} after {minutes:g} minutes: close it there, and run this again "
                f"{WAITED}"
            )
        if not is_told:
            print(f"{path} is held by {holder}: waiting up to {minutes:g} minutes until it is closed", file=sys.stderr)
            is_told = True
        time.sleep(POLL_SECONDS)


def lock_wait() -> float:
    """Minutes to wait for a program that holds the warehouse.

    Raises:
        WarehouseBusy: the setting is no number of minutes.
    """
    said = os.environ.get("BANK_TAGS_LOCK_WAIT", str(LOCK_WAIT))
    if not SETTINGS["BANK_TAGS_LOCK_WAIT"].is_met(said):
        raise WarehouseBusy(f"BANK_TAGS_LOCK_WAIT is {said!r}, and must be {SETTINGS['BANK_TAGS_LOCK_WAIT'].admits}")
    return float(said)


def memory_limit() -> str:
    """What DuckDB may hold in memory: ``BANK_TAGS_MEMORY``, else as in profiles.yml.

    Raises:
        typer.BadParameter: the setting is no size.
    """
    said = os.environ.get("BANK_TAGS_MEMORY") or MEMORY
    if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT](i?B)?", said, re.IGNORECASE):
        raise typer.BadParameter(f"it is {said!r}, and must be a size, as in 5GB", param_hint="BANK_TAGS_MEMORY")
    return said


def records(warehouse: duckdb.DuckDBPyConnection, sql: str, given: object = None) -> list[Row]:
    """The rows of a query."""
    cursor = warehouse.execute(sql, given)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _holder(path: Path, read_only: bool) -> str | None:
    """Who keeps the file from being opened; what else is wrong with it is left to who opens it."""
    try:
        duckdb.connect(str(path), read_only=read_only).close()
    except duckdb.IOException as error:
        return _held_by(error)
    except duckdb.Error:
        return None
    return None


def _held_by(error: duckdb.Error) -> str | None:
    if "Could not set lock" not in str(error):
        return None
    held = HOLDER.search(str(error))
    return f"{held['program']} (process {held['pid']})" if held else "another program"
