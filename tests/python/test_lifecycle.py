"""Life cycle and onboarding against pandas from the staged tables, with the policy as delivered."""

from collections.abc import Callable

import duckdb
import pandas as pd
import pytest
from posting_reference import counted_postings

from banktags.clock import DEMO_DATE
from banktags.seeds.rows import seed_file

AS_OF = pd.Timestamp(DEMO_DATE)
HONEYMOON_DAYS = 90
STEPS = ("opened", "first_contact", "first_login", "first_transaction", "first_product")


@pytest.fixture(scope="module")
def query(demo_warehouse) -> Callable[[str], pd.DataFrame]:
    def run(sql: str) -> pd.DataFrame:
        with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
            return connection.sql(sql).df()

    return run


@pytest.fixture(scope="module")
def persons(query) -> pd.DataFrame:
    """Every person: relation, days since opening; a person is a customer while any of their numbers is open."""
    keys = query("select customer_id, source_system, source_key from intermediate.int_customer__identity")
    numbers = query("select customer_id as source_key, status, opened_date from staging.stg_core__customers")
    core = keys[keys["source_system"] == "core"].merge(numbers, on="source_key")
    persons = pd.DataFrame(index=pd.Index(sorted(set(keys["customer_id"])), name="customer_id"))
    persons["relation"] = "prospect"
    persons.loc[core["customer_id"], "relation"] = "closed"
    persons.loc[core.loc[core["status"] == "ACTIVE", "customer_id"], "relation"] = "active"
    persons["opened"] = core.groupby("customer_id")["opened_date"].min()
    persons["tenure"] = (AS_OF - persons["opened"]).dt.days
    return persons


@pytest.fixture(scope="module")
def own_transactions(query) -> pd.DataFrame:
    """What customers started themselves, up to the date: who, how many days ago, on which channel."""
    rows = query("""
        select *, counterparty_account_hash as counterparty_account, cast(amount * 100 as bigint) as cents
        from staging.stg_core__transactions
    """)
    owners = query("""
        select account_id, identities.customer_id
        from staging.stg_core__accounts as accounts
        inner join intermediate.int_customer__identity as identities
            on identities.source_system = 'core' and identities.source_key = accounts.customer_id
    """)
    counted = counted_postings(rows, owners.set_index("account_id")["customer_id"], pd.Series(dtype=object))
    rows = counted.rename(columns={"golden": "customer_id"})
    rows = rows[(rows["initiator"] == "customer") & (rows["transaction_date"] <= AS_OF)].copy()
    rows["days_ago"] = (AS_OF - rows["transaction_date"]).dt.days
    return rows


@pytest.fixture(scope="module")
def expected_stages(persons, own_transactions) -> pd.Series:
    """Stage of each person, by the words of DECISIONS.md."""
    days_ago = own_transactions.groupby("customer_id")["days_ago"]
    facts = persons.assign(
        last=days_ago.min(),
        now=days_ago.agg(lambda days: (days < 90).sum()),
        before=days_ago.agg(lambda days: days.between(90, 179).sum()),
    )

    def stage(person: pd.Series) -> str:
        if person["relation"] == "prospect":
            return "prospect"
        silent = person["tenure"] if pd.isna(person["last"]) else person["last"]
        if person["relation"] == "closed" or silent >= 180:
            return "lost"
        if person["tenure"] <= 30:
            return "new"
        if person["before"] >= 9 and 10 * person["now"] <= 7 * person["before"]:
            return "declining"
        if silent >= 90:
            return "declining"
        return "growing" if person["tenure"] <= 180 else "mature"

    return facts.apply(stage, axis=1)


def test_stages_agree_with_pandas(expected_stages, query):
    built = query("select customer_id, lifecycle_stage from segments.segment__lifecycle").set_index("customer_id")
    pd.testing.assert_series_equal(built["lifecycle_stage"].sort_index(), expected_stages, check_names=False)
    assert set(expected_stages) == {"prospect", "new", "growing", "mature", "declining", "lost"}


def test_the_deciding_rule_has_the_stage(query):
    built = query("select lifecycle_rule, lifecycle_stage from segments.segment__lifecycle")
    rules = pd.read_csv(seed_file("lifecycle_rules")).set_index("rule")["stage"]
    assert (built["lifecycle_rule"].map(rules) == built["lifecycle_stage"]).all()


def test_the_strategies_count_every_person_once(expected_stages, query):
    counts = query("select lifecycle_stage, customers from marts.lifecycle_strategy").set_index("lifecycle_stage")
    assert counts["customers"].to_dict() == expected_stages.value_counts().to_dict()


# Onboarding


@pytest.fixture(scope="module")
def new_customers(persons, query) -> pd.DataFrame:
    """The customers who opened in the year that the extracts show."""
    first_posting = query("select min(transaction_date) as day from staging.stg_core__transactions")["day"][0]
    return persons[(persons["tenure"] < 365) & (persons["opened"] >= first_posting)]


