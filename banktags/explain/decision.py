"""The clauses of a tag's rule with their boundaries, asked about one customer: which holds, and what would change it.

The clauses stand in the warehouse, in ``governance.tag_boundaries``. Model ``tag_change_reasons`` asks them in SQL.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from itertools import groupby

import duckdb

#: Input tags of one customer by code, as text: numbers as SQL writes them, true and false, None where unknown.
Inputs = Mapping[str, str | None]


@dataclass(frozen=True)
class Comparison:
    """A tag, or a sum of tags with signs, against the boundary in force: a number, or a text.

    Without tags it asks whether there is a boundary: a threshold in force, a source table that was ever delivered.
    """

    measure: str
    inputs: tuple[tuple[str, int], ...]
    operator: str
    boundary: Decimal | None
    boundary_text: str | None

    @property
    def _asked_for(self) -> Decimal | str | None:
        """What stands for a threshold or a source table that is itself asked for; None where there is none."""
        return self.boundary_text if self.boundary is None else self.boundary

    def measured(self, inputs: Inputs) -> Decimal | None:
        """The number compared; None where one of its tags is unknown or no number."""
        numbers = [_number(inputs.get(tag)) for tag, _ in self.inputs]
        if not numbers or None in numbers:
            return None
        return sum((number * sign for number, (_, sign) in zip(numbers, self.inputs, strict=True)), Decimal(0))

    def holds(self, inputs: Inputs) -> bool:
        """Whether the comparison holds; what is unknown fulfils ``is null`` only."""
        given = inputs.get(self.inputs[0][0]) if self.inputs else self._asked_for
        match self.operator:
            case "any":
                return True
            case "is null":
                return given is None
            case "is not null":
                return given is not None
        if self.boundary is None:
            return given is not None and (given == self.boundary_text) is (self.operator == "=")
        number = self.measured(inputs)
        if number is None:
            return False
        return {
            "=": number == self.boundary,
            "<>": number != self.boundary,
            "<": number < self.boundary,
            "<=": number <= self.boundary,
            ">": number > self.boundary,
            ">=": number >= self.boundary,
        }[self.operator]


@dataclass(frozen=True)
class Clause:
    """``value`` where all comparisons hold and no clause before does."""

    order: int
    value: str | None
    text: str
    comparisons: tuple[Comparison, ...]

    @property
    def can_be_told(self) -> bool:
        """Whether tags say if it holds: not of a rule that stands as a whole, nor of a condition beyond the tags."""
        return bool(self.comparisons) or self.text == "otherwise"

    def holds(self, inputs: Inputs) -> bool:
        return self.can_be_told and all(comparison.holds(inputs) for comparison in self.comparisons)


@dataclass(frozen=True)
class Nudge:
    """The smallest change of one input that gives another value.

    The input becomes ``to``; ``change`` is the difference, None where yes and no turn round.
    """

    value: str
    input_tag: str
    change: Decimal | None
    to: str


BOUNDARIES = """
    select clause_order, policy_row, tag_value, clause, comparison_order, measure, operator, boundary, boundary_text,
        input_tag, input_sign
    from governance.tag_boundary_versions
    where tag_code = $tag and (valid_from is null or valid_from <= $day) and (valid_to is null or $day < valid_to)
    order by clause_order, policy_row, comparison_order, input_tag
"""


def clauses_of(warehouse: duckdb.DuckDBPyConnection, tag: str, day: object) -> list[Clause]:
    """Clauses of a tag in order, with the boundaries in force on a day; none for a tag that is measured."""
    rows = warehouse.execute(BOUNDARIES, {"tag": tag, "day": day}).fetchall()
    return [
        Clause(order, value, text, _comparisons(list(group)))
        for (order, _, value, text), group in groupby(rows, key=lambda row: row[:4])
    ]


def _comparisons(rows: Sequence[tuple]) -> tuple[Comparison, ...]:
    return tuple(
        Comparison(measure, tuple((row[9], row[10]) for row in group if row[9]), operator, boundary, text)
        for (order, measure, operator, boundary, text), group in (
            (key, list(group)) for key, group in groupby(rows, key=lambda row: row[4:9])
        )
        if order is not None
    )


def deciding(clauses: Sequence[Clause], inputs: Inputs) -> Clause | None:
    """The first clause that holds; None where none does, so that the value is unknown."""
    return next((clause for clause in clauses if clause.holds(inputs)), None)


def nudges(clauses: Sequence[Clause], inputs: Inputs, steps: Mapping[str, Decimal]) -> list[Nudge]:
    """For each other value that one input alone can give, the smallest change; nearest first, yes and no last.

    ``steps`` has the smallest step of each tag: 0.01 of an amount, 1 of a count. Every boundary of a number is tried
    from both sides, and every yes or no turned round; each time the clauses are asked again.
    """
    now = deciding(clauses, inputs)
    found: dict[str, Nudge] = {}
    for comparison in dict.fromkeys(comparison for clause in clauses for comparison in clause.comparisons):
        for tag, change, to in _tries(comparison, inputs, steps):
            then = deciding(clauses, {**inputs, tag: to})
            if then is None or then.value is None or (now is not None and then.value == now.value):
                continue
            nudge = Nudge(then.value, tag, change, to)
            if then.value not in found or _size(nudge) < _size(found[then.value]):
                found[then.value] = nudge
    return sorted(found.values(), key=_size)


def _size(nudge: Nudge) -> Decimal:
    return Decimal("Infinity") if nudge.change is None else abs(nudge.change)


def _tries(
    comparison: Comparison, inputs: Inputs, steps: Mapping[str, Decimal]
) -> Iterator[tuple[str, Decimal | None, str]]:
    """Changes of one input that might turn a comparison: the tag, the change, and the value then."""
    if comparison.boundary_text in ("true", "false"):
        ((tag, _),) = comparison.inputs
        yield from ((tag, None, text) for text in ("true", "false") if text != inputs.get(tag))
    measured = comparison.measured(inputs)
    if comparison.boundary is None or measured is None:
        return
    for tag, sign in comparison.inputs:
        for change in _reaching((comparison.boundary - measured) * sign, steps[tag]):
            yield tag, change, str(_number(inputs[tag]) + change)


def _reaching(exact: Decimal, step: Decimal) -> list[Decimal]:
    """Changes in whole steps that end on the boundary or just beside it, on either side."""
    steps = exact / step
    below, above = steps.to_integral_value(ROUND_FLOOR), steps.to_integral_value(ROUND_CEILING)
    return [at * step for at in dict.fromkeys((below - 1, below, above, above + 1)) if at]


def _number(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None
