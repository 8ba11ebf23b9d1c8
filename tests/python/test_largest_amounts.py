"""Amounts as large as the loader admits, in every column and several to a customer: no night stops, and sums are exact.

The expected figures are calculated here, from the amounts that are delivered.
"""

import datetime
from decimal import Decimal

import duckdb
import pytest
from dbt_warehouse import Warehouse
from tiny_bank import accounts, customers, deliver

from banktags.contract import read_contract

pytestmark = pytest.mark.slow

AS_OF = datetime.date(2026, 6, 30)
LARGEST = Decimal("9999999999999999.99")
#: Days before the date on which the history of events begins, so that it covers all windows.
BEFORE = 400
UNITS = 3  # accounts, loans, cards … of each customer
RICH, POOR = "RICH", "POOR"
SIGN = {RICH: 1, POOR: -1}

PRODUCTS = [
    {"product_id": category, "product_name": category, "product_category": category}
    for category in ("DEMAND_DEPOSIT", "LOAN", "CREDIT_CARD")
] + [
    {
        "product_id": f"F{unit}",
        "product_name": "基金",
        "product_category": "FUND",
        "issuer_risk_rating": "R1",
        "seller_risk_rating": "R1",
    }
    for unit in range(UNITS)
]


def days_ago(days: int) -> datetime.date:
    return AS_OF - datetime.timedelta(days=days)


def of_each(make) -> list[dict[str, object]]:
    """The rows that ``make(owner, unit)`` gives for each customer's units."""
    return [row for owner in SIGN for unit in range(UNITS) for row in make(owner, unit)]


def bank() -> dict[str, list[dict[str, object]]]:
    """Every table with amounts: all that are not negative by the contract at the largest, balances at both ends."""
    opened = "2020-01-01"
    rows = {"core.products": PRODUCTS}
    rows["core.customers"] = [row | {"annual_income": LARGEST} for row in customers(*SIGN)]
    rows["core.accounts"] = [
        row | {"account_id": f"A-{owner}-{unit}", "product_id": "DEMAND_DEPOSIT"}
        for owner in SIGN
        for unit in range(UNITS)
        for row in accounts(owner)
    ]
    rows["core.account_balances"] = of_each(
        lambda owner, unit: [
            {"account_id": f"A-{owner}-{unit}", "balance_date": day, "balance": SIGN[owner] * LARGEST}
            for day in (days_ago(500), days_ago(2), AS_OF)
        ]
    )
    rows["core.transactions"] = of_each(
        lambda owner, unit: [
            {
                "transaction_id": f"T-{owner}-{unit}-{number}",
                "account_id": f"A-{owner}-{unit}",
                "transaction_date": days_ago(number),
                "direction": "OUT",
                "amount": LARGEST,
                "transaction_type": kind,
                "channel": "APP",
            }
            for number, kind in [(BEFORE, "TRANSFER"), *enumerate(["TRANSFER", "PAYMENT", "FEE", "TRANSFER"] * 3)]
        ]
    )
    rows["wealth.holdings"] = of_each(
        lambda owner, unit: [
            {"customer_id": owner, "product_id": f"F{unit}", "holding_date": days_ago(400), "market_value": LARGEST}
        ]
    )
    rows["wealth.orders"] = of_each(
        lambda owner, unit: [
            {
                "order_id": f"O-{owner}-{unit}-{kind}-{number}",
                "customer_id": owner,
                "product_id": f"F{unit}",
                "order_date": days_ago(number),
                "order_type": kind,
                "amount": LARGEST,
                "status": "CONFIRMED",
            }
            for number, kind in ((BEFORE, "PURCHASE"), (1, "PURCHASE"), (1, "REDEMPTION"))
        ]
    )
    rows["lending.loans"] = of_each(
        lambda owner, unit: [
            {
                "loan_id": f"L-{owner}-{unit}",
                "customer_id": owner,
                "product_id": "LOAN",
                "loan_type": "CONSUMER",
                "principal": LARGEST,
                "outstanding_principal": LARGEST,
                "annual_rate": "0.05",
                "granted_date": opened,
                "status": "ACTIVE",
            }
        ]
    )
    rows["lending.repayments"] = of_each(
        lambda owner, unit: [
            {
                "loan_id": f"L-{owner}-{unit}",
                "instalment_no": number,
                "due_date": days_ago(400 - 30 * number),
                "due_amount": LARGEST,
                "paid_amount": "0.00",
            }
            for number in range(1, 14)
        ]
    )
    rows["lending.limits"] = of_each(
        lambda owner, unit: [
            {
                "limit_id": f"M-{owner}-{unit}",
                "customer_id": owner,
                "limit_type": "TOTAL",
                "granted_amount": LARGEST,
                "used_amount": LARGEST,
                "valid_from": opened,
            }
        ]
    )
    rows["card.cards"] = of_each(
        lambda owner, unit: [
            {
                "card_id": f"K-{owner}-{unit}",
                "customer_id": owner,
                "card_type": "CREDIT",
                "issued_date": opened,
                "credit_limit": LARGEST,
                "statement_balance": LARGEST,
                "days_past_due": 2147483647,
            }
        ]
    )
    rows["card.card_transactions"] = of_each(
        lambda owner, unit: [
            {
                "card_transaction_id": f"S-{owner}-{unit}-{number}",
                "card_id": f"K-{owner}-{unit}",
                "transaction_date": days_ago(number),
                "transaction_type": kind,
                "amount": LARGEST,
                "mcc": "5411",
                "merchant_country": "US",
                "is_online": "true",
                "instalments": 12,
            }
            for number, kind in [(BEFORE, "PURCHASE"), *enumerate(["PURCHASE", "PURCHASE", "PURCHASE", "REFUND"])]
        ]
    )
    rows["bureau.credit_reports"] = [
        {
            "report_id": f"R-{owner}",
            "customer_id": owner,
            "reported_date": AS_OF,
            "credit_score": 600,
            "external_debt": LARGEST,
            "overdue_count_24m": 2147483647,
            "inquiry_count_6m": 2147483647,
        }
        for owner in SIGN
    ]
    rows["marketing.campaigns"] = [
        {
            "campaign_id": "C1",
            "campaign_name": "C1",
            "goal": "CONVERSION",
            "product_id": "F0",
            "start_date": days_ago(60),
            "end_date": days_ago(1),
            "control_share": 0.5,
            "conversion_window_days": 30,
        }
    ]
    rows["marketing.assignments"] = [
        {
            "campaign_id": "C1",
            "customer_id": owner,
            "arm": "TREATMENT" if owner == RICH else "CONTROL",
            "assigned_date": days_ago(60),
        }
        for owner in SIGN
    ]
    rows["marketing.costs"] = [
        {"cost_id": f"G{n}", "campaign_id": "C1", "cost_date": days_ago(50), "channel": "SMS", "amount": LARGEST}
        for n in range(UNITS)
    ]
    return rows


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("largest")
    deliver(folder / "in", folder / "raw", AS_OF, bank())
    built = Warehouse(folder, folder / "raw")
    built.dbt("build", "--exclude-resource-type", "unit_test", "--vars", f"as_of_date: {AS_OF}")
    return built


