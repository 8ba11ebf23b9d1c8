"""Fact tags against an independent calculation: pandas from the raw Parquet files, day by day, in whole cents."""

from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from posting_reference import COLUMNS, counted_postings

from banktags.clock import DEMO_DATE
from banktags.contract import PROJECT_ROOT

AS_OF = pd.Timestamp(DEMO_DATE)
DICTIONARIES = PROJECT_ROOT / "seeds" / "dictionaries"


def days_ago(days: int) -> pd.Timestamp:
    return AS_OF - pd.Timedelta(days=days)


def landed(raw: Path, table: str, columns: str) -> pd.DataFrame:
    """Rows of ``system/table`` delivered by the date, in the order in which they became known."""
    sql = f"select {columns}, dt, loaded_at from read_parquet('{raw}/{table}/*/*.parquet') order by dt, loaded_at"
    rows = duckdb.sql(sql).df()
    return rows[rows["dt"] <= AS_OF]


def yuan(cents: int, divisor: int = 1) -> Decimal:
    """Cents as yuan, divided and rounded half up as a person would."""
    return (Decimal(int(cents)) / (100 * divisor)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def golden(demo_warehouse) -> pd.Series:
    """Golden customer of each core customer number; how customers are merged is another test's business."""
    sql = "select source_key, customer_id from intermediate.int_customer__identity where source_system = 'core'"
    return pd.DataFrame(demo_warehouse.rows(sql), columns=["core", "golden"]).set_index("core")["golden"]


@pytest.fixture(scope="module")
def tags(demo_warehouse):
    """Reads the columns of a fact tag model for core customers, by golden customer."""

    def read(model: str, *columns: str) -> pd.DataFrame:
        sql = f"select customer_id, {', '.join(columns)} from tags.{model} inner join intermediate.int_customer__spine \
            using (customer_id) where is_core_customer"
        rows = pd.DataFrame(demo_warehouse.rows(sql), columns=["customer_id", *columns], dtype=object)
        return rows.set_index("customer_id").sort_index()

    return read


@pytest.fixture(scope="module")
def accounts(demo_bank, golden) -> pd.DataFrame:
    rows = landed(demo_bank, "core/accounts", "account_id, customer_id, product_id, currency, closed_date")
    rows = rows.drop_duplicates("account_id", keep="last")
    return rows.assign(golden=rows["customer_id"].map(golden)).set_index("account_id")


@pytest.fixture(scope="module")
def rates(demo_bank) -> pd.DataFrame:
    """Yuan for one unit, as Decimal: a row for each day, a column for each foreign currency."""
    rows = landed(demo_bank, "core/exchange_rates", "currency, rate_date, cast(mid_rate as varchar) as mid_rate")
    by_day = rows.pivot(index="rate_date", columns="currency", values="mid_rate")
    return by_day.reindex(pd.date_range(by_day.index.min(), AS_OF)).ffill().map(Decimal)


def in_yuan(cents: int, rate: Decimal) -> int:
    return int((Decimal(int(cents)) * rate).quantize(Decimal(1), ROUND_HALF_UP))


@pytest.fixture(scope="module")
def daily_balances(demo_bank, golden, accounts, rates) -> pd.DataFrame:
    """Cents of yuan at day end: a row for each of the last 366 days, a column a (golden customer, category, unit)."""
    products = landed(demo_bank, "core/products", "product_id, product_category")
    category = products.drop_duplicates("product_id", keep="last").set_index("product_id")["product_category"]

    balances = landed(
        demo_bank, "core/account_balances", "account_id, balance_date as day, cast(balance * 100 as bigint) as cents"
    )
    balances = balances.drop_duplicates(["account_id", "day"], keep="last")
    on_accounts = balances.pivot(index="day", columns="account_id", values="cents")
    on_accounts.columns = pd.MultiIndex.from_tuples(
        [(accounts["golden"][a], category[accounts["product_id"][a]], a) for a in on_accounts]
    )

    holdings = landed(
        demo_bank,
        "wealth/holdings",
        "customer_id, product_id, holding_date as day, cast(market_value * 100 as bigint) as cents",
    )
    holdings = holdings.drop_duplicates(["customer_id", "product_id", "day"], keep="last")
    held = holdings.pivot(index="day", columns=["customer_id", "product_id"], values="cents")
    held.columns = pd.MultiIndex.from_tuples([(golden[c], category[p], f"{c} {p}") for c, p in held])

    daily = pd.concat([on_accounts, held], axis=1).sort_index()
    daily = daily.reindex(pd.date_range(daily.index.min(), AS_OF)).ffill().fillna(0).astype("int64")
    for customer, product_category, unit in daily.columns:
        if unit in accounts.index and pd.notna(closed := accounts["closed_date"][unit]):
            daily.loc[daily.index >= closed, (customer, product_category, unit)] = 0
    daily = daily.loc[days_ago(365) :].copy()
    abroad = accounts["currency"][accounts["currency"] != "CNY"]
    assert set(abroad) == set(rates.columns)
    for column in [column for column in daily if column[2] in abroad.index]:
        of_days = rates[abroad[column[2]]].loc[daily.index]
        daily[column] = [in_yuan(cents, rate) for cents, rate in zip(daily[column], of_days, strict=True)]
    return daily


def test_aum_agrees_with_daily_balances(daily_balances, tags):
    categories = pd.read_csv(DICTIONARIES / "product_categories.csv").set_index("product_category")
    component = daily_balances.columns.get_level_values(1).map(categories["aum_component"])
    counted = daily_balances.columns.get_level_values(1).map(categories["in_aum"])
    customer = daily_balances.columns.get_level_values(0)
    aum = daily_balances.loc[:, counted].T.groupby(customer[counted]).sum().T

    expected = {
        "aum_spot": aum.loc[AS_OF],
        "aum_peak_365d": aum.loc[days_ago(364) :].max(),
        **{f"aum_change_{n}d": aum.loc[AS_OF] - aum.loc[days_ago(n)] for n in (1, 30, 90, 365)},
        **{
            f"aum_{name}_spot": daily_balances.loc[AS_OF, component == name].groupby(level=0).sum()
            for name in ("deposit", "wealth", "fund", "insurance", "metal", "trust", "structured")
        },
        "custody_securities_spot": daily_balances.loc[AS_OF, component == "custody"].groupby(level=0).sum(),
    }
    actual = tags("fact_tags__aum", *expected)
    for code, cents in expected.items():
        wanted = cents.reindex(actual.index, fill_value=0).map(yuan)
        assert (actual[code] == wanted).all(), actual[code][actual[code] != wanted].head()

    averages = {
        "aum_month_avg": AS_OF.to_period("M").start_time,
        "aum_quarter_avg": AS_OF.to_period("Q").start_time,
        "aum_year_avg": AS_OF.to_period("Y").start_time,
        "aum_avg_365d": days_ago(364),
    }
    actual = tags("fact_tags__aum", *averages)
    for code, first_day in averages.items():
        cents = aum.loc[first_day:].sum().reindex(actual.index, fill_value=0)
        wanted = cents.map(partial(yuan, divisor=len(aum.loc[first_day:])))
        assert (actual[code] == wanted).all(), actual[code][actual[code] != wanted].head()


@pytest.fixture(scope="module")
def postings(demo_bank, demo_warehouse, accounts, rates) -> pd.DataFrame:
    """Postings that count, first delivery of each, in yuan, with golden customer, who started it and age in days."""
    types = pd.read_csv(DICTIONARIES / "transaction_types.csv")["transaction_type"]
    rows = landed(demo_bank, "core/transactions", f"{COLUMNS}, cast(amount * 100 as bigint) as cents")
    valid = rows["transaction_type"].isin(types) & (rows["cents"] >= 0) & (rows["transaction_date"] <= rows["dt"])
    rows = rows[valid].drop_duplicates(["transaction_id", "transaction_date"], keep="first")
    households = demo_warehouse.rows("select customer_id, household_id from intermediate.int_customer__household")
    counted = counted_postings(rows, accounts["golden"], pd.Series(dict(households)))
    counted["age"] = (AS_OF - counted["transaction_date"]).dt.days
    currency = counted["account_id"].map(accounts["currency"])
    abroad = counted[currency != "CNY"]
    assert len(abroad) > 0
    counted.loc[abroad.index, "cents"] = [
        in_yuan(cents, rates[currency[row]][day])
        for row, cents, day in zip(abroad.index, abroad["cents"], abroad["transaction_date"], strict=True)
    ]
    return counted


def test_the_demo_bank_has_what_does_not_count(demo_bank, postings):
    """Each planted reversal takes two postings away; of the moves within households those stay that CRM knows of."""
    keys = set(zip(postings["transaction_id"], postings["transaction_date"], strict=True))
    reversals = duckdb.sql(f"from '{demo_bank}/_truth/reversals.parquet'").df()
    assert reversals["is_named"].any() and not reversals["is_named"].all()
    assert not keys & set(zip(reversals["transaction_id"], reversals["transaction_date"], strict=True))
    assert not keys & set(zip(reversals["reversed_transaction_id"], reversals["reversed_date"], strict=True))

    planted = duckdb.sql(f"from '{demo_bank}/_truth/household_moves.parquet'").df()
    planted_keys = set(zip(planted["transaction_id"], planted["transaction_date"], strict=True))
    moves = postings[postings["is_household_move"]]
    found = set(zip(moves["transaction_id"], moves["transaction_date"], strict=True)) & planted_keys
    assert planted_keys <= keys and len(found) > len(planted_keys) / 2

    standing_orders = postings.query("transaction_type == 'TRANSFER' and direction == 'OUT' and channel == 'SYSTEM'")
    assert len(standing_orders) > 0 and set(standing_orders["initiator"]) == {"bank"}


def test_transactions_agree_with_postings(postings, tags):
    own, activity = postings[postings["initiator"] == "customer"], postings[postings["is_activity"]]
    transfers = own[(own["category"] == "transfer") & (own["direction"] == "OUT")]

    def count(rows, days):
        return rows[rows["age"] < days].groupby("golden").size()

    def amount(rows, days):
        return rows[rows["age"] < days].groupby("golden")["cents"].sum()

    counts = {
        **{f"transaction_count_{n}d": count(own, n) for n in (7, 30, 90, 365)},
        "activity_count_365d": count(activity, 365),
        "transfer_count_30d": count(transfers, 30),
        "salary_count_90d": count(postings[postings["transaction_type"] == "SALARY"], 90),
        "bank_posting_count_90d": count(postings[postings["initiator"] == "bank"], 90),
        "counter_transaction_count_90d": count(own[own["channel"] == "COUNTER"], 90),
        "digital_transaction_count_90d": count(own[own["channel"].isin(["APP", "WEB", "WECOM"])], 90),
        "counterparty_count_90d": activity[activity["age"] < 90].groupby("golden")["counterparty_account"].nunique(),
    }
    amounts = {
        "activity_amount_365d": amount(activity, 365),
        "transaction_amount_1d": amount(own, 1),
        "transaction_amount_90d": amount(own, 90),
        "transaction_max_amount_30d": own[own["age"] < 30].groupby("golden")["cents"].max(),
        "transfer_amount_30d": amount(transfers, 30),
        "inflow_amount_30d": amount(postings[postings["direction"] == "IN"], 30),
        "outflow_amount_90d": amount(postings[postings["direction"] == "OUT"], 90),
    }
    last = own[own["age"] < 365].groupby("golden")["age"].min()
    household = postings[postings["is_household_move"]]
    household_amounts = {
        "household_inflow_amount_90d": amount(household[household["direction"] == "IN"], 90),
        "household_outflow_amount_90d": amount(household[household["direction"] == "OUT"], 90),
    }
    actual = tags(
        "fact_tags__transactions",
        *counts,
        *amounts,
        *household_amounts,
        "activity_recency_days",
        "transaction_inactive_days_365d",
    )
    for code, series in counts.items():
        wanted = series.reindex(actual.index, fill_value=0)
        assert (actual[code] == wanted).all(), actual[code][actual[code] != wanted].head()
    for code, cents in amounts.items():
        wanted = cents.reindex(actual.index, fill_value=0).map(yuan)
        assert (actual[code] == wanted).all(), actual[code][actual[code] != wanted].head()

    for code, cents in household_amounts.items():
        known = actual[code].dropna()
        assert cents.index.isin(known.index).all() and cents.sum() > 0
        assert (known == cents.reindex(known.index, fill_value=0).map(yuan)).all()

    assert (actual["transaction_inactive_days_365d"][last.index] == last).all()
    recency = activity.groupby("golden")["age"].min().reindex(actual.index)
    assert (actual["activity_recency_days"].astype("Float64").isna() == recency.isna()).all()
    assert (actual["activity_recency_days"].dropna() == recency.dropna()).all()


def test_monthly_average_is_over_the_months_observed(demo_bank, golden, tags):
    customers = landed(demo_bank, "core/customers", "customer_id, opened_date")
    customers = customers.drop_duplicates("customer_id", keep="last")
    opened = customers.groupby(customers["customer_id"].map(golden))["opened_date"].min()
    columns = ["activity_count_365d", "activity_months_observed_365d", "activity_monthly_avg_365d"]
    actual = tags("fact_tags__transactions", *columns)
    opened = opened.reindex(actual.index)

    days = (AS_OF - opened.clip(lower=days_ago(364))).dt.days + 1
    months = (days * 12 / 365).clip(lower=1)
    assert (actual["activity_months_observed_365d"].astype(float) - months).abs().max() < 1e-9
    average = actual["activity_count_365d"].astype(float) / months
    assert (actual["activity_monthly_avg_365d"].astype(float) - average).abs().max() < 1e-9
    assert (months < 12).any() and (months == 12).any()


def test_the_documents_customers_have_the_documents_values(golden, tags):
    """近30天转账次数=12次, 持有我行信用卡=是; and 80万 → 15万 (21 March) → 120万 (20 June) as of 30 June."""
    man_of_beijing, up_and_down = golden["DEMO-BEIJING-35"], golden["DEMO-UPDOWN"]
    assert tags("fact_tags__transactions", "transfer_count_30d")["transfer_count_30d"][man_of_beijing] == 12
    assert tags("fact_tags__products", "is_credit_card_holder")["is_credit_card_holder"][man_of_beijing] is True

    codes = ["aum_spot", "aum_month_avg", "aum_quarter_avg", "aum_change_30d", "aum_change_90d", "aum_peak_365d"]
    june = Decimal(150_000 * 19 + 1_200_000 * 11) / 30
    quarter = (Decimal(150_000 * 80 + 1_200_000 * 11) / 91).quantize(Decimal("0.01"), ROUND_HALF_UP)
    expected = [1_200_000, june, quarter, 1_050_000, 1_050_000, 1_200_000]
    assert tags("fact_tags__aum", *codes).loc[up_and_down].tolist() == expected
