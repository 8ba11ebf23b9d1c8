"""The clauses of a tag's rule as the warehouse judges them for one customer: which holds, and what would change it.

Macro ``judged_rules`` is the one evaluator of clauses. Today's answers stand in ``portraits.portrait_clauses``, those
of a change in ``history.tag_change_clauses``, and what would change them in ``portraits.portrait_nudges``.
"""

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

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
    measured: Decimal | None  # the number compared; None where one of its tags is unknown or no number
    holds: bool


@dataclass(frozen=True)
class Clause:
    """``value`` where all comparisons hold and no clause before does."""

    value: str | None
    text: str
    is_told: bool  # tags say if it holds: not of a rule that stands as a whole, nor of a condition beyond the tags
    decides: bool  # it gave the value on record
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Nudge:
    """The smallest change of one input that gives another value.

    The input becomes ``to``; ``change`` is the difference, None where yes and no turn round.
    """

    value: str
    input_tag: str
    change: Decimal | None
    to: str


JUDGED = """
    select tag_code, clause_order, policy_row, clause_value, clause, is_told, decides,
        comparison_order, measure, operator, boundary, boundary_text, input_number, holds
    from {relation} where customer_id = $customer and {condition}
    order by tag_code, clause_order, policy_row, comparison_order
"""
TODAY = JUDGED.format(relation="portraits.portrait_clauses", condition="as_of_date = $day")
AFTER_CHANGES = JUDGED.format(
    relation="history.tag_change_clauses", condition="side = 'after' and as_of_date = $day and tag_code = $tag"
)
#: The tags that each comparison of a day reads, with their signs.
READ = """
    select tag_code, clause_order, policy_row, comparison_order, input_tag, input_sign
    from governance.tag_boundary_versions
    where input_tag is not null
        and (valid_from is null or valid_from <= $day) and (valid_to is null or $day < valid_to)
    order by all
"""
#: The tags whose rule is a list of clauses, whole or in part.
TOLD = "select distinct tag_code from governance.tag_boundary_versions where comparisons > 0 or clause = 'otherwise'"
NUDGES = """
    select tag_code, other_value, input_tag, change, input_value
    from portraits.portrait_nudges where customer_id = $customer and as_of_date = $day
    order by abs(change) nulls last, tag_code, other_value
"""


def clauses_of_today(
    warehouse: duckdb.DuckDBPyConnection, customer: str, day: datetime.date
) -> Mapping[str, list[Clause]]:
    """The judged clauses of each tag that has any, in order."""
    return _clauses(warehouse, TODAY, customer=customer, day=day)


def clauses_after_change(
    warehouse: duckdb.DuckDBPyConnection, customer: str, tag: str, day: datetime.date
) -> list[Clause]:
    """The clauses of a tag as they were judged when its value changed, on ``day``; none where they could not be."""
    return _clauses(warehouse, AFTER_CHANGES, customer=customer, day=day, tag=tag).get(tag, [])


def _clauses(
    warehouse: duckdb.DuckDBPyConnection, sql: str, *, day: datetime.date, **given: str
) -> dict[str, list[Clause]]:
    read: dict[tuple, list[tuple[str, int]]] = defaultdict(list)
    for *place, tag, sign in warehouse.execute(READ, {"day": day}).fetchall():
        read[tuple(place)].append((tag, sign))
    found: dict[str, list[Clause]] = defaultdict(list)
    rows = warehouse.execute(sql, {"day": day, **given}).fetchall()
    for (tag, order, row, value, text, is_told, decides), group in groupby(rows, key=lambda row: row[:7]):
        comparisons = tuple(
            Comparison(measure, tuple(read[tag, order, row, place]), operator, boundary, of_text, measured, holds)
            for place, measure, operator, boundary, of_text, measured, holds in (one[7:] for one in group)
            if place is not None
        )
        if text is not None:
            found[tag].append(Clause(value, text, is_told, decides, comparisons))
    return found


def tags_with_clauses(warehouse: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The tags that clauses explain; any other is explained by what it is made of."""
    return frozenset(tag for (tag,) in warehouse.execute(TOLD).fetchall())


def nudges_of(
    warehouse: duckdb.DuckDBPyConnection, customer: str, day: datetime.date, steps: Mapping[str, Decimal]
) -> Mapping[str, list[Nudge]]:
    """For each tag the smallest change to each other value that one input alone can give; nearest first.

    ``steps`` has the smallest step of each tag, in which figures are written: 0.01 of an amount, 1 of a count.
    """
    found: dict[str, list[Nudge]] = defaultdict(list)
    for tag, value, given, change, to in warehouse.execute(NUDGES, {"customer": customer, "day": day}).fetchall():
        if change is None:
            found[tag].append(Nudge(value, given, None, to))
        else:
            found[tag].append(Nudge(value, given, _in_steps(change, steps[given]), str(_in_steps(to, steps[given]))))
    return found


def _in_steps(number: Any, step: Decimal) -> Decimal:
    """A number with the places of its tag, or with more where it has them."""
    exact = Decimal(number)
    rounded = exact.quantize(step)
    return rounded if rounded == exact else exact.normalize()
