"""The versions that have passed all checks: a file each with what is said of it, and the switch between them.

They lie beside the published file, in ``versions/<its name>/``: ``2026-06-30-<digest>.duckdb`` and, as the last step of
making it, a ``.json`` of the same name. A file without it is no version. The published file is a hard link to the
version that readers see, so that it is a plain file under the path that they know, and one rename switches it
(DECISIONS 100).
"""

import datetime
import fcntl
import glob
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from banktags import records
from banktags.warehouse import WAITED, WarehouseBusy, lock_wait, log_of, missing, warehouse_file, work_file

#: Days of business dates that are kept, unless ``BANK_TAGS_VERSIONS_DAYS`` says otherwise.
DAYS_KEPT = 7
#: Kind of the records of what was published, by whom and why.
KIND = "publications"


class PublicationError(Exception):
    """Nothing is published or switched, readers have what they had: what is in the way, and what to do."""


@dataclass(frozen=True)
class Version:
    """A whole version: of which date, when built, what was checked, and the SHA-256 of its file.

    ``relations`` are the published tables with their rows, and the views with null. ``heads`` says how many records of
    each kind ``data/lists`` had, with the digest of the last.
    """

    as_of_date: datetime.date
    built_at: datetime.datetime
    digest: str
    size: int
    passed: int
    warned: int
    relations: dict[str, int | None]
    heads: dict[str, tuple[int, str | None]]

    @property
    def name(self) -> str:
        return f"{self.as_of_date}-{self.digest[:12]}"

    @property
    def file(self) -> Path:
        return versions_folder() / f"{self.name}.duckdb"


def versions_folder() -> Path:
    """Where the versions of the published file are kept: on its file system, so that a rename is enough."""
    published = warehouse_file().absolute()
    return published.parent / "versions" / published.stem


def days_kept() -> int:
    """Days of business dates that are kept: ``BANK_TAGS_VERSIONS_DAYS``."""
    return int(os.environ.get("BANK_TAGS_VERSIONS_DAYS") or DAYS_KEPT)


@contextmanager
def publishing(*places: Path) -> Iterator[None]:
    """Hold the versions for one command that adds to them or switches; clear what a killed one left, in ``places`` too.

    Raises:
        PublicationError: the folder can't be written, or the published file is a link.
        WarehouseBusy: another command still holds them after ``BANK_TAGS_LOCK_WAIT`` minutes.
    """
    folder = versions_folder()
    if warehouse_file().is_symlink():
        # A rename would replace the link, and whoever reads what it leads to would never see a new version.
        raise PublicationError(f"{warehouse_file()} is a link: let BANK_TAGS_DB name the file that it leads to")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, records.PRIVATE_FILE)
    except OSError as error:
        raise PublicationError(
            f"{folder} can't be written, so nothing is published: {error.strerror}. Free room there, or give this user "
            "the right to write there, and run the same command again"
        ) from error
    try:
        _wait_for(handle, folder)
        _clear_drafts(places)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, folder: Path) -> None:
    minutes, is_told = lock_wait(), False
    deadline = time.monotonic() + 60 * minutes
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise WarehouseBusy(
                    f"another command still holds {folder} after {minutes:g} minutes: run this again when it has ended "
                    f"{WAITED}"
                ) from None
        if not is_told:
            print(f"another command holds {folder}: waiting up to {minutes:g} minutes", file=sys.stderr)
            is_told = True
        time.sleep(0.1)


def draft_path(folder: Path) -> Path:
    """A name in a folder for what is not whole yet; who holds ``publishing`` removes what a killed command left."""
    return folder / f".{warehouse_file().stem}-draft-{secrets.token_hex(8)}"


def _clear_drafts(places: Iterable[Path]) -> None:
    published, work = warehouse_file().absolute(), work_file().absolute()
    own = {versions_folder(), published.parent, work.parent, records.lists_folder().absolute().parent}
    for place in own | set(places):
        for left in place.glob(glob.escape(f".{published.stem}-draft-") + "*"):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)
    for file in versions_folder().glob("*.duckdb"):
        if not file.with_suffix(".json").exists():
            file.unlink(missing_ok=True)


