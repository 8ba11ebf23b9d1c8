"""Counts of customers that tell of no single one: rounded by lot, and nothing told of few.

A count is rounded to a multiple of the least group, up or down by a lot whose odds make it right on average, and what
is rounded to one group or none is told as "fewer". The lot falls by whom the condition finds: a condition that finds
one customer more has other lots for every row of its funnel, whether that customer is counted in the row or not, so
that two counts that differ say nothing of them. The same customers found by other words have the same lots, so that
asking again tells nothing more. Each row has a lot of its own, so that none follows from the others (DECISIONS 82).
"""

import hashlib
from dataclasses import dataclass

#: Odds are drawn in so many steps.
LOTS = 2**64


@dataclass(frozen=True)
class Group:
    """Customers that are counted: how many, and the exclusive or of the hashes of their numbers, 0 for none."""

    size: int = 0
    fingerprint: int = 0

    def __add__(self, other: "Group") -> "Group":
        """This group and another that shares nobody with it."""
        return Group(self.size + other.size, self.fingerprint ^ other.fingerprint)


def told(size: int, what: str, found: Group, least_group: int) -> int | None:
    """A count as it may be told; None for few: fewer than the least group, or hardly more.

    ``what`` names what is counted, a row of a funnel, and ``found`` is whom the condition of the funnel finds.
    """
    if least_group <= 1:
        return size
    below, over = divmod(size, least_group)
    drawn = hashlib.sha256(f"{what}|{found.size}|{found.fingerprint}".encode()).digest()
    is_rounded_up = int.from_bytes(drawn[:8], "big") * least_group < over * LOTS
    groups = below + is_rounded_up
    return groups * least_group if groups > 1 else None


def few(least_group: int) -> str:
    """How a count that is not told is called, in English."""
    return f"fewer than {least_group} or so"
