"""Numbers that a condition types anew although a seed row has them: a rule judges the tag already, by its own bound.

A bound that stands in a condition is another bound, which nobody certifies and which stays when the seed row changes.
Which rule compares which tag with which row is read from what ``banktags catalogue sync`` wrote of the rules.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from banktags.conditions.condition import COMPARISONS, Condition
from banktags.contract import PROJECT_ROOT

THRESHOLDS, TIERS = "rule_thresholds", "pyramid_tiers"
#: How many rules a warning names that have another bound.
MOST_RULES = 3
#: Rules as text are long: a field of csv may have so many characters.
LONGEST_FIELD = 10_000_000


@dataclass(frozen=True)
class Bound:
    """A seed row by which the rule of ``rule_tag`` judges a tag, and its number."""

    rule_tag: str
    seed: str
    row: str
    value: Decimal


def retyped_numbers(condition: Condition, root: Path = PROJECT_ROOT) -> list[str]:
    """What to write instead for each number of a condition that is compared with a tag which a rule judges."""
    found = []
    for tag, number in dict.fromkeys(_compared(condition)):
        judging = judged_by(root).get(tag, ())
        same = [bound for bound in judging if bound.value == number]
        if same:
            rows = " and ".join(f"row {bound.row} of seed {bound.seed}" for bound in same)
            tags = " or ".join(dict.fromkeys(bound.rule_tag for bound in same))
            found.append(f"{tag} is compared with {number:f}, which is {rows}: name the tag {tags} instead")
        elif judging:
            rules = {bound.rule_tag: bound for bound in reversed(judging)}
            named = ", ".join(
                f"{rule} (row {bound.row} of seed {bound.seed}: {bound.value:f})"
                for rule, bound in [*reversed(rules.items())][:MOST_RULES]
            )
            beyond = f" and {len(rules) - MOST_RULES} more" if len(rules) > MOST_RULES else ""
            found.append(
                f"{tag} is compared with {number:f}, and judged already by the rule of {named}{beyond}: name a tag"
                " whose rule says it, or add a rule with a row of its own"
            )
    return found


def _compared(condition: Condition) -> Iterator[tuple[str, Decimal]]:
    """Each tag that stands by itself on one side of a comparison, with the number on the other."""
    for node in condition.tree.find_all(*COMPARISONS, exp.Between, exp.In):
        if isinstance(node, exp.Between):
            sides = [node.this, node.args["low"], node.args["high"]]
        elif isinstance(node, exp.In):
            sides = [node.this, *node.expressions]
        else:
            sides = [node.this, node.expression]
        tags = [side.name.lower() for side in map(exp.Expression.unnest, sides) if isinstance(side, exp.Column)]
        numbers = [number for side in sides if (number := _number(side.unnest())) is not None]
        yield from ((tag, number) for tag in tags for number in numbers)


def _number(node: exp.Expression) -> Decimal | None:
    if isinstance(node, exp.Neg):
        number = _number(node.this.unnest())
        return None if number is None else -number
    return Decimal(node.this) if isinstance(node, exp.Literal) and not node.is_string else None


@cache
def judged_by(root: Path = PROJECT_ROOT) -> Mapping[str, tuple[Bound, ...]]:
    """The bounds by which rules judge each tag, in the order of the rules."""
    thresholds = _thresholds(root)
    found: dict[str, dict[Bound, None]] = {}
    for rule_tag, tag, name in [*_by_clauses(root), *_by_rules(root)]:
        for bound in thresholds.get(name, ()):
            found.setdefault(tag, {})[Bound(rule_tag, *bound)] = None
    return {tag: tuple(bounds) for tag, bounds in found.items()}


def _thresholds(root: Path) -> dict[str, list[tuple[str, str, Decimal]]]:
    """Seed, row and number of each threshold by its name: rule.parameter, or the column of the tiers."""
    found: dict[str, list[tuple[str, str, Decimal]]] = {}
    for row in _rows(root, THRESHOLDS):
        name, currency = f"{row['rule']}.{row['parameter']}", row.get("currency")
        told = f"{row['rule']} / {row['parameter']}" + (f" / {currency}" if currency else "")
        found.setdefault(name, []).append((THRESHOLDS, told, Decimal(row["value"])))
    for row in _rows(root, TIERS):
        for column in ("aum_from", "aum_to"):
            if row[column]:
                told = f"{row['tier']} / {column} / {row['currency']}"
                found.setdefault(f"{TIERS}.{column}", []).append((TIERS, told, Decimal(row[column])))
    return found


def _by_clauses(root: Path) -> Iterator[tuple[str, str, str]]:
    """Rule tag, tag and threshold of the comparisons in the clauses of rules, of a tag by itself."""
    for row in _rows(root, "tag_rule_clauses"):
        if row["threshold"] and row["measure"] == row["input_tag"]:
            yield row["tag_code"], row["input_tag"], row["threshold"]


def _by_rules(root: Path) -> Iterator[tuple[str, str, str]]:
    """The same of the rules as expressions: a tag compared with the one row of the seed that a case picks."""
    for row in _rows(root, "tag_rules"):
        text = row.get("rule_expression") or ""
        if f"{THRESHOLDS}.parameter" not in text:
            continue
        try:
            tree = sqlglot.parse_one(text, dialect="duckdb")
        except SqlglotError:
            # A rule in words, or one that is no expression: its clauses say what it compares.
            continue
        for node in tree.find_all(*COMPARISONS):
            for side, other in ((node.this, node.expression), (node.expression, node.this)):
                said = dict(re.findall(r"\b(rule|parameter) = '(\w+)'", other.sql(dialect="duckdb")))
                if isinstance(side, exp.Column) and said.keys() == {"rule", "parameter"}:
                    yield row["tag_code"], side.name, f"{said['rule']}.{said['parameter']}"


def _rows(root: Path, seed: str) -> list[dict[str, str]]:
    """The rows of a seed, wherever it stands; none where there is none."""
    files = sorted((root / "seeds").rglob(f"{seed}.csv"))
    csv.field_size_limit(LONGEST_FIELD)
    return [row for file in files for row in csv.DictReader(file.open(encoding="utf-8-sig", newline=""))]
