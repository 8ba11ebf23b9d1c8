"""The documents' own cases, planted in the demo bank, as the product finds them.

The bank is large enough for groups of twenty, and has the year that yearly figures look back on. That the cases
stand in the raw files is checked by test_simulate.
"""

from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from conftest import made_once
from dbt_warehouse import Warehouse

from banktags.simulate import simulate
from banktags.simulate.parameters import Parameters

#: A bank of 3,000, built up to its audiences and portraits.
pytestmark = pytest.mark.slow

END = date(2026, 6, 30)
SELECTION = (
    "+portrait_groups",
    "+audience_members",
    "+int_campaign__contamination",
    "+campaign_readout",
    "+pyramid_benchmark",
)


@pytest.fixture(scope="module")
def planted_bank(shared_folder) -> Path:
    folder = shared_folder / "planted_bank"
    with made_once(folder) as mine:
        if mine:
            simulate(Parameters(3_000, 400, 1, END), folder / "raw")
    return folder / "raw"


@pytest.fixture(scope="module")
def read(planted_bank, shared_folder, parsed_project):
    """Rows of a query over the built bank and its truth, ``truth.<table>``."""
    warehouse = Warehouse(shared_folder / "planted_warehouse", planted_bank)
    with made_once(warehouse.folder) as mine:
        if mine:
            warehouse.begin_parsed()
            warehouse.dbt("build", "--exclude-resource-type", "test", "unit_test", "--select", *SELECTION)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.database}' as bank (read_only)")
        connection.execute("create schema truth")
        for file in (planted_bank / "_truth").glob("*.parquet"):
            connection.execute(f"create view truth.{file.stem} as from '{file}'")
        # Accounts and balances as they stand at the end, each in its own currency.
        raw = planted_bank / "core"
        connection.execute(
            f"""
            create view rate as
            select currency, max_by(mid_rate, rate_date) as mid_rate
            from '{raw}/exchange_rates/*/*.parquet' group by currency
            """
        )
        connection.execute(
            f"""
            create view demand_deposit as
            with balance as (
                select account_id, arg_max(balance, (balance_date, loaded_at)) as balance
                from '{raw}/account_balances/*/*.parquet' group by account_id
            ),
            account as (
                select account_id, any_value(customer_id) as customer_id, any_value(currency) as currency
                from '{raw}/accounts/*/*.parquet' where product_id like 'DD%' group by account_id
            )
            select customer_id, sum(cast(round(balance * coalesce(mid_rate, 1), 2) as decimal(18, 2))) as amount
            from account inner join balance using (account_id) left join rate using (currency) group by customer_id
            """
        )
        connection.execute("use bank")

        def run(sql: str) -> pd.DataFrame:
            return connection.sql(sql).df()

        yield run


#: The golden customer of a number in the core system.
GOLDEN = """
    (
        select source_key as core, customer_id from intermediate.int_customer__identity where source_system = 'core'
    ) as golden
"""


def test_the_white_collar_branch_likes_cinema_beauty_and_ktv_and_is_like_the_others_else(read):
    """S3: 在电影、美容护肤、KTV这几项上的消费程度明显高于平均水平."""
    found = read(
        """
        select tag_code, tag_value, tgi, benefit_zh from portraits.portrait_group
        where portrait_group = 'is_white_collar_customer' and branch_id = 'B1007' and is_significant
        """
    )
    expected = {"cinema_spending_amount_90d", "beauty_spending_amount_90d", "karaoke_spending_amount_90d"}
    assert set(found.tag_code) == expected and set(found.tag_value) == {"true"}
    assert (found.tgi > 130).all() and found.benefit_zh.notna().all()
    sizes = read(
        """
        select customers, comparison_customers, tested_traits from portraits.portrait_groups
        where portrait_group = 'is_white_collar_customer' and branch_id = 'B1007'
        """
    )
    # Many more traits could have differed.
    assert sizes.customers[0] > 100 < sizes.comparison_customers[0] and sizes.tested_traits[0] > 60


def test_graduates_who_buy_abroad_are_an_audience(read):
    members = read(
        f"""
        select distinct golden.core, is_graduate_shopper from audiences.audience_members
        inner join {GOLDEN} using (customer_id)
        inner join memory.truth.customers as planted on planted.customer_id = golden.core
        where audience = 'graduate_overseas_shopper'
        """
    )
    assert len(members) >= 20 and members.is_graduate_shopper.mean() > 0.9


