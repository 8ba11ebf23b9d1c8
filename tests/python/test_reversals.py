"""Postings that count as nothing, over two nights: what is reversed, and what moves between own accounts."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import tiny_bank
from dbt_warehouse import Warehouse

FIRST, SECOND = date(2026, 6, 29), date(2026, 6, 30)
OWNERS = ("again", "named", "matched", "unclear", "saver", "saver-2", "friend")
SELECTION = ("-s", "+fact_tags__transactions", "+int_customer__first_events", "warn_reversals_that_reverse_nothing")


def posting(number: str, owner: str, day: date, direction: str = "OUT", **values: object) -> dict[str, object]:
    """A transfer of 80,000 at ten o'clock by the mobile bank, unless the values say otherwise."""
    usual = {"amount": "80000.00", "transaction_type": "TRANSFER", "channel": "APP", "counterparty_account": "6230"}
    keys = {"transaction_id": number, "account_id": f"A-{owner}", "transaction_date": day, "direction": direction}
    return keys | usual | {"transaction_at": f"{day} 10:00:00"} | values


def reversal(number: str, owner: str, day: date, **values: object) -> dict[str, object]:
    return posting(number, owner, day, "IN", transaction_type="REVERSAL", channel="SYSTEM") | values


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> tuple[Warehouse, list[dict[str, tuple]], list[str]]:
    """The warehouse after both nights; what each night knew of each customer; what the second night was told."""
    folder = tmp_path_factory.mktemp("reversals")
    raw = folder / "raw"
    # Who opens on the day of the first extract is known in every window.
    opened = {"opened_date": FIRST}
    customers = [customer | opened for customer in tiny_bank.customers(*OWNERS) if customer["customer_id"] != "saver-2"]
    accounts = [account | opened for account in tiny_bank.accounts(*OWNERS)]
    accounts[OWNERS.index("saver-2")]["customer_id"] = "saver"
    tiny_bank.deliver(
        folder / "first",
        raw,
        FIRST,
        {
            "core.customers": customers,
            "core.accounts": accounts,
            "core.products": tiny_bank.PRODUCTS,
            "core.account_balances": tiny_bank.balances(FIRST, *OWNERS),
            "core.transactions": [
                # Sent, reversed and sent again within a second, by a bank that does not say what it reverses.
                posting("1", "again", FIRST),
                reversal("2", "again", FIRST),
                posting("3", "again", FIRST),
                posting("4", "named", FIRST),
                posting("5", "matched", FIRST),
                # One day without times: nobody can tell which of the two was reversed.
                posting("6", "unclear", FIRST, transaction_at=""),
                posting("7", "unclear", FIRST, transaction_type="PAYMENT", transaction_at=""),
                posting("8", "saver", FIRST, counterparty_account="A-saver-2"),
                posting("9", "saver-2", FIRST, "IN", counterparty_account="A-saver"),
                posting("10", "friend", FIRST, "IN", counterparty_account="A-saver", amount="1.00"),
                posting("11", "friend", FIRST, channel="SYSTEM", amount="2.00"),
            ],
        },
    )
    _land_as_before_the_column(raw)
    warehouse = Warehouse(folder / "warehouse", raw)
    known = [_build(warehouse, FIRST)]
    tiny_bank.deliver(
        folder / "second",
        raw,
        SECOND,
        {
            "core.account_balances": tiny_bank.balances(SECOND, "again"),
            "core.transactions": [
                reversal("12", "named", SECOND, reverses_transaction_id="4"),
                reversal("13", "matched", SECOND),
                reversal("14", "unclear", FIRST, transaction_at=""),
            ],
        },
    )
    known.append(_build(warehouse, SECOND))
    check = next(warehouse.target.glob("compiled/*/tests/dbt/warn_reversals_that_reverse_nothing.sql"))
    told = [problem for _, _, problem, _ in warehouse.rows(check.read_text(encoding="utf-8"))]
    return warehouse, known, told


def _land_as_before_the_column(raw: Path) -> None:
    """Extracts that were landed before the contract had ``reverses_transaction_id`` lack it."""
    for file in (raw / "core" / "transactions").rglob("*.parquet"):
        older = file.with_suffix(".older")
        duckdb.sql(f"copy (select * exclude (reverses_transaction_id, dt) from '{file}') to '{older}' (format parquet)")
        older.replace(file)


def _build(warehouse: Warehouse, day: date) -> dict[str, tuple]:
    """Count and amount of own transactions, in and out, activity and inactive days of each customer who was posted."""
    kinds = ("--exclude-resource-type", "unit_test")
    warehouse.dbt("build", *kinds, *SELECTION, "--vars", f"{{as_of_date: {day}}}", check=False)
    rows = warehouse.rows("""
        select source_key, transaction_count_30d, transaction_amount_30d, inflow_amount_30d, outflow_amount_30d,
            activity_recency_days, bank_posting_count_90d
        from tags.fact_tags__transactions inner join intermediate.int_customer__identity using (customer_id)
        """)
    return {row[0]: tuple(int(v) if isinstance(v, Decimal) else v for v in row[1:]) for row in rows}


@pytest.mark.slow
def test_what_was_reversed_counts_as_nothing_from_the_night_that_knows_it(nights):
    _, (first, second), _ = nights
    assert first["again"] == (1, 80_000, 0, 80_000, 0, 0)
    assert second["again"] == (1, 80_000, 0, 80_000, 1, 0)
    for customer in ("named", "matched"):
        assert first[customer] == (1, 80_000, 0, 80_000, 0, 0)
        assert second[customer] == (0, 0, 0, 0, None, 0)


@pytest.mark.slow
def test_a_reversal_that_may_mean_several_stays_and_is_told(nights):
    _, (first, second), told = nights
    assert first["unclear"] == (2, 160_000, 0, 160_000, 0, 0)
    assert second["unclear"] == (2, 160_000, 80_000, 160_000, 1, 1)
    assert told == ["postings that differ could be meant"]


@pytest.mark.slow
def test_own_moves_are_nothing_and_what_others_start_is_no_transaction(nights):
    _, (first, _), _ = nights
    assert first["saver"] == (0, 0, 0, 0, None, 0)
    assert first["friend"] == (0, 0, 1, 2, 0, 1)


@pytest.mark.slow
def test_the_first_night_built_again_knows_what_it_knew(nights):
    warehouse, (first, _), _ = nights
    assert _build(warehouse, FIRST) == first
