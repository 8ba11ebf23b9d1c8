"""What is wrong with a delivery, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple


class Place(NamedTuple):
    """Where a delivered row stands: its file, and ``line 7`` or ``row 7`` of it."""

    file: str
    line: str


@dataclass(frozen=True)
class Problem:
    """One finding: where it is, what is wrong, how to mend it. ``place`` is a line or row, such as ``line 7``."""

    file: str
    what: str
    remedy: str
    place: str | None = None
    column: str | None = None

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.file, self.place, self.column and f"column {self.column}") if part)
        return f"{printable(where)}: {on_one_line(self.what)}\n    remedy: {on_one_line(self.remedy)}"


def on_one_line(text: str) -> str:
    """A text of several lines on one, in signs that can be printed."""
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """A name on one line: control signs and bytes that are no UTF-8, which a file name may hold, are escaped."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


class BatchError(Exception):
    """The batch is refused: every problem of every file. Nothing of the batch has been landed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join(["Batch refused, nothing was landed:", *(f"- {problem}" for problem in self.problems)])
        )


def nearest(name: str, candidates: Iterable[str]) -> str:
    """`` (nearest: …)`` with the candidate most like ``name``, or nothing when none is like it."""
    matches = get_close_matches(name.lower(), list(candidates), n=1, cutoff=0.6)
    return f" (nearest: {matches[0]})" if matches else ""