def test_foreign_balances_count_at_the_rate_of_the_day(read):
    found = read(
        f"""
        select tags.demand_deposit_spot, raw.amount
        from memory.truth.foreign_accounts
        inner join {GOLDEN} on golden.core = foreign_accounts.customer_id
        inner join tags.fact_tags__aum as tags on tags.customer_id = golden.customer_id
        inner join memory.main.demand_deposit as raw on raw.customer_id = golden.core
        """
    )
    assert len(found) == 60 and found.demand_deposit_spot.tolist() == found.amount.tolist()


def test_an_overdraft_lowers_the_assets_and_is_no_deposit(read):
    found = read(
        f"""
        select
            tags.demand_deposit_spot, tags.aum_spot, products.has_demand_deposit, pyramid.aum_tier,
            overdrafts.balance_at_end,
            tags.time_deposit_spot + tags.aum_structured_spot + tags.aum_wealth_spot + tags.aum_fund_spot
            + tags.aum_insurance_spot + tags.aum_metal_spot + tags.aum_trust_spot as others
        from memory.truth.overdrafts
        inner join {GOLDEN} on golden.core = overdrafts.customer_id
        inner join tags.fact_tags__aum as tags on tags.customer_id = golden.customer_id
        inner join tags.fact_tags__products as products on products.customer_id = golden.customer_id
        inner join segments.segment__pyramid as pyramid on pyramid.customer_id = golden.customer_id
        """
    )
    assert len(found) >= 10 and found.demand_deposit_spot.tolist() == found.balance_at_end.tolist()
    assert not found.has_demand_deposit.any() and set(found.aum_tier) == {"mass"}
    assert found.aum_spot.tolist() == pytest.approx((found.others + found.balance_at_end).tolist(), abs=0.001)
    # Some have nothing else, and owe the bank on balance; others have more than they owe.
    assert (found.aum_spot < 0).any() and (found.aum_spot > 0).any()


def test_households_of_three_and_four_are_found(read):
    sizes = read(
        """
        select household_size, count(distinct household_id) as households from intermediate.int_customer__household
        group by household_size
        """
    ).set_index("household_size")["households"]
    assert sizes[3] >= 15 and sizes[4] >= 5


def test_a_loan_that_matured_unpaid_is_overdue_since_then(read):
    found = read(
        f"""
        select tags.loan_days_past_due_max, date_diff('day', maturity_date, date '{END}') as days, has_overdue_record
        from memory.truth.matured_unpaid
        inner join {GOLDEN} on golden.core = matured_unpaid.customer_id
        inner join tags.fact_tags__credit as tags on tags.customer_id = golden.customer_id
        inner join tags.rule_tags__credit as rules on rules.customer_id = golden.customer_id
        """
    )
    assert len(found) >= 2 and found.loan_days_past_due_max.tolist() == found.days.tolist()


def test_a_control_who_was_treated_elsewhere_is_known(read):
    found = read("select * from intermediate.int_campaign__contamination where other_campaigns > 0")
    planted = read(
        f"""
        select campaign_id, golden.customer_id from memory.truth.cross_treated_controls
        inner join {GOLDEN} on golden.core = cross_treated_controls.customer_id
        """
    )
    pairs = set(planted.itertuples(index=False, name=None))
    assert pairs and pairs <= set(found[["campaign_id", "customer_id"]].itertuples(index=False, name=None))


def test_the_activation_campaign_is_decided_by_active_days_and_an_open_window_by_nothing(read):
    primary = read("select * from marketing.campaign_readout where is_primary").set_index("campaign_id")
    activation, running = primary.loc["CAMP-APP-ACTIVE"], primary.loc["CAMP-SUMMER-DEPOSIT"]
    assert (activation.metric, activation.verdict) == ("active_days", "win")
    assert activation.effect_lower <= 6 * 0.35 <= activation.effect_upper + 1
    assert running.verdict == "pending" and not running.is_observed


def test_products_a_customer_rise_with_the_tier(read):
    held = read(
        """
        select aum_tier, avg(product_category_count) as products from marts.customer_tags
        where relationship_status = 'active' group by aum_tier
        """
    ).set_index("aum_tier")["products"]
    ladder = {"mass": 1.5, "potential": 2.5, "vip": 4, "wealth": 5, "private_banking": 6}
    for tier, planned in ladder.items():
        assert held[tier] == pytest.approx(planned, abs=1 if tier == "private_banking" else 0.4), tier
