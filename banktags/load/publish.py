"""Publication of a staged batch in the landing zone: all of its files or none, also when the process is killed.

A batch is staged under ``_load/staging``, where no reader looks. Then a journal of the removals and renames is put in
place with one atomic rename: that is the moment of commitment. Before it, a killed load leaves nothing but a staging
folder; after it, whoever comes next (the next load, or dbt through ``banktags.load.dbt_guard``) carries the journal
out to its end before doing anything else. Each step of it can be repeated.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOAD = "_load"
STAGING = f"{LOAD}/staging"
JOURNAL = f"{LOAD}/publish.json"
#: The journal while it is written.
DRAFT = f"{LOAD}/publish.draft"


class LandingBusy(Exception):
    """Another load holds the landing zone."""


@contextmanager
def landing_lock(root: Path) -> Iterator[None]:
    """Hold the landing zone for one load, and finish or clear away what a killed one left; leave no trace of the lock.

    Raises:
        LandingBusy: another load is running.
    """
    created = [folder for folder in (root / LOAD, root, *root.parents) if not folder.exists()]
    try:
        (root / LOAD).mkdir(parents=True, exist_ok=True)
        with _held(root):
            finish_interrupted(root)
            try:
                yield
            finally:
                if not is_interrupted(root):
                    (root / DRAFT).unlink(missing_ok=True)
                    shutil.rmtree(root / STAGING, ignore_errors=True)
    finally:
        for folder in [root / LOAD, *created]:
            with suppress(OSError):  # not empty, or not even made
                folder.rmdir()


@contextmanager
def _held(root: Path) -> Iterator[None]:
    lock = root / LOAD / "lock"
    with lock.open("ab+", buffering=0) as holder:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder.seek(0)
            who = holder.read().decode()
            raise LandingBusy(f"{root}: another load is running ({who}); wait until it has finished") from None
        if not lock.exists() or not os.path.samestat(os.fstat(holder.fileno()), lock.stat()):
            raise LandingBusy(f"{root}: another load has just finished; run this one again")
        try:
            holder.truncate(0)
            holder.write(f"process {os.getpid()} on {os.uname().nodename}".encode())
            yield
        finally:
            lock.unlink()


def is_interrupted(root: Path) -> bool:
    """Whether a batch is committed but not yet fully visible."""
    return (root / JOURNAL).exists()


def finish_interrupted(root: Path) -> None:
    """Carry out a journal that a killed load left, or clear its staging folder. Call with the lock held."""
    if is_interrupted(root):
        _carry_out(root)
    shutil.rmtree(root / STAGING, ignore_errors=True)


def publish(root: Path, moves: dict[str, str], removals: list[str]) -> None:
    """Make staged files visible: remove ``removals``, then rename each key of ``moves`` to its value.

    Paths are relative to ``root``.
    """
    os.sync()  # the staged files are on the disk before the journal says so
    draft = root / DRAFT
    draft.write_text(
        json.dumps({"move": moves, "remove": sorted(set(removals) - set(moves.values()))}), encoding="utf-8"
    )
    os.sync()
    draft.replace(root / JOURNAL)
    _carry_out(root)


def _carry_out(root: Path) -> None:
    journal = json.loads((root / JOURNAL).read_text(encoding="utf-8"))
    for name in journal["remove"]:
        (root / name).unlink(missing_ok=True)
    for source, target in journal["move"].items():
        if (root / source).exists():
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            (root / source).replace(root / target)
        elif not (root / target).exists():
            remedy = f"remove {root / JOURNAL} and load the batch again"
            raise FileNotFoundError(f"{root / source}: staged by an interrupted load and gone; {remedy}")
    os.sync()
    (root / JOURNAL).unlink()
