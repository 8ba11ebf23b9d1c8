"""What a loan owes and since when, from the files of a night to the tags: banks of single loans, told by hand."""

import datetime

import pytest
from dbt_warehouse import Warehouse
from tiny_bank import PRODUCTS, accounts, balances, customers, deliver

#: A bank of two nights; the rules by themselves are unit tests of dbt.
pytestmark = pytest.mark.slow

FIRST, SECOND = datetime.date(2026, 6, 29), datetime.date(2026, 6, 30)
DUE_DATES = [datetime.date(2025 + month // 12, month % 12 + 1, 28) for month in range(1, 18)]  # 2025-02 to 2026-06


def loan(owner: str, **values: object) -> dict[str, object]:
    """An active loan of two years, granted on 2025-01-31."""
    terms = {"loan_type": "CONSUMER", "principal": "120000.00", "outstanding_principal": "100000.00"}
    terms |= {"annual_rate": "0.05", "granted_date": "2025-01-31", "maturity_date": "2027-01-31", "status": "ACTIVE"}
    return {"loan_id": f"L-{owner}", "customer_id": owner, "product_id": "LOAN"} | terms | values


def plan(owner: str, *differing: dict[str, object], count: int = 17) -> list[dict[str, object]]:
    """The first instalments of a loan, each paid on the day it was due but for those that differ, by number."""
    rows = [
        {"instalment_no": number, "due_date": day, "due_amount": "1000.00", "paid_amount": "1000.00", "paid_date": day}
        for number, day in enumerate(DUE_DATES[:count], start=1)
    ]
    for values in differing:
        rows[values["instalment_no"] - 1].update(values)
    return [{"loan_id": f"L-{owner}"} | row for row in rows]


def unpaid(*numbers: int, paid: str = "0.00") -> list[dict[str, object]]:
    return [{"instalment_no": number, "paid_amount": paid, "paid_date": ""} for number in numbers]


def cent(paid: str, paid_date: object = "") -> dict[str, object]:
    return {"instalment_no": 6, "paid_amount": paid, "paid_date": paid_date}


MATURED = {"maturity_date": "2026-01-31"}
SETTLED = {"status": "SETTLED", "outstanding_principal": "0.00"}

#: Of one customer, so that reports and cards are known to be delivered.
REPORT = {"report_id": "R", "customer_id": "good", "reported_date": "2026-06-01", "credit_score": 700}
REPORT |= {"external_debt": 0, "overdue_count_24m": 0, "inquiry_count_6m": 0}
CARD = {"card_id": "K", "customer_id": "good", "card_type": "DEBIT", "issued_date": "2020-01-01"}

#: What the first night delivers of each customer: the loan, and its instalments.
NIGHT = {
    "in_full": (loan("in_full", **MATURED), []),
    "today": (loan("today", maturity_date="2026-06-29"), []),
    "to_come": (loan("to_come", maturity_date="2026-06-30"), []),
    "part": (loan("part", outstanding_principal="1.01", **MATURED), []),
    "rest": (loan("rest", outstanding_principal="1.00", **MATURED), []),
    "interest": (loan("interest", **MATURED), plan("interest", count=12)),
    "older": (loan("older", **MATURED), plan("older", *unpaid(11, 12), count=12)),
    "contradicted": (loan("contradicted", status="SETTLED", **MATURED), []),
    "written_off": (loan("written_off", status="WRITTEN_OFF", **MATURED), []),
    "settled": (loan("settled", **SETTLED), plan("settled", *unpaid(13, 14, 15, 16, 17))),
    "at_tolerance": (loan("at_tolerance"), plan("at_tolerance", cent("999.00"))),
    "above_tolerance": (loan("above_tolerance"), plan("above_tolerance", cent("998.99"))),
    "good": (loan("good"), plan("good")),
    "late_once": (loan("late_once"), plan("late_once", cent("1000.00", "2025-07-29"))),
    "settles_late": (loan("settles_late", **MATURED), []),
    "settles_early": (loan("settles_early"), plan("settles_early", *unpaid(17))),
}

#: Days past due, overdue amount, times of the year, class, overdue record: on the first night.
EXPECTED = {
    "in_full": (149, 100000, 1, "substandard", True),
    "today": (0, 0, 0, "normal", False),
    "to_come": (0, 0, 0, "normal", False),
    "part": (149, 1.01, 1, "substandard", True),
    "rest": (0, 0, 0, "normal", False),
    "interest": (149, 100000, 1, "substandard", True),
    "older": (183, 100000, 3, "substandard", True),
    "contradicted": (None, 0, 0, None, False),
    "written_off": (149, 100000, 1, "loss", True),
    "settled": (None, 0, 0, None, False),
    "at_tolerance": (0, 0, 0, "normal", False),
    "above_tolerance": (336, 1.01, 1, "doubtful", True),
    "good": (0, 0, 0, "normal", False),
    "late_once": (0, 0, 1, "normal", True),
    "settles_late": (149, 100000, 1, "substandard", True),
    "settles_early": (1, 1000, 1, "normal", True),
}

#: What changes by the second night: both are settled then, and were late before. The cent is paid, and was never owed.
AFTER = {
    "settles_late": (None, 0, 1, None, True),
    "settles_early": (None, 0, 1, None, True),
    "at_tolerance": (0, 0, 0, "normal", False),
}

TAGS = """
    select customer_id, loan_days_past_due_max, cast(loan_overdue_amount as double), loan_overdue_count_365d,
        loan_risk_class_worst, has_overdue_record
    from tags.fact_tags__credit inner join tags.rule_tags__credit using (customer_id)
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory, parsed_project) -> Warehouse:
    folder = tmp_path_factory.mktemp("arrears")
    warehouse = Warehouse(folder, folder / "raw")
    warehouse.begin_parsed()
    tables = {
        "core.customers": customers(*NIGHT),
        "core.products": PRODUCTS,
        "core.accounts": accounts(*NIGHT),
        "core.account_balances": balances(FIRST, *NIGHT),
        "lending.loans": [granted for granted, _ in NIGHT.values()],
        "lending.repayments": [row for _, rows in NIGHT.values() for row in rows],
        "bureau.credit_reports": [REPORT],
        "card.cards": [CARD],
    }
    deliver(folder / "first", warehouse.raw, FIRST, tables)
    changed = {
        "lending.loans": [loan("settles_late", **MATURED | SETTLED), loan("settles_early", **SETTLED)],
        "lending.repayments": [plan("at_tolerance", cent("1000.00", SECOND))[5]],
        "core.account_balances": balances(SECOND, *NIGHT),
    }
    deliver(folder / "second", warehouse.raw, SECOND, changed)
    return warehouse


def built(warehouse: Warehouse, date: datetime.date) -> dict[str, tuple]:
    warehouse.dbt(
        "build",
        "-s",
        "+fact_tags__credit",
        "+rule_tags__credit",
        "--exclude-resource-type",
        "test",
        "unit_test",
        variables=f"as_of_date: {date}",
    )
    names = dict(warehouse.rows("select customer_id, source_key from intermediate.int_customer__identity"))
    return {names[key]: tuple(tags) for key, *tags in warehouse.rows(TAGS)}


def test_arrears_of_each_loan_on_the_first_night_and_after_the_second(warehouse):
    found = built(warehouse, FIRST)
    assert found == EXPECTED
    after = built(warehouse, SECOND)
    assert {name: after[name] for name in AFTER} == AFTER
    assert (after["in_full"][0], after["today"][:3]) == (150, (1, 100000, 1))
