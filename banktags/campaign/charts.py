"""Geometry of the effect chart: where estimates and intervals stand, as percentages of the width of a track."""

from collections.abc import Sequence
from dataclasses import dataclass

from banktags.warehouse import Row


@dataclass(frozen=True)
class Mark:
    """One comparison on its track; None where there is no estimate."""

    row: Row
    left: float | None
    width: float | None
    point: float | None


@dataclass(frozen=True)
class Forest:
    """Comparisons of one unit over one another, with the place of no effect."""

    zero: float
    marks: list[Mark]


def forest(rows: Sequence[Row]) -> Forest:
    """All comparisons to one scale, which holds zero and leaves a margin on both sides."""
    bounds = [0.0, *(row[side] for row in rows for side in ("effect_lower", "effect_upper") if row[side] is not None)]
    low, high = min(bounds), max(bounds)
    margin = (high - low) * 0.04 or 1.0
    low, span = low - margin, high - low + 2 * margin

    def place(value: float) -> float:
        return 100 * (value - low) / span

    marks = []
    for row in rows:
        if row["effect_lower"] is None or row["effect_upper"] is None:
            marks.append(Mark(row, None, None, None))
            continue
        left = place(row["effect_lower"])
        marks.append(Mark(row, left, place(row["effect_upper"]) - left, place(row["effect"])))
    return Forest(place(0.0), marks)