def test_every_column_of_amounts_is_filled():
    """A new amount in the contract is not left out of this test."""
    delivered = bank()
    for name, table in read_contract().items():
        amounts = {column.name for column in table.columns if column.data_type == "decimal(18,2)"}
        filled = {column for row in delivered.get(name, []) for column in row}
        assert amounts <= filled, (name, amounts - filled)


def test_sums_are_exact(warehouse):
    names = ["aum_spot", "aum_deposit_spot", "aum_fund_spot", "loan_outstanding_amount", "credit_limit_amount"]
    names += ["transaction_amount_30d", "investment_purchase_amount_90d", "card_spending_amount_90d"]
    rows = warehouse.rows(f"select customer_id, {', '.join(names)} from marts.customer_tags order by customer_id")
    each = UNITS * LARGEST
    found = {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}
    for owner, sign in SIGN.items():
        assert found[owner]["aum_deposit_spot"] == sign * each
        assert found[owner]["aum_fund_spot"] == each
        assert found[owner]["aum_spot"] == (1 + sign) * each
        assert found[owner]["loan_outstanding_amount"] == each
        assert found[owner]["credit_limit_amount"] == each
        assert found[owner]["investment_purchase_amount_90d"] == each
        # Three purchases less a refund.
        assert found[owner]["card_spending_amount_90d"] == 2 * each


def test_averages_hold_the_largest_balances(warehouse):
    """In double precision of a cent's fraction: 2⁵³ cents are ninety trillion."""
    ((average,),) = warehouse.rows(f"select aum_year_avg from marts.customer_tags where customer_id = '{RICH}'")
    assert float(average) == pytest.approx(float(2 * UNITS * LARGEST), rel=1e-12)


def test_a_log_of_an_earlier_version_takes_wider_amounts(warehouse):
    with duckdb.connect(str(warehouse.database)) as con:
        con.execute("alter table history.service_tier_changes alter column kept_floor type decimal(18, 2)")
    before = warehouse.rows("select count(*) from history.service_tier_changes")
    warehouse.dbt("build", "--select", "service_tier_changes", "--vars", f"as_of_date: {AS_OF}")
    (kind,) = warehouse.rows(
        "select data_type from information_schema.columns "
        "where table_name = 'service_tier_changes' and column_name = 'kept_floor'"
    )
    assert kind == ("DECIMAL(28,2)",)
    assert warehouse.rows("select count(*) from history.service_tier_changes") == before