@pytest.fixture(scope="module")
def step_days(new_customers, own_transactions, query) -> dict[str, pd.DataFrame]:
    """Days since opening on which something takes a step, by step: columns customer_id, day."""
    identities = "inner join intermediate.int_customer__identity as i on i.source_system = 'core' and i.source_key = "
    logins = query(f"""
        select i.customer_id, event_date as day from staging.stg_digital__app_events as e {identities} e.customer_id
        where event_type = 'login'
    """)
    talks = query(f"""
        select i.customer_id, touch_date as day from staging.stg_marketing__touches as t {identities} t.customer_id
        where touch_status = 'delivered' and channel in ('BRANCH', 'WECOM', 'PHONE')
    """)
    products = query(f"""
        select i.customer_id, min(balance_date) as day
        from staging.stg_core__account_balances
        inner join staging.stg_core__accounts as a using (account_id)
        inner join staging.stg_core__products as p using (product_id) {identities} a.customer_id
        where product_category <> 'DEMAND_DEPOSIT' and balance > 0
        group by i.customer_id, account_id
        union all
        select i.customer_id, min(holding_date) from staging.stg_wealth__holdings as h {identities} h.customer_id
        where market_value > 0
        group by i.customer_id, h.customer_id, product_id
        union all
        select i.customer_id, granted_date from staging.stg_lending__loans as l {identities} l.customer_id
        union all
        select i.customer_id, issued_date from staging.stg_card__cards as c {identities} c.customer_id
        where card_type = 'CREDIT'
    """)
    transactions = own_transactions.rename(columns={"transaction_date": "day"})
    at_the_bank = transactions[transactions["channel"].isin(["COUNTER", "WECOM", "PHONE"])]
    events = {
        "opened": new_customers.reset_index()[["customer_id", "opened"]].rename(columns={"opened": "day"}),
        "first_contact": pd.concat([logins, talks, at_the_bank]),
        "first_login": logins,
        "first_transaction": transactions,
        "first_product": products,
    }
    days = {}
    for step, rows in events.items():
        since = rows[["customer_id", "day"]].merge(new_customers, left_on="customer_id", right_index=True)
        days[step] = since[(since["day"] >= since["opened"]) & (since["day"] <= AS_OF)][["customer_id", "day"]]
    return days


@pytest.fixture(scope="module")
def steps_taken(new_customers, step_days) -> pd.DataFrame:
    """First day of each step of each new customer, in whatever order: columns STEPS."""
    first = {step: rows.groupby("customer_id")["day"].min() for step, rows in step_days.items()}
    return pd.DataFrame(first, index=new_customers.index)


@pytest.fixture(scope="module")
def steps_in_order(new_customers, step_days) -> pd.DataFrame:
    """The same of the steps taken one after the other, each on or after the day of the one before."""
    reached = pd.DataFrame(index=new_customers.index)
    before = new_customers["opened"]
    for step in STEPS:
        rows = step_days[step].merge(before.rename("before"), left_on="customer_id", right_index=True)
        reached[step] = rows[rows["day"] >= rows["before"]].groupby("customer_id")["day"].min()
        before = reached[step]
    return reached


def test_first_contacts_agree_with_pandas(steps_taken, query):
    built = query("select customer_id, first_contact_date from tags.fact_tags__onboarding").set_index("customer_id")
    expected = steps_taken["first_contact"].dropna()
    built = built["first_contact_date"].dropna().sort_index()
    pd.testing.assert_series_equal(built, expected.sort_index(), check_names=False, check_dtype=False)
    assert len(expected) > 10


def test_the_next_step_agrees_with_pandas(persons, steps_in_order, query):
    built = query("select customer_id, onboarding_next_step from tags.rule_tags__onboarding").set_index("customer_id")
    honeymoon = persons[(persons["relation"] == "active") & (persons["tenure"] < HONEYMOON_DAYS)].index
    steps = steps_in_order.loc[steps_in_order.index.intersection(honeymoon), list(STEPS)]
    expected = steps.isna().apply(lambda missing: missing.idxmax() if missing.any() else None, axis=1)
    found = built["onboarding_next_step"].loc[expected.index]
    pd.testing.assert_series_equal(found.fillna(""), expected.fillna(""), check_names=False, check_dtype=False)
    assert built["onboarding_next_step"].drop(expected.index).isna().all()


def test_the_funnel_agrees_with_pandas(steps_taken, steps_in_order, query):
    def in_honeymoon(steps: pd.DataFrame) -> pd.DataFrame:
        return steps.sub(steps_taken["opened"], axis=0).apply(lambda column: column.dt.days) < HONEYMOON_DAYS

    within, reached = in_honeymoon(steps_taken), in_honeymoon(steps_in_order)
    month = steps_taken["opened"].dt.to_period("M").dt.to_timestamp()
    whole = month > AS_OF - pd.Timedelta(days=365)
    built = query("select * from marts.onboarding_funnel")
    for measure, rows in (("customers", reached), ("customers_in_any_order", within)):
        expected = rows[whole].astype(int).groupby(month[whole]).sum()[list(STEPS)]
        found = built.pivot(index="opening_month", columns="step", values=measure)[list(STEPS)]
        pd.testing.assert_frame_equal(found, expected, check_names=False, check_dtype=False)
    for _, steps in built.sort_values("step_number").groupby("opening_month"):
        losses = -steps["customers"].diff().fillna(0)
        assert (steps["is_breakpoint"]).sum() == (losses.max() > 0)
        assert losses[steps["is_breakpoint"]].eq(losses.max()).all()


def test_each_customer_in_the_honeymoon_has_each_wave_once(persons, query):
    plan = pd.read_csv(seed_file("wave_plans"))
    honeymoon = persons[(persons["relation"] == "active") & (persons["tenure"] < HONEYMOON_DAYS)]
    built = query("select * from marts.customer_wave_plan").sort_values(["customer_id", "wave"])
    expected = honeymoon.reset_index().merge(plan, how="cross").sort_values(["customer_id", "wave"])
    assert built[["customer_id", "wave"]].values.tolist() == expected[["customer_id", "wave"]].values.tolist()
    due = expected["opened"] + pd.to_timedelta(expected["day_offset"], unit="D")
    assert built["due_date"].tolist() == due.tolist()
    assert set(built.loc[built["due_date"] > AS_OF, "status"]) == {"planned"}
    assert not built.loc[built["due_date"] <= AS_OF, "status"].isin(["planned"]).any()
    assert not honeymoon.empty
