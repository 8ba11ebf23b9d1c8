"""What stops a load from outside the delivery: disk, rights, memory, Ctrl-C; said in one line, with the remedy.

Each kind is told by its own sign. The message of an error of DuckDB is never shown: it may hold a customer's values.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from rich.progress import Progress

from banktags.load.problems import printable
from banktags.load.publish import is_interrupted
from banktags.seeds.rows import SeedError

#: What DuckDB says of an error of the operating system, and its number.
SYSTEM_ERRORS = {
    os.strerror(number): number for number in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EIO)
}
REMEDIES = {
    errno.ENOSPC: "free space there and load again",
    errno.EDQUOT: "free space there and load again",
    errno.EACCES: "let the user who loads read and write there, or choose another landing zone with --to",
    errno.EPERM: "let the user who loads read and write there, or choose another landing zone with --to",
    errno.EROFS: "choose a landing zone that can be written, with --to",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.ENOTDIR: "choose a folder",
    errno.EEXIST: "choose a folder",
}
#: What the DuckDB driver raises when a signal comes in the midst of a query.
INTERRUPTED = "Query interrupted"


class LoadStopped(Exception):
    """The load stopped for a reason outside the delivery; says what became of the batch."""


@contextmanager
def named_failures(root: Path, progress: Progress) -> Iterator[None]:
    """Failures of the machine within, by name.

    Raises:
        LoadStopped: instead of the failure.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise LoadStopped(_said(root, "interrupted", "load again")) from None
    except SeedError as error:
        raise LoadStopped(f"Load stopped, nothing was landed: {printable(str(error))}") from None
    except (OSError, duckdb.Error, MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and str(error) != INTERRUPTED:
            raise
        raise LoadStopped(_said(root, *_reason(root, error, progress))) from None


def _reason(root: Path, error: Exception, progress: Progress) -> tuple[str, str]:
    """What happened, and the remedy."""
    if isinstance(error, duckdb.InterruptException) or str(error) == INTERRUPTED:
        return "interrupted", "load again"
    if isinstance(error, (duckdb.OutOfMemoryException, MemoryError)):
        return (
            "out of memory, or of disk to spill to",
            f"free memory and space under {root}, or load fewer files at once",
        )
    if isinstance(error, OSError):
        if error.errno is None:
            return str(error), "see there"
        where = error.filename if error.filename is not None else root
        return f"{where}: {os.strerror(error.errno)}", REMEDIES.get(
            error.errno, "look at the disk and the rights there"
        )
    for said, number in SYSTEM_ERRORS.items():
        if isinstance(error, duckdb.IOException) and said in str(error):
            return f"{root}: {said}", REMEDIES.get(number, "look at the disk there")
    step = progress.tasks[-1].description if progress.tasks else "opening files"
    what = f"DuckDB failed while {step} ({type(error).__name__}); its message may hold a customer's values: not shown"
    return what, "report it with this line; loading the tables one by one tells which it is"


def _said(root: Path, what: str, remedy: str) -> str:
    try:
        is_committed = is_interrupted(root)
    except OSError:
        is_committed = False
    outcome = (
        "the batch is landed and the next load or build makes it visible" if is_committed else "nothing was landed"
    )
    return f"Load stopped, {outcome}: {printable(what)}\n    remedy: {printable(remedy)}"
