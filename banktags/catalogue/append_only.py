"""``python -m banktags.catalogue.append_only``: the steps of tags that the main line of git has stand as they stood.

Compared is the file as it stands, committed or not, with the main line up to where this branch left it, or up to its
own last commit. A step may be added, never changed or taken away: the first version that has it counts. So a change
that reached the main line all the same fails until the step is what it was.
A column that a version has not, as the chain before it was introduced, is not compared.
"""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from banktags.catalogue.certificates import CHAIN, EVENTS, Step, read_steps
from banktags.contract import PROJECT_ROOT
from banktags.terminal import say

#: Names of the main line, the first that there is.
MAIN = ("origin/main", "origin/master", "main", "master")
#: Branch into which a pull request is to be merged, as GitHub names it.
PULL_REQUEST_BASE = "GITHUB_BASE_REF"
APPEND = "banktags tag advance, or banktags catalogue certify"


class NoBase(Exception):
    """There is nothing to compare with; the message says why."""


def changed_steps(root: Path, base: str | None = None) -> list[str]:
    """A line for each step that the main line has, or had, and that is changed or gone; ``base`` is another than main.

    Raises:
        NoBase: there is no git here, or no commit to compare with.
    """
    now = {(step["tag_code"], step["sequence_no"]): step for step in read_steps(root)}
    first: dict[tuple[str, str], tuple[str, Step]] = {}
    for commit, rows in _versions(root, base):
        first |= {(row["tag_code"], row["sequence_no"]): (commit[:10], row) for row in rows}
    faults = []
    for (tag, number), (commit, row) in first.items():
        step = now.get((tag, number))
        if step is None:
            what = "is gone, and stood"
        elif other := sorted(field for field in row if step.get(field) != row[field]):
            what = f"has another {', '.join(other)} than"
        else:
            continue
        remedy = f"restore it (git checkout {commit} -- {EVENTS}), and append what is new: {APPEND}"
        faults.append(f"{EVENTS}: step {number} of {tag} {what} in {commit}. Remedy: {remedy}.")
    return faults


def _versions(root: Path, base: str | None) -> Iterator[tuple[str, list[Step]]]:
    """Commits of the main line that changed the record, from the newest on, each with its rows.

    Before the chain was introduced the record was rewritten: of that time only the last version counts, and only while
    the main line has no other.
    """
    name, start = _start(root, base)
    commits = _git(root, "rev-list", "--first-parent", start, "--", f"./{EVENTS.as_posix()}").split()
    if not commits:
        raise NoBase(f"{name} has no such file")
    for commit in commits:
        try:
            text = _git(root, "show", f"{commit}:./{EVENTS.as_posix()}")
        except subprocess.CalledProcessError:
            continue  # It was taken away in this commit.
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        if commit == commits[0] or (rows and CHAIN in rows[0]):
            yield commit, rows


def _start(root: Path, base: str | None) -> tuple[str, str]:
    """Name of the main line, and the commit in which this branch left it."""
    try:
        _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except (OSError, subprocess.CalledProcessError):
        raise NoBase("there is no git repository here, or no commit in it") from None
    target = os.environ.get(PULL_REQUEST_BASE)
    names = [base] if base else [f"origin/{target}"] if target else MAIN
    for name in names:
        try:
            return name, _git(root, "merge-base", "HEAD", name).strip()
        except subprocess.CalledProcessError:
            continue
    raise NoBase(f"git has no {' or '.join(names)} with a commit in common: fetch it with its history")


def _git(root: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True)
    return ran.stdout.decode("utf-8-sig", errors="replace")


def main(base: str | None = None) -> None:
    """Fail when a step of the main line is changed or gone; ``base`` names another commit or branch than main.

    Without git there is nothing to compare with: the chain in the record is all that is checked then. In a pull request
    the base has to be there.
    """
    try:
        faults = changed_steps(PROJECT_ROOT, base)
    except NoBase as none:
        say(f"{EVENTS} is not compared with what git has: {none}", err=True)
        raise typer.Exit(1 if base or os.environ.get(PULL_REQUEST_BASE) else 0) from None
    for fault in faults[:20]:
        say(fault, err=True)
    if len(faults) > 20:
        say(f"… and {len(faults) - 20} more steps", err=True)
    raise typer.Exit(1 if faults else 0)


if __name__ == "__main__":
    sys.exit(typer.run(main))
