"""The nightly run of banks that have little: two nights in a row, with every check."""

import datetime
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from dbt_warehouse import Warehouse
from tiny_bank import PRODUCTS, Rows, accounts, balances, customers, deliver

from banktags.contract import PROJECT_ROOT

pytestmark = pytest.mark.slow

FIRST = datetime.date(2026, 6, 29)
NIGHTS = [FIRST, FIRST + datetime.timedelta(days=1)]

CARDS = [
    {
        "card_id": f"K-{owner}",
        "customer_id": owner,
        "card_type": "CREDIT",
        "issued_date": "2024-05-01",
        "credit_limit": 20000,
        "days_past_due": days_past_due,
    }
    for owner, days_past_due in (("1", 0), ("2", 40))
]
LOAN = {"loan_id": "L-1", "customer_id": "1", "product_id": "LOAN", "loan_type": "CONSUMER", "principal": "12000.00"}
LOAN |= {"outstanding_principal": "9000.00", "annual_rate": "0.05", "granted_date": "2026-01-10"}
LOAN |= {"maturity_date": "2027-01-10", "status": "ACTIVE"}


def swipe(date: datetime.date) -> dict[str, object]:
    posting = {"card_id": "K-1", "transaction_type": "PURCHASE", "amount": "88.00", "merchant_country": "CN"}
    return posting | {"card_transaction_id": f"S-{date}", "transaction_date": date, "is_online": "false"}


#: What each bank delivers on a date; what does not change it delivers on the first one.
BANKS: dict[str, Callable[[datetime.date], dict[str, Rows]]] = {
    "customers only": lambda date: {"core.customers": customers("1", "2") if date == FIRST else customers("3")},
    "cards only": lambda date: {
        **({"core.customers": customers("1", "2"), "card.cards": CARDS} if date == FIRST else {}),
        "card.card_transactions": [swipe(date)],
    },
    "loans only": lambda date: (
        {"core.customers": customers("1", "2"), "core.products": PRODUCTS, "lending.loans": [LOAN]}
        if date == FIRST
        else {"lending.loans": [LOAN | {"outstanding_principal": "8000.00"}]}
    ),
    "cards, and loans without instalments": lambda date: (
        {
            "core.customers": customers("1", "2"),
            "core.products": PRODUCTS,
            "card.cards": CARDS,
            "lending.loans": [LOAN],
        }
        if date == FIRST
        else {"lending.loans": [LOAN | {"outstanding_principal": "8000.00"}]}
    ),
    "balances and no transactions": lambda date: {
        **({"core.customers": customers("1", "2"), "core.products": PRODUCTS} if date == FIRST else {}),
        **({"core.accounts": accounts("1", "2")} if date == FIRST else {}),
        "core.account_balances": balances(date, "1", "2"),
    },
}


@dataclass(frozen=True)
class Run:
    """The warehouse after the nights, and what the nightly run said."""

    name: str
    warehouse: Warehouse
    exit_code: int
    output: str


@pytest.fixture(scope="module", params=BANKS)
def run(request, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("any_bank")
    warehouse = Warehouse(folder, folder / "raw")
    for date in NIGHTS:
        deliver(folder / str(date), warehouse.raw, date, BANKS[request.param](date))
    command = [sys.executable, "-m", "banktags", "run", "--from", str(NIGHTS[0]), "--to", str(NIGHTS[-1])]
    ended = subprocess.run(command, cwd=PROJECT_ROOT, env=warehouse.environment(), capture_output=True, text=True)
    return Run(request.param, warehouse, ended.returncode, ended.stdout + ended.stderr)


def test_two_nights_in_a_row_are_done_and_recorded(run):
    assert run.exit_code == 0, run.output[-6000:]
    assert run.warehouse.rows("select as_of_date from history.business_dates order by 1") == [(n,) for n in NIGHTS]


def test_the_customers_of_the_bank_are_those_of_the_last_night(run):
    expected = 3 if run.name == "customers only" else 2
    assert run.warehouse.rows("select count(*) from marts.customer_tags") == [(expected,)]
