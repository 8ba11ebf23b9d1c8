"""Definitions that a reader understands without their neighbours, and units that are all of one list."""

import csv
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from banktags.catalogue import tag_entries
from banktags.catalogue.site.parameters import UNITS
from banktags.contract import PROJECT_ROOT

#: A word that points at the entry before: "of these loans", "since that report", "days until then".
POINTS_AWAY = re.compile(
    r"^(?:these|those)\b(?! (?:who|that|whom)\b)"
    r"|\b(?:of|since|until|by|before|on|in|after|for|at|to)"
    r" (?:then\b|(?:that|these|those|such|this)(?! (?:who|that|whom|the customer|the bank|a )\b) (?!is\b|are\b)[a-z]+)"
    r"|^\w+ of (?:them|it)\b",
    re.IGNORECASE,
)


def units() -> set[str]:
    """The units of seed units."""
    with (PROJECT_ROOT / "seeds" / "governance" / "units.csv").open(encoding="utf-8", newline="") as rows:
        return {row["unit"] for row in csv.DictReader(rows)}


def metas(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of a YAML file, however deep."""
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key != "unit_tests":
                yield from metas(value)
    elif isinstance(node, list):
        for value in node:
            yield from metas(value)


def opening(definition: str) -> str:
    """The first sentence of a definition, before the Chinese name."""
    return re.split(r"[.;:(（|]", definition, maxsplit=1)[0].strip()


@pytest.mark.parametrize(
    "sentence",
    [
        "Principal outstanding of these loans",
        "Days until then",
        "Those of them who became core customers",
        "Days since that report was drawn",
        "Balance that falls due on that day",
        "Amount of those payments in the last 90 days",
    ],
)
def test_a_sentence_that_points_at_its_neighbour_is_found(sentence):
    assert POINTS_AWAY.search(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Share of transactions among those that the customer started",
        "Amount of the loans that are not settled",
        "Tier that the month-average will give",
        "Persons whom the customer referred and who became core customers",
    ],
)
def test_a_sentence_that_stands_alone_is_not(sentence):
    assert not POINTS_AWAY.search(sentence)


def test_every_definition_stands_alone(manifest):
    dangling = {
        entry.code: opening(entry.definition)
        for entry in tag_entries(manifest)
        if POINTS_AWAY.search(opening(entry.definition))
    }
    assert dangling == {}


def test_every_unit_is_in_the_list():
    used: dict[str, str] = {}
    for path in [*(PROJECT_ROOT / "models").rglob("*.yml"), *(PROJECT_ROOT / "seeds").rglob("*.yml")]:
        for meta in metas(yaml.safe_load(path.read_text(encoding="utf-8"))):
            if isinstance(meta.get("unit"), str) and meta["unit"] != "string":  # the type of a column unit
                used[meta["unit"]] = str(path.relative_to(PROJECT_ROOT))
    for path in (PROJECT_ROOT / "seeds" / "policy").rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                if row.get("unit"):
                    used[row["unit"]] = str(path.relative_to(PROJECT_ROOT))
    assert {unit: where for unit, where in used.items() if unit not in units()} == {}
    assert UNITS.keys() <= units()
    assert units() <= used.keys() | UNITS.keys() | {"date"}, "a unit that nothing has"
