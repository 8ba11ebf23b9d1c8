"""One file of what cannot be computed again: the version that readers see, with its history and logs, and data/lists.

Both are of one moment: the version is a whole file that nobody changes, and the records are read under their lock. A
backup needs no pause: it is made while a build runs. Each file in it is named with its SHA-256, which a restore checks
before it touches anything.
"""

import fcntl
import io
import itertools
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from banktags import records
from banktags.private import PRIVATE_FILE, PRIVATE_FOLDER
from banktags.publish import versions
from banktags.publish.versions import PublicationError, Version, draft_path, publishing, read_version, said_of
from banktags.warehouse import wait_until_free, work_file

#: Names in the archive: what it is, the version and what is said of it, and the folder of lists and records.
ABOUT, FILE, SAID, LISTS = "backup.json", "version.duckdb", "version.json", "lists/"

#: What to do about a backup that can't be taken.
ANOTHER = "Take another backup: nothing was changed"


@dataclass(frozen=True)
class Restored:
    """What a restore put in place, and where what stood there is kept; None where nothing did."""

    version: Version
    lists_before: Path | None
    work_before: Path | None


def write_backup(file: Path, by: str, reason: str) -> Version:
    """Write a backup of the version that readers see and of all lists and records; the whole file or none.

    Raises:
        PublicationError: nothing is published yet, the file exists, or it can't be written.
    """
    file = file.absolute()
    if os.path.lexists(file):
        raise PublicationError(f"{file} exists: a backup never replaces another; take another name")
    versions.check_published()
    draft = draft_path(file.parent)
    try:
        with publishing(file.parent), _records_at_rest():
            version = versions.seen_version()
            if changed := versions.changed_file(version):
                raise PublicationError(f"{changed}. Publish again, or roll back, before it is backed up")
            members = {FILE: version.file} | {LISTS + str(path): whole for path, whole in _kept_files()}
            about = {
                "version": version.name,
                "made_at": str(records.clock.now()),
                "made_by": by,
                "reason": reason,
                "heads": versions.record_heads(),
                "files": {name: records.digest(path) for name, path in members.items()},
            }
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE), "wb") as opened:
                with tarfile.open(fileobj=opened, mode="w") as archive:
                    _add_text(archive, ABOUT, json.dumps(about, ensure_ascii=False, indent=1))
                    _add_text(archive, SAID, said_of(version))
                    for name, path in members.items():
                        archive.add(path, arcname=name, recursive=False)
                opened.flush()
                os.fsync(opened.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            draft.rename(file)
    except OSError as error:
        raise PublicationError(
            f"{file} can't be written, so there is no backup: {error.strerror or error}. Free room there, give this "
            "user the right to write there, or name a file elsewhere"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return version


def restore_backup(file: Path, by: str, reason: str, is_older_meant: bool) -> Restored:
    """Put a backup in the place of what there is: lists and records, the version that readers see, and the history.

    What stood there is set aside, not removed. Killed midway, the same command does it again.

    Raises:
        PublicationError: the file is no whole backup; or it is older than what there is, and that is not meant.
        WarehouseBusy: a build is running.
    """
    lists, work = records.lists_folder().absolute(), work_file().absolute()
    stamp = f"{records.clock.now():%Y%m%dT%H%M%S}"
    wait_until_free(work)
    lists.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    with publishing():
        new_lists, new_file = draft_path(lists.parent), draft_path(versions.versions_folder())
        try:
            with _records_at_rest():
                version, heads = _unpacked(file, new_lists, new_file)
                if not is_older_meant and (lost := _lost(version, heads)):
                    raise PublicationError(
                        "\n  ".join(["The backup is older than what there is, which would go:", *lost])
                        + "\nIf that is meant: banktags restore --older"
                    )
                if (lists / ".lock").exists():
                    # The same lock, so that whoever waits for it goes on waiting for who has it.
                    os.link(lists / ".lock", new_lists / ".lock")
                lists_before = _set_aside(lists, stamp)
                new_lists.rename(lists)
            try:
                if version not in versions.kept_versions():
                    versions.add_version(new_file, version)
                versions.switch(version, by, reason, "restore")
            except (OSError, PublicationError):
                # Readers have what they had, and so have the records.
                lists.rename(new_lists)
                if lists_before:
                    lists_before.rename(lists)
                raise
            work.with_name(f"{work.name}.wal").unlink(missing_ok=True)
            return Restored(version, lists_before, _set_aside(work, stamp))
        except OSError as error:
            raise PublicationError(
                f"{file} can't be restored: {error}. Free room there, give this user the right to write there, and run "
                "the same command again"
            ) from error
        finally:
            new_file.unlink(missing_ok=True)
            shutil.rmtree(new_lists, ignore_errors=True)


def _lost(version: Version, heads: dict[str, tuple[int, str | None]]) -> list[str]:
    """A line for all that there is beyond what a backup has."""
    lines = []
    current = versions.current_version()
    if current and current.as_of_date > version.as_of_date:
        lines.append(f"history of the dates to {current.as_of_date}: the extracts can give it again")
    elif current and current.as_of_date == version.as_of_date and current.built_at > version.built_at:
        lines.append(f"the build of {current.as_of_date} made at {current.built_at}: this one is of {version.built_at}")
    for kind, (count, last) in versions.record_heads().items():
        kept, own = heads.get(kind, (0, None))
        if count > kept:
            lines.append(f"{count - kept} of {count} records of {kind}, with their lists")
        elif count == kept and last != own:
            lines.append(f"records of {kind} that are others than those of the backup")
    return lines


def _unpacked(file: Path, lists: Path, version_file: Path) -> tuple[Version, dict[str, tuple[int, str | None]]]:
    """Unpack a backup whole, each file as its digest says, or not at all."""
    try:
        with tarfile.open(file) as archive:
            about, version = json.loads(_text(archive, ABOUT)), read_version(_text(archive, SAID))
            lists.mkdir(PRIVATE_FOLDER)
            for name, digest in about["files"].items():
                target = version_file if name == FILE else lists / _inside(name)
                target.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
                with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE), "wb") as opened:
                    shutil.copyfileobj(archive.extractfile(name), opened)
                if records.digest(target) != digest:
                    raise PublicationError(f"{file} is damaged: {name} is not as it was backed up. {ANOTHER}")
            if records.digest(version_file) != version.digest:
                raise PublicationError(f"{file} is damaged: its version is not as it passed its checks. {ANOTHER}")
            return version, {kind: (count, last) for kind, (count, last) in about["heads"].items()}
    except (tarfile.TarError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise PublicationError(f"{file} is no backup of bank-tags, or a part of one: {error}. {ANOTHER}") from error


def _inside(name: str) -> Path:
    """The place below the folder of lists that a name in the archive stands for; nothing leads out of it."""
    path = Path(name.removeprefix(LISTS))
    if not name.startswith(LISTS) or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{name} leads out of the folder of lists")
    return path


def _kept_files() -> Iterator[tuple[Path, Path]]:
    """The lists and records, as paths below their folder and whole; not what a command is still writing."""
    root = records.lists_folder().absolute()
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            raise PublicationError(f"{path} is a link: put the file itself in its place, so that the backup has it")
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(root), path


def _set_aside(path: Path, stamp: str) -> Path | None:
    if not os.path.lexists(path):
        return None
    # A restore that was killed, and given again in the same second, has set something aside under this name already.
    aside = path.with_name(f"{path.name}.before-{stamp}")
    for number in itertools.count(2):
        if not os.path.lexists(aside):
            break
        aside = path.with_name(f"{path.name}.before-{stamp}-{number}")
    path.rename(aside)
    return aside


@contextmanager
def _records_at_rest() -> Iterator[None]:
    """Hold the lock of the records, so that none is half kept; nothing where there are none yet."""
    try:
        handle = os.open(records.lists_folder() / ".lock", os.O_RDWR)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), PRIVATE_FILE
    archive.addfile(member, io.BytesIO(content))


def _text(archive: tarfile.TarFile, name: str) -> str:
    return archive.extractfile(name).read().decode()
