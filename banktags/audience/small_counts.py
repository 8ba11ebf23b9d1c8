"""Counts of customers that tell of no single one: rounded by lot, and nothing told of few.

A count is rounded to a multiple of the least group, up or down by a lot whose odds make it right on average, and what
is rounded to one group or none is told as "fewer". So two counts of groups that differ by one customer differ by
nothing, or by a whole group, and neither says whether that customer was counted: whatever group is counted has a lot of
its own. The same group has the same lot, so that asking again in other words tells nothing more. Counts of a funnel are
rounded each by itself and don't add up, so that none can be had from the others.
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


def told(group: Group, what: str, least_group: int) -> int | None:
    """How many there are in a group, as it may be told; None for few: fewer than the least group, or hardly more.

    ``what`` is what is counted: each row of a funnel has a lot of its own.
    """
    if least_group <= 1:
        return group.size
    below, over = divmod(group.size, least_group)
    drawn = hashlib.sha256(f"{what}|{group.size}|{group.fingerprint}".encode()).digest()
    is_rounded_up = int.from_bytes(drawn[:8], "big") * least_group < over * LOTS
    groups = below + is_rounded_up
    return groups * least_group if groups > 1 else None


def few(least_group: int) -> str:
    """How a count that is not told is called, in English."""
    return f"fewer than {least_group} or so"
