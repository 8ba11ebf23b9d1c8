"""Banks of a few rows that a test writes itself and lands with ``banktags load``."""

import csv
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import KNOWN_AT, PARTITION, read_contract

Rows = Sequence[Mapping[str, object]]

PRODUCTS = [
    {"product_id": "DEMAND", "product_name": "活期", "product_category": "DEMAND_DEPOSIT"},
    {"product_id": "LOAN", "product_name": "消费贷", "product_category": "LOAN"},
]


def customers(*numbers: str) -> list[dict[str, object]]:
    """Open customers of core, of whom no more is known than that they are."""
    return [{"customer_id": number, "opened_date": "2015-01-01", "status": "ACTIVE"} for number in numbers]


def accounts(*owners: str) -> list[dict[str, object]]:
    """A demand deposit account ``A-<owner>`` for each owner."""
    account = {"product_id": "DEMAND", "currency": "CNY", "opened_date": "2015-01-01", "status": "ACTIVE"}
    return [{"account_id": f"A-{owner}", "customer_id": owner} | account for owner in owners]


def balances(date: datetime.date, *owners: str) -> list[dict[str, object]]:
    """A balance of these accounts at the end of a date."""
    return [{"account_id": f"A-{owner}", "balance_date": date, "balance": "25000.00"} for owner in owners]


def deliver(folder: Path, raw: Path, date: datetime.date, tables: Mapping[str, Rows]) -> None:
    """Write the rows as CSV files with the contract's headers, and land them as the batch of a date."""
    folder.mkdir(parents=True)
    contract = read_contract()
    for name, rows in tables.items():
        columns = [column for column in contract[name].column_names if column not in (KNOWN_AT, PARTITION)]
        with (folder / f"{name.replace('.', '__')}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    loaded = CliRunner().invoke(app, ["load", str(folder), "--date", str(date), "--to", str(raw)])
    assert loaded.exit_code == 0, loaded.output