def kept_versions() -> list[Version]:
    """The whole versions, the newest business date first.

    Raises:
        PublicationError: what is said of one can't be read.
    """
    found = []
    for said in versions_folder().glob("*.json"):
        try:
            version = read_version(said.read_text(encoding="utf-8"))
        except FileNotFoundError:  # another command has just removed it
            continue
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise PublicationError(f"{said} is damaged: remove it with the .duckdb of the same name") from error
        if version.file.exists():
            found.append(version)
    return sorted(found, key=lambda version: (version.as_of_date, version.built_at, version.digest), reverse=True)


def check_published() -> None:
    """Nothing is looked for, and no folder made, where nothing was ever published, or another place is named.

    Raises:
        PublicationError: there is neither a published file nor a version of it.
    """
    if not warehouse_file().exists() and not kept_versions():
        raise PublicationError(f"nothing is published: {missing(warehouse_file())}")


def current_version() -> Version | None:
    """The version that readers see; None where none was published yet, or the published file is none of the versions.

    It is known by its inode, or where the file system has no links by its size and digest.
    """
    try:
        published = warehouse_file().stat()
    except OSError:
        return None
    known = kept_versions()
    for version in known:
        if os.path.samestat(published, version.file.stat()):
            return version
    alike = [version for version in known if version.size == published.st_size]
    own = records.digest(warehouse_file()) if alike else None
    return next((version for version in alike if version.digest == own), None)


def seen_version() -> Version:
    """The version that readers see.

    Raises:
        PublicationError: there is none, or the published file is none of the versions.
    """
    check_published()
    version = current_version()
    if version is None:
        raise PublicationError(
            f"{warehouse_file()} is none of the versions in {versions_folder()}: publish again (banktags publish), or "
            "go back to one (banktags rollback)"
        )
    return version


def add_version(draft: Path, version: Version) -> Version:
    """Make a version of a whole draft: on disk, under its name, and then what is said of it. Hold ``publishing``."""
    _open_to_readers(draft)
    _flush(draft)
    draft.replace(version.file)
    _write_said(version)
    return version


def switch(version: Version, by: str, reason: str, action: str) -> None:
    """Put on record who gives readers a version and why, then do it: one rename. Hold ``publishing``.

    Raises:
        PublicationError: it can't be kept on record, or the published file can't be replaced.
    """
    published = warehouse_file().absolute()
    link = draft_path(published.parent)
    row = {
        "version": version.name,
        "as_of_date": version.as_of_date,
        "digest": version.digest,
        "said_digest": said_digest(version),
        "action": action,
        "published_at": records.clock.now(),
        "published_by": by,
        "reason": reason,
    }
    try:
        records.record(KIND, row)
        # Its readers are those of the file that it replaces, whoever they were when it was made.
        _open_to_readers(version.file)
        try:
            os.link(version.file, link)
        except OSError:  # a file system without hard links
            shutil.copyfile(version.file, link)
            _open_to_readers(link)
            _flush(link)
        # What somebody wrote beside the published file belongs to the file that is replaced.
        log_of(published).unlink(missing_ok=True)
        link.replace(published)
        link.unlink(missing_ok=True)  # a rename to the same file leaves it
        _flush(published.parent)
    except records.RecordError as error:
        raise PublicationError(f"the publication can't be kept on record: {error.message}") from error
    except OSError as error:
        raise PublicationError(
            f"{published} can't be replaced, so readers keep what they have: {error.strerror}. Free room there, or "
            "give this user the right to write there, and run the same command again"
        ) from error


def prune(before: Version | None = None) -> list[Version]:
    """Remove the versions that are kept no longer: of dates too old, and earlier ones of a date. Hold ``publishing``.

    That which readers see stays, and while its date is kept the one that they had ``before`` it, to go back to. A
    reader who has a removed one open keeps it.
    """
    known, current = kept_versions(), current_version()
    removed: list[Version] = []
    dates = {current.as_of_date} if current else set()
    for version in known:
        is_late = (known[0].as_of_date - version.as_of_date).days >= days_kept()
        is_replaced = version.as_of_date in dates and version != before
        if version != current and (is_late or is_replaced):
            version.file.with_suffix(".json").unlink(missing_ok=True)
            version.file.unlink(missing_ok=True)
            removed.append(version)
        dates.add(version.as_of_date)
    return removed


