"""The record of the tags' lives: a seed to which steps are appended, and whose rows never change.

Each row carries in ``chain`` a digest of itself and of the row before it of the same tag, so that an edited, inserted
or removed step breaks the chain from there on: dbt says so before it builds anything, with git or without. Who edits a
row and computes the chain anew is found by ``append_only``, against what the main line of git has.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

EVENTS = Path("seeds/governance/tag_lifecycle_events.csv")
TRANSITIONS = Path("seeds/governance/tag_lifecycle_transitions.csv")
TAG_RULES = Path("seeds/catalogue/tag_rules.csv")
#: What a step says; ``chain`` follows from it.
FIELDS = ("tag_code", "sequence_no", "to_state", "event_date", "actor", "rule_hash", "note")
CHAIN = "chain"
#: Tags whose record is broken that are told each in a line.
TOLD_EACH = 3
#: States of a tag whose rule is certified.
IN_FORCE = ("certified", "published", "monitored")

Step = dict[str, str]


class ChainError(Exception):
    """The record can't be appended to; the message names file, line and step, and says what to do."""


def read_steps(root: Path) -> list[Step]:
    """All steps on record under ``root``, as they stand in the file."""
    return read_rows(root / EVENTS)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a seed as text."""
    with path.open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))


def rule_hashes(root: Path) -> dict[str, str]:
    """Digest of the rule of each tag, as recorded by ``banktags catalogue sync``."""
    return {row["tag_code"]: row["rule_hash"] for row in read_rows(root / TAG_RULES)}


def link(before: str, step: Step) -> str:
    """The chain of a step that follows one whose chain is ``before``; of a first step it is empty."""
    told = "\x1f".join([before, *(step[field] or "" for field in FIELDS)])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def chain_faults(root: Path) -> list[str]:
    """A line for each tag whose record is not what was appended to it: file, line, step, and the remedy.

    Of more than ``TOLD_EACH`` tags, one line says how many.
    """
    try:
        steps = read_steps(root)
    except (OSError, UnicodeDecodeError, csv.Error):
        # That it can't be read is told of every seed.
        return []
    if not steps or not {*FIELDS, CHAIN} <= steps[0].keys():
        # So is a column that is missing.
        return []
    faults, last, broken = [], dict[str, str](), set[str]()
    for line, step in _in_order(steps):
        tag, found = step["tag_code"], step.get(CHAIN) or ""
        if tag not in broken and found != link(last.get(tag, ""), step):
            broken.add(tag)
            faults.append(_fault(line, step, found))
        last[tag] = found
    if more := len(faults[TOLD_EACH:]):
        faults[TOLD_EACH:] = [f"{EVENTS}: the same of {more} more tags."]
    return faults


def _in_order(steps: Sequence[Step]) -> list[tuple[int, Step]]:
    """Steps with the number of their line, of each tag in their order."""
    return sorted(enumerate(steps, start=2), key=lambda each: (each[1]["tag_code"], _number(each[1]), each[0]))


def _number(step: Step) -> int:
    number = step["sequence_no"] or ""
    return int(number) if number.isascii() and number.isdigit() else 0


def _fault(line: int, step: Step, found: str) -> str:
    what = (
        "it, or a step before it, is another one than was recorded"
        if found
        else "it has no chain, as a row that a command records has"
    )
    remedy = (
        f"restore the record of the tag as it was (git log -p {EVENTS}), and append what is new: banktags tag advance, "
        "or banktags catalogue certify"
        if found
        else "append it by banktags tag advance or banktags catalogue certify; rows brought from elsewhere, to the end "
        "of a tag's record, get their chain by banktags catalogue seal"
    )
    return f"{EVENTS}, line {line}: step {step['sequence_no']} of {step['tag_code']}: {what}. Remedy: {remedy}."


def append(root: Path, steps: Iterable[Step]) -> None:
    """Append steps to the record under ``root``; each continues the number and the chain of its tag's.

    A step gives the fields of ``FIELDS`` but its number; what it does not give is empty.

    Raises:
        ChainError: a row of the record has been changed.
    """
    record = read_steps(root)
    if faults := chain_faults(root):
        raise ChainError(faults[0])
    last: dict[str, Step] = {step["tag_code"]: step for _, step in _in_order(record)}
    for given in steps:
        step = dict.fromkeys(FIELDS, "") | given
        before = last.get(step["tag_code"])
        step["sequence_no"] = str(_number(before) + 1 if before else 1)
        step[CHAIN] = link(before[CHAIN] if before else "", step)
        last[step["tag_code"]] = step
        record.append(step)
    _write(root, record)


def seal(root: Path) -> int:
    """Give a chain to the rows that have none, at the end of their tags' records; how many there were.

    Raises:
        ChainError: a row with a chain is not what was recorded, or follows one without.
    """
    record = read_steps(root)
    last: dict[str, str] = {}
    count = 0
    for line, step in _in_order(record):
        tag, found = step["tag_code"], step.get(CHAIN) or ""
        expected = link(last.get(tag, ""), step)
        if found not in ("", expected):
            raise ChainError(_fault(line, step, found))
        count += not found
        step[CHAIN] = last[tag] = expected
    _write(root, record)
    return count


def _write(root: Path, record: Sequence[Step]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=[*FIELDS, CHAIN], lineterminator="\n")
    writer.writeheader()
    writer.writerows(step for _, step in _in_order(record))
    (root / EVENTS).write_text(text.getvalue(), encoding="utf-8")
