"""What the last build knows about each tag: its rule as executed and its quality, from the governance tables."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from banktags.pages.currency import YUAN, Currency, read_currency
from banktags.warehouse import Row, records

#: Tables that the site reads, each with what it tells.
TABLES = {
    "tag_quality": "quality figures",
    "tag_distribution": "distributions",
    "tag_rules": "rules as executed",
    "tag_rule_inputs": "source columns",
    "tag_parameters": "numbers in force",
    "tag_confidence": "confidence",
    "tag_lifecycle": "steps of a tag's life",
    "checks": "explanations of the checks",
    "check_outcomes": "what each check looked at",
}
#: One row a tag with values below full confidence: how low, of how many customers (null: of all), by which source.
LOWEST_CONFIDENCE = """
    select
        tag_code,
        cast(min(confidence) as double) as lowest,
        case when count(*) = count(customer_id) then count(*) end as customers,
        arg_min(least_fresh_source, confidence) as source
    from governance.tag_confidence
    group by tag_code
"""
#: The numbers in force of each tag, a seed's rows in the order of what they bound; amounts are in the bank's currency.
PARAMETERS = """
    select
        tag_code,
        seed_name as seed,
        seed_row as row,
        row_name_zh as row_name,
        value_name_zh as value_name,
        cast(value as double) as value,
        case when unit = 'base currency' then (select currency from governance.base_currency) else unit end as unit,
        source,
        cast(valid_from as string) as valid_from,
        cast(valid_to as string) as valid_to
    from governance.tag_parameters
    order by tag_code, seed_name, value, seed_row, value_column
"""
#: The checks in the order of the seed, each with what it came to where that is counted.
CHECKS = """
    select
        checks.* exclude (scope, is_never_empty, looks_at_all),
        checks.scope,
        outcomes.subjects_expected,
        outcomes.subjects_looked_at,
        outcomes.tags_looked_at,
        outcomes.violations,
        outcomes.outcome
    from governance.checks as checks
    left join governance.check_outcomes as outcomes on checks.check_name = outcomes.check_name
    order by checks.rowid
"""


@dataclass(frozen=True)
class Bin:
    """Customers in one bin of a tag, as in tag_distribution: ``kind`` is value, bucket, number, months or unknown.

    ``value`` is empty where several bins of numbers are one.
    """

    kind: str
    value: str
    customers: int
    floor: float | None = None


@dataclass(frozen=True)
class Governance:
    """Rules and figures by tag code, all of one business date."""

    as_of_date: date
    quality: dict[str, dict[str, Any]] = field(default_factory=dict)
    distribution: dict[str, list[Bin]] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    rule_texts: dict[str, str] = field(default_factory=dict)  # the whole SQL of a tag
    inputs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # input_kind, input_name
    # Numbers of the policy seeds that decide each tag: row, value, unit, source and validity.
    parameters: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # Rows of the seeds that answer a definition by a list instead of by a number.
    lists: dict[str, dict[str, Any]] = field(default_factory=dict)
    confidence: dict[str, dict[str, Any]] = field(default_factory=dict)  # of tags with values below 1
    life: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # state, date, actor and later of each step
    scenarios: dict[str, str] = field(default_factory=dict)  # Chinese name by scenario
    checks: list[dict[str, Any]] = field(default_factory=list)  # rows of seed checks with what each came to
    currency: Currency = YUAN  # of all amounts

    @property
    def customers(self) -> int:
        """Customers of the build."""
        return max((figures["customers"] for figures in self.quality.values()), default=0)


def read_governance(warehouse: duckdb.DuckDBPyConnection) -> Governance:
    """Rules and figures of the last build.

    Raises:
        LookupError: the warehouse lacks a governance table, or no tag has been measured yet; says what to do.
    """
    there = records(warehouse, "select table_name from information_schema.tables where table_schema = 'governance'")
    missing = TABLES.keys() - {row["table_name"] for row in there}
    if missing:
        named = ", no ".join(f"governance.{name} ({TABLES[name]})" for name in sorted(missing))
        raise LookupError(f"the warehouse has no {named}: run dbt build first")
    (as_of_date,) = warehouse.execute("select max(as_of_date) from governance.tag_quality").fetchone()
    if as_of_date is None:
        raise LookupError("governance.tag_quality is empty: run dbt build first")

    last_build = f"where as_of_date = date '{as_of_date}'"
    distribution, inputs, life, parameters = (defaultdict(list) for _ in range(4))
    for row in records(warehouse, f"select * from governance.tag_distribution {last_build} order by bin_floor, bin"):
        distribution[row["tag_code"]].append(Bin(row["bin_kind"], row["bin"], row["customers"], row["bin_floor"]))
    for row in records(warehouse, "select * from governance.tag_rule_inputs order by input_kind, input_name"):
        inputs[row["tag_code"]].append((row["input_kind"], row["input_name"]))
    for row in records(warehouse, PARAMETERS):
        parameters[row.pop("tag_code")].append(row)
    for row in records(warehouse, "select * from governance.tag_lifecycle order by tag_code, sequence_no"):
        step = {"state": row["to_state"], "date": row["event_date"].isoformat(), "actor": row["actor"]}
        step["later"] = not row["is_taken_by_date"]
        life[row["tag_code"]].append(step)
    return Governance(
        as_of_date=as_of_date,
        quality=_by_code(records(warehouse, f"select * from governance.tag_quality {last_build}")),
        distribution=dict(distribution),
        rules=_by_code(records(warehouse, "select * from governance.tag_rules")),
        inputs=dict(inputs),
        parameters=dict(parameters),
        confidence=_by_code(records(warehouse, LOWEST_CONFIDENCE)),
        life=dict(life),
        scenarios=dict(warehouse.execute("select scenario, name_zh from policy.scenarios").fetchall()),
        checks=records(warehouse, CHECKS),
        currency=read_currency(warehouse),
    )


def _by_code(rows: Iterable[Row]) -> dict[str, Row]:
    return {row["tag_code"]: row for row in rows}