def changed_file(version: Version) -> str | None:
    """Why the file of a version is not as it passed its checks; None where it is."""
    found = records.digest(version.file)
    if found == version.digest:
        return None
    return f"{version.file}: its SHA-256 is {found[:12]}…, and was {version.digest[:12]}… when it passed its checks"


def changed_files() -> list[str]:
    """A line for the published file and each version that is not as it was made."""
    known, published = kept_versions(), warehouse_file()
    lines = [line for version in known if (line := changed_file(version))]
    lines += [
        f"{log} lies beside a file that nobody writes: who opens the file is shown what it says. Remove it"
        for log in (log_of(file) for file in (published, *(version.file for version in known)))
        if os.path.lexists(log)
    ]
    if not published.exists():
        if known or list((records.lists_folder() / KIND).glob("*.parquet")):
            lines.append(f"{published} is gone, and versions of it are on record")
        else:
            lines.append(missing(published))
    elif current_version() is None:
        lines.append(f"{published} is none of the versions in {versions_folder()}: it was replaced or changed")
    return lines


def record_heads() -> dict[str, tuple[int, str | None]]:
    """How many records of each kind there are, and the digest of the last."""
    folder = records.lists_folder()
    kinds = sorted(file.stem for file in (folder / "heads").glob("*.parquet"))
    return {kind: records.head_of(kind) for kind in kinds if kind != KIND}


def lost_records(version: Version) -> list[str]:
    """A line for each kind of records that stands before where it stood when a version was made."""
    heads, lines = record_heads(), []
    for kind, (count, last) in version.heads.items():
        found, own = heads.get(kind, (0, None))
        folder = records.lists_folder() / kind
        if found < count or (found == count and own != last):
            lines.append(f"{folder} has {found} records, and had {count} with {version.name}")
        elif last and own != last and not any(records.digest(file) == last for file in folder.glob("*.parquet")):
            # More were kept since an older copy was put back.
            lines.append(f"{folder} lacks the record that was its last, of {count}, with {version.name}")
    return lines


def read_version(text: str) -> Version:
    """A version from what is said of it.

    Raises:
        ValueError, TypeError, KeyError: it does not say what it must.
    """
    said = json.loads(text)
    version = Version(**said)
    of_types = {"digest": str, "size": int, "passed": int, "warned": int, "relations": dict, "heads": dict}
    for field, of_type in of_types.items():
        if not isinstance(said[field], of_type):
            raise TypeError(f"{field} is {said[field]!r}")
    return replace(
        version,
        as_of_date=datetime.date.fromisoformat(said["as_of_date"]),
        built_at=datetime.datetime.fromisoformat(said["built_at"]),
        heads={kind: (int(count), last) for kind, (count, last) in said["heads"].items()},
    )


def said_of(version: Version) -> str:
    """What is said of a version, as JSON."""
    return json.dumps(asdict(version), default=str, ensure_ascii=False, indent=1)


def said_digest(version: Version) -> str:
    """The SHA-256 of what is said of a version, which its publication puts on record."""
    return hashlib.sha256(said_of(version).encode()).hexdigest()


def _write_said(version: Version) -> None:
    draft = draft_path(versions_folder())
    draft.write_text(said_of(version), encoding="utf-8")
    _flush(draft)
    draft.replace(version.file.with_suffix(".json"))
    _flush(versions_folder())


def _open_to_readers(file: Path) -> None:
    """Who could read the published file before, by its mode and group, may read this one; nobody may write it.

    Raises:
        OSError: the group is one that this user is not in.
    """
    try:
        before = warehouse_file().stat()
    except OSError:
        file.chmod(0o400)
        return
    if before.st_gid != file.stat().st_gid:
        os.chown(file, -1, before.st_gid)
    file.chmod(before.st_mode & 0o444 | 0o400)


def _flush(path: Path) -> None:
    """Have the disk hold it, file or folder, before anything that follows from it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
