"""Accounts in another currency than the bank's books, told at load.

The base currency is the setting ``BANK_TAGS_CURRENCY``, which dbt, make and banktags share. Staging converts accounts
in another one at the rates of ``core.exchange_rates``; of whom there is no rate, the AUM is unknown.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from banktags.contract import PARTITION
from banktags.load.damage import is_strange
from banktags.load.extract import file_literal, quoted
from banktags.load.rows import DeliveredTable

SETTING, DEFAULT = "BANK_TAGS_CURRENCY", "CNY"
ACCOUNTS, RATES = "core.accounts", "core.exchange_rates"


def base_currency() -> str:
    """Currency of the bank's books, as the environment says it."""
    return os.environ.get(SETTING) or DEFAULT


def currency_warnings(root: Path, tables: Mapping[str, DeliveredTable]) -> list[str]:
    """What is to be said of the currencies of the delivered accounts, with the remedy.

    root: the landing zone; tables: the delivered tables by name. A code that nobody knows is told elsewhere, as such.
    """
    if ACCOUNTS not in tables:
        return []
    base, counts = base_currency(), _accounts_by_currency(tables[ACCOUNTS])
    foreign = {code: count for code, count in counts.items() if code != base}
    strangers, total = sum(foreign.values()), sum(counts.values())
    shown = ", ".join(f"{code} ({count:,})" for code, count in foreign.items())
    told = (
        f"{ACCOUNTS}.currency: {strangers:,} of {total:,} accounts are not in the base currency {base}, but in {shown}"
    )
    if strangers * 2 > total:
        code = next(iter(foreign))
        remedy = f"build with {SETTING}={code} (make build BASE_CURRENCY={code})"
        missing = f"where the policy seeds lack it, run: banktags new currency {code}"
        return [f"{told}; the build will fail\n    remedy: {remedy}; {missing}"]
    without = sorted(foreign.keys() - _priced(root, tables)) if foreign else []
    if not without:
        return []
    unknown = f"{RATES} has no rate of {', '.join(without)}, so the AUM of their owners is unknown"
    converted = f"if amounts come in {base} already, set foreign_currency_treatment: warn"
    return [f"{told}; {unknown}\n    remedy: deliver {RATES}; or, {converted}"]


def _priced(root: Path, tables: Mapping[str, DeliveredTable]) -> set[str]:
    """Currencies of which a rate is delivered, or landed before."""
    con = tables[ACCOUNTS].con
    sources = [tables[RATES].good] if RATES in tables else []
    landed = sorted((root / RATES.replace(".", "/")).glob(f"{PARTITION}=*/*.parquet"))
    if landed:
        sources.append(f"read_parquet([{', '.join(map(file_literal, landed))}])")
    return {code for source in sources for (code,) in con.execute(f"select distinct currency from {source}").fetchall()}


def _accounts_by_currency(accounts: DeliveredTable) -> dict[str, int]:
    """Number of accounts by known currency, the commonest first."""
    (column,) = (column for column in accounts.table.columns if column.name == "currency")
    code = f"upper(trim({quoted(column.name)}))"
    return dict(
        accounts.con.execute(
            f"""
            select {code} as code, count(*) as accounts from {accounts.good}
            where not {is_strange(column, accounts.table)} group by code order by accounts desc, code
            """
        ).fetchall()
    )
