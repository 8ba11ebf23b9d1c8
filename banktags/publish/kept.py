"""Whether records and frozen lists are as they were kept: ``banktags publish --verify``, in seconds, without a build.

A build asks the same of them (tests ``assert_no_record_is_missing`` and ``assert_lists_are_on_record``); here nothing
is built, and what readers have is held against the records too.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags import records
from banktags.load.extract import file_pattern
from banktags.publish import versions
from banktags.publish.versions import Version

#: Folders of ``data/lists`` that hold no records.
LISTS, HEADS = "assignments", "heads"
#: What a record says of its place in the chain and of its list; null in one of a kind that has no such column.
SAID = ("record_number", "previous_digest", "kind", "file_name", "file_digest")


@dataclass(frozen=True)
class Kept:
    """A record: its file, the SHA-256 of it, and what it says of itself."""

    file: Path
    digest: str
    number: int | None
    previous: str | None
    list_name: str | None
    list_digest: str | None


def kept_faults() -> list[str]:
    """A line for each record or frozen list that is gone, was changed, or has nothing that it belongs to.

    Raises:
        RecordError: the head of a chain is damaged.
    """
    root = records.lists_folder()
    folders = sorted(path for path in root.glob("*/") if path.name not in (LISTS, HEADS) and path.is_dir())
    kinds = {folder.name for folder in folders} | {head.stem for head in (root / HEADS).glob("*.parquet")}
    faults, freezes = [], []
    for kind in sorted(kinds):
        found, unreadable = _records(root / kind)
        faults += unreadable + list(_chain_faults(root, kind, found))
        freezes += [record for record in found if record.list_name]
    return faults + list(_list_faults(root / LISTS, freezes)) + list(_open_to_others(root))


def on_record(kept: Iterable[Version]) -> list[Version]:
    """The versions that a command gave to readers, of which the same is said as then."""
    return [version for version in kept if not unrecorded([version])]


def unrecorded(kept: Iterable[Version]) -> list[str]:
    """A line for each version that no command gave to readers, or of which other things are said than then."""
    folder = records.lists_folder() / versions.KIND
    files = [file_pattern(file) for file in sorted(folder.glob("*.parquet"))]
    sql = "select digest, said_digest from read_parquet(?, union_by_name = true)"
    # Publications of before there was a digest of what is said have none.
    sql += " union all by name select null as digest, null as said_digest where false"
    on_record = set(duckdb.execute(sql, [files]).fetchall()) if files else set()
    lines = []
    for version in kept:
        said = {said for digest, said in on_record if digest == version.digest}
        if not said:
            lines.append(f"{version.file} is on no record in {folder}: nobody published it by a command")
        elif None not in said and versions.said_digest(version) not in said:
            lines.append(f"{version.file.with_suffix('.json')} does not say what it said when it was published")
    return lines


def _records(folder: Path) -> tuple[list[Kept], list[str]]:
    found, faults = [], []
    for file in sorted(folder.glob("*.parquet")):
        try:
            cursor = duckdb.execute("select * from read_parquet(?)", [file_pattern(file)])
            said = dict(zip([column[0] for column in cursor.description], cursor.fetchone() or (), strict=False))
        except duckdb.Error:
            faults.append(f"{file} is damaged: no record can be read from it")
            continue
        number, previous, kind, name, digest = (said.get(column) for column in SAID)
        if kind != "freeze":
            name = digest = None
        found.append(Kept(file, records.digest(file), number, previous, name, digest))
    return found, faults


def _chain_faults(root: Path, kind: str, found: list[Kept]) -> Iterator[str]:
    """From the last record back to the first, each by the digest that the one after it has of it."""
    count, last = records.head_of(kind)
    if last is None:
        if any(record.number is not None for record in found):
            yield f"{root / HEADS / kind}.parquet is gone: nothing says how many records of {kind} there are"
        return
    of_digest = {record.digest: record for record in found}
    place, digest, on_chain = count, last, set()
    while digest is not None:
        record = of_digest.get(digest)
        if record is None:
            yield f"record {place} of {count} of {kind} is gone, or is not as it was kept: {root / kind}"
            return
        on_chain.add(record.file)
        place, digest = place - 1, record.previous
    # Records of a version of the project that kept no chain have no number.
    unchained = [record for record in found if record.file not in on_chain and record.number is None]
    if len(unchained) != place:
        yield f"{len(unchained)} records of {kind} are of before there was a chain, where {place} were kept"
    for record in found:
        is_half_kept = record.previous == last and record.file.name == _pending(root, kind)
        if record.file not in on_chain and record.number is not None and not is_half_kept:
            yield f"{record.file} follows no record of {kind}: no command kept it"


def _pending(root: Path, kind: str) -> str | None:
    """The record that a killed command left half kept; the next command completes it or takes it back."""
    try:
        return json.loads((root / HEADS / f"{kind}.pending").read_text(encoding="utf-8"))["record"]
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _list_faults(folder: Path, freezes: list[Kept]) -> Iterator[str]:
    on_record = {(record.list_name, record.list_digest) for record in freezes}
    names = {record.list_name for record in freezes}
    for file in sorted(folder.glob("*.parquet")):
        if (file.name, records.digest(file)) not in on_record:
            why = "is not the list that its freeze put on record" if file.name in names else "is on no record"
            yield f"{file} {why}"
    for name in sorted(names):
        if not (folder / name).exists():
            yield f"{folder / name} is gone, and its freeze is on record"


def _open_to_others(root: Path) -> Iterator[str]:
    for file in sorted(root.glob("*/*.parquet")):
        if file.is_symlink():
            yield f"{file} is a link: put the file itself in its place"
        elif file.stat().st_mode & 0o077:
            yield f"{file} may be read by others: chmod 600"
