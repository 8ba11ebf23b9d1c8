"""The numbers in force of a tag as a banker reads them, and the lists that its definition sends a reader to."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import duckdb

from banktags.pages.currency import Currency
from banktags.pages.numbers import exact
from banktags.warehouse import records

#: How a number of each unit of the policy seeds is written. Units of amounts have ``{money}``, the currency's own.
UNITS = {
    "days": "{number}天",
    "times": "{number}次",
    "times a month": "{number}次/月",
    "years": "{number}岁",
    "persons": "{number}人",
    "categories": "{number}类",
    "points": "{number}分",
    "number": "{number}",
    "weight": "{number}",
    "ratio": "{share}",
    "probability": "{share}",
    "of the amount owed": "欠款的{share}",
    "a year on the daily average": "年化{share}（按日均余额）",
    "a year on the last statement": "年化{share}（按最近一期账单）",
    "a year on the principal outstanding": "年化{share}（按未偿本金）",
    "a year for each open account": "每个在用账户每年{money}",
    "each": "每笔{money}",
    "share": "{share}",
    "ratio a year": "每年{share}",
    "once on the amount": "一次性{share}（按金额）",
    "a year on what is held": "年化{share}（按持有金额）",
}
#: A year of a customer's life is an age; any other is a length of time.
AGE = re.compile("年龄|岁")
#: The first day of what has always been in force.
ALWAYS = "1900-01-01"
#: Lists that name customers stay in the warehouse.
OF_CUSTOMERS = re.compile("customer_id|approved_by")


def number_text(value: float, unit: str, currency: Currency, named: str = "") -> str:
    """A number with its unit: 800万元, 90天, 30%, 5倍; ``named`` tells the age from the number of years."""
    if unit in ("base currency", currency.code):
        return f"{exact(value)}{currency.unit_zh}"
    pattern = UNITS.get(unit, f"{{number}} {unit}")
    if unit == "years" and not AGE.search(named):
        pattern = "{number}年"
    # Ten times the income is no share of it.
    share = f"{value * 100:,.10g}%" if abs(value) <= 1 else f"{value:,.10g}倍"
    return pattern.format(number=f"{value:,.10g}", share=share, money=f"{exact(value)}{currency.unit_zh}")


def parameter_groups(
    rows: Iterable[Mapping[str, Any]], currency: Currency, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The numbers in force of one tag by seed and row of it, in the order of ``rows``.

    Args:
        rows: of governance.tag_parameters, as the site reads them.
        currency: the base currency of the amounts.
        names: Chinese name by code of tag, for rows that the seed names by a tag.
    """
    groups: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        seed = groups.setdefault(row["seed"], {})
        name = row["row_name"] or " · ".join(names.get(part, part) for part in row["row"].split(" / "))
        shown = seed.setdefault(
            "/".join((row["row"], name)),
            {"name": name, "values": [], "source": row["source"], "validity": _validity(row)},
        )
        text = number_text(row["value"], row["unit"], currency, f"{name}{row['value_name'] or ''}")
        shown["values"].append({"name": row["value_name"], "text": text})
    return [{"seed": seed, "rows": list(rows.values())} for seed, rows in groups.items()]


def _validity(row: Mapping[str, Any]) -> str:
    since = "" if row["valid_from"] in (None, ALWAYS) else f"自{row['valid_from']}起"
    until = f"{row['valid_to']}前有效" if row["valid_to"] else ""
    return "，".join(filter(None, (since, until))) or "长期"


def deciding_tags(inputs: Mapping[str, Iterable[tuple[str, str]]], having: Iterable[str]) -> dict[str, list[str]]:
    """For each tag the tags with numbers of their own that it reads, whether itself or by way of others."""
    having = set(having)
    read = {code: [name for kind, name in pairs if kind == "tag"] for code, pairs in inputs.items()}

    def follow(code: str) -> list[str]:
        found: dict[str, None] = {}
        seen, waiting = {code}, list(read.get(code, ()))
        while waiting:
            other = waiting.pop(0)
            if other in seen:
                continue
            seen.add(other)
            if other in having:
                found[other] = None
            waiting += read.get(other, ())
        return list(found)

    return {code: follow(code) for code in read}


def seeds_named(definition_zh: str | None, seeds: Iterable[str]) -> list[str]:
    """Seeds to which the Chinese definition of a tag sends its reader."""
    return sorted(set(re.findall(r"[a-z][a-z0-9_]*", definition_zh or "")) & set(seeds))


def read_lists(
    warehouse: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], seeds: Iterable[str], as_of_date: str
) -> dict[str, dict[str, Any]]:
    """The rows of seeds in force, as the warehouse holds them; of one that names customers only how many there are.

    Args:
        warehouse: of the last build.
        manifest: of dbt, with the schemas and columns of the seeds.
        seeds: names of seeds of the project.
        as_of_date: business date on which the rows are in force, ISO 8601.
    """
    found = {}
    for seed in sorted(seeds):
        node = manifest["nodes"][f"seed.{manifest['metadata']['project_name']}.{seed}"]
        columns = list(node["config"].get("column_types", {}))
        conditions = ["true"]
        if {"valid_from", "valid_to"} <= set(columns):
            conditions.append(f"valid_from <= date '{as_of_date}' and coalesce(valid_to > date '{as_of_date}', true)")
        if "currency" in columns:
            conditions.append("(currency is null or currency in (select currency from governance.base_currency))")
        rows = records(warehouse, f"select * from {node['schema']}.{seed} where {' and '.join(conditions)}")
        shown = [column for column in columns if column not in ("valid_from", "valid_to", "version", "currency")]
        is_private = any(OF_CUSTOMERS.search(column) for column in columns)
        found[seed] = {
            "columns": [] if is_private else shown,
            "rows": [] if is_private else [[_cell(row[column]) for column in shown] for row in rows],
            "count": len(rows),
        }
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{float(value):,.10g}" if isinstance(value, float | Decimal) else str(value)
