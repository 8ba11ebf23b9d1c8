"""Which numbers of which policy seeds decide each tag: the seed ``tag_rule_policies``.

A rule names a threshold by its row (``rule = 'asset_level'``), reads all tiers, or the weights of one preference: the
lineage of a tag knows the rows that it reads of a seed. The numbers themselves stay in the seeds; the model
tag_parameters brings both together.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from banktags.catalogue.lineage import WHEN_IN_FORCE, Lineage
from banktags.catalogue.rows import Given
from banktags.catalogue.rules import TagRule
from banktags.catalogue.scopes import RuleError

#: Filters by which the rows of a seed are named at most.
MOST_FILTERS = 3
COLUMNS = (
    *("tag_code", "seed_name", "value_column"),
    *(f"filter_{end}_{position}" for position in range(1, MOST_FILTERS + 1) for end in ("column", "value")),
)
NUMBERS = ("int", "bigint", "double", "decimal")


def policy_rows(rule: TagRule, lineage: Lineage) -> list[tuple[str | None, ...]]:
    """A row for each number of a seed and filter of its rows, in the order of ``COLUMNS``.

    There is none of a rule that can't be followed.

    Raises:
        RuleError: the rows that a tag reads of a seed are named by more than ``MOST_FILTERS`` columns.
    """
    if rule.unresolved:
        return []
    read: dict[tuple[str, str], set[Given]] = {}
    for seed, column, given in lineage.policies(rule.tag):
        if is_parameter(lineage.project.nodes[seed], column):
            filters = frozenset((name, values) for name, values in given if name not in WHEN_IN_FORCE)
            read.setdefault((seed, column), set()).add(filters)
    rows: set[tuple[str | None, ...]] = set()
    for (seed, column), filters in read.items():
        for widest in filters:
            # What is read of all rows is not told of some of them besides.
            if not any(other < widest for other in filters):
                rows.update((rule.tag.code, seed, column, *one) for one in _alternatives(rule.tag.code, widest))
    return sorted(rows, key=str)


def is_parameter(seed: Mapping[str, Any], column: str) -> bool:
    """Whether a column of a seed is a number with a unit: of the row (column unit), or of the column (meta)."""
    meta = seed["columns"].get(column, {}).get("config", {}).get("meta", {})
    types = seed["config"].get("column_types", {})
    has_unit = "unit" in types or "unit" in meta
    return seed["fqn"][1] == "policy" and types.get(column, "").startswith(NUMBERS) and has_unit


def _alternatives(tag_code: str, given: Given) -> Iterable[tuple[str | None, ...]]:
    """One filter for each combination of the values that count, as columns and values."""
    combinations: list[tuple[str, ...]] = [()]
    for name, values in sorted(given):
        combinations = [(*before, name, value) for before in combinations for value in sorted(values)]
    if len(given) > MOST_FILTERS:
        raise RuleError(f"{tag_code}: the rows that it reads of a seed are named by more than {MOST_FILTERS} columns")
    return [(*one, *(None,) * (2 * MOST_FILTERS - len(one))) for one in combinations]
