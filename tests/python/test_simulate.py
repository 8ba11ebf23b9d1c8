"""The demo bank against independent calculations from its raw files.

Pandas and plain SQL here share nothing with the generator but the file layout, the contract and the planted truth.
"""

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PARTITION, PROJECT_ROOT, read_contract
from banktags.simulate import simulate
from banktags.simulate.parameters import TIERS, Parameters, Story

END = date(2026, 6, 30)


class RawBank:
    """Landed extracts of a demo bank as SQL views ``<system>.<table>``, and its planted truth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.summary = json.loads((folder / "_truth" / "summary.json").read_text(encoding="utf-8"))
        self._db = duckdb.connect()
        for table in read_contract().values():
            files = folder / table.system / table.name / "dt=*" / "*.parquet"
            self._db.execute(f"create schema if not exists {table.system}")
            self._db.execute(
                f"create view {table.qualified_name} as "
                f"from read_parquet('{files}', hive_partitioning = true, hive_types = {{'dt': date}})"
            )
        self._db.execute("create schema truth")
        for path in (folder / "_truth").glob("*.parquet"):
            self._db.execute(f"create view truth.{path.stem} as from read_parquet('{path}')")
        # Accounts with their owner, and postings that were booked for a day that had come.
        self._db.execute("create view owner as select distinct account_id, customer_id, product_id from core.accounts")
        self._db.execute("create view posting as from core.transactions semi join owner using (account_id)")
        self._db.execute("create view booked as from posting where transaction_date <= dt")

    def rows(self, query: str) -> list[tuple]:
        return self._db.execute(query).fetchall()

    def value(self, query: str) -> object:
        return self.rows(query)[0][0]

    def frame(self, query: str) -> pd.DataFrame:
        return self._db.execute(query).df()


def write_bank(folder: Path, customers: int, days: int, seed: int = 1, end: date = END) -> Path:
    simulate(Parameters(customers, days, seed, end), folder)
    return folder


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file under ``folder``, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="session")
def bank(tmp_path_factory) -> RawBank:
    """3,000 customers over 125 days: the story of DEMO-UPDOWN and two interest days are in it."""
    return RawBank(write_bank(tmp_path_factory.mktemp("simulate") / "raw", 3_000, 125))


# What is written, and how


def test_same_parameters_give_the_same_bytes(tmp_path):
    first, second = (checksums(write_bank(tmp_path / name, 200, 35)) for name in ("first", "second"))
    assert first == second
    assert first != checksums(write_bank(tmp_path / "other_seed", 200, 35, seed=2))


def test_what_is_written_at_the_same_time_does_not_change_the_bytes(tmp_path, monkeypatch):
    side_by_side = checksums(write_bank(tmp_path / "side_by_side", 200, 35))
    monkeypatch.setattr("banktags.simulate.bank.LANDINGS", 1)
    assert checksums(write_bank(tmp_path / "one_by_one", 200, 35)) == side_by_side


def test_files_have_the_columns_and_types_of_the_contract(bank):
    types = {
        "string": "VARCHAR",
        "int": "INTEGER",
        "bigint": "BIGINT",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
    }
    types |= {"double": "DOUBLE", "decimal(18,2)": "DECIMAL(18,2)", "decimal(18,8)": "DECIMAL(18,8)"}
    for table in read_contract().values():
        files = bank.folder / table.system / table.name / "dt=*" / "*.parquet"
        landed = bank.rows(f"describe from read_parquet('{files}', hive_partitioning = false)")
        expected = [(column.name, types[column.data_type]) for column in table.columns if column.name != PARTITION]
        assert [row[:2] for row in landed] == expected, table.qualified_name
        assert bank.value(f"select count(*) from {table.qualified_name}") > 0, table.qualified_name


def test_no_mandatory_column_is_null(bank):
    for table in read_contract().values():
        mandatory = [column.name for column in table.columns if not column.nullable]
        query = f"select {', '.join(f'count(*) - count({name})' for name in mandatory)} from {table.qualified_name}"
        assert set(bank.rows(query)[0]) == {0}, table.qualified_name


def test_each_business_date_is_one_file_known_the_morning_after(bank):
    for table in read_contract().values():
        for partition in (bank.folder / table.system / table.name).iterdir():
            assert len(list(partition.iterdir())) == 1, partition
        hours = bank.rows(f"select min(loaded_at - dt), max(loaded_at - dt) from {table.qualified_name}")[0]
        assert timedelta(hours=26) <= hours[0] <= hours[1] < timedelta(hours=28), table.qualified_name


def test_keys_repeat_within_a_delivery_only_where_duplicates_were_planted(bank):
    planted = {row["table"]: row["rows"] for row in bank.summary["dirt"] if row["kind"] == "exact_duplicate"}
    for table in read_contract().values():
        key = ", ".join((*table.primary_key, PARTITION))
        repeated = bank.value(f"select count(*) - count(distinct ({key})) from {table.qualified_name}")
        assert repeated == planted.get(table.qualified_name, 0), table.qualified_name


def test_control_table_counts_the_files(bank):
    for table in read_contract().values():
        if table.qualified_name != "core.batches":
            landed = bank.rows(f"select dt, count(*) from {table.qualified_name} group by dt order by dt")
            noted = bank.rows(
                "select business_date, row_count from core.batches "
                f"where system_name = '{table.system}' and table_name = '{table.name}' and row_count > 0 order by 1"
            )
            assert landed == noted, table.qualified_name


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    result = CliRunner().invoke(app, ["simulate", "--customers", "60", "--days", "20", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failed_run_leaves_nothing(tmp_path):
    def fail(step: str, share: float) -> None:
        if share > 0.25:
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        simulate(Parameters(60, 20, 1, END), tmp_path / "raw", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("customers", "days", "end"), [(50, 20, date(2024, 2, 29)), (80, 70, date(2026, 1, 5))])
def test_small_and_odd_periods_work(tmp_path, customers, days, end):
    bank = RawBank(write_bank(tmp_path / "raw", customers, days, end=end))
    assert bank.rows("select min(dt), max(dt) from core.account_balances") == [(end - timedelta(days=days - 1), end)]
    assert bank.value("select count(distinct customer_id) from core.customers where status = 'ACTIVE'") >= customers


# Money


def test_balances_are_the_running_sum_of_postings(bank):
    """After the opening balance, a balance moves by the signed sum of the day's good postings, and only then."""
    postings = bank.frame("from booked where amount > 0 and transaction_type <> 'ZZZ' order by loaded_at")
    postings = postings.drop_duplicates(["transaction_id", "transaction_date"])
    amount = postings.amount.astype(float)
    signed = amount.where(postings.direction == "IN", -amount)
    flow = signed.groupby([postings.account_id, postings.transaction_date]).sum().round(2)

    balances = bank.frame("select * replace (cast(balance as double) as balance) from core.account_balances")
    balances = balances.sort_values(["account_id", "balance_date", "loaded_at"])
    balances = balances.drop_duplicates(["account_id", "balance_date"], keep="last")
    before = balances.groupby("account_id").balance.shift(fill_value=0)
    balances["moved"] = (balances.balance - before).round(2)
    later = balances[balances.balance_date > pd.Timestamp(bank.summary["parameters"]["start"])]
    moved = later.set_index(["account_id", "balance_date"]).moved

    pd.testing.assert_series_equal(moved.sort_index(), flow.sort_index(), check_names=False)
    overdrawn = set(balances[balances.balance < 0].account_id)
    assert overdrawn == {row[0] for row in bank.rows("select account_id from truth.overdrafts")} != set()


def rates_of_accounts(bank: RawBank, items: pd.Index, days: pd.DatetimeIndex) -> pd.DataFrame:
    """What one unit of each item costs in yuan, by day: 1 but for accounts in foreign currency."""
    rates = bank.frame("select currency, rate_date, cast(mid_rate as double) as mid_rate from core.exchange_rates")
    rates = rates.pivot(index="rate_date", columns="currency", values="mid_rate").reindex(
        pd.date_range(rates.rate_date.min(), days[-1])
    )
    currencies = bank.frame("select distinct account_id, currency from core.accounts").set_index("account_id").currency
    of_items = currencies.reindex(items).where(lambda currency: currency.isin(rates.columns))
    priced = rates.ffill().loc[days].T.reindex(of_items)
    return priced.set_axis(items).fillna(1.0)


def month_average_assets(bank: RawBank) -> pd.DataFrame:
    """AUM of each open customer, by person.

    Columns: month_average and spot (yuan; daily average of the end date's month, and the end date), categories (of
    products with a positive value at the end date).
    """
    values = bank.frame(
        """
        with value as (
            select customer_id, product_id, account_id as item, balance_date as day, balance as value, loaded_at
            from core.account_balances inner join owner using (account_id)
            union all
            select customer_id, product_id, customer_id || product_id, holding_date, market_value, loaded_at
            from wealth.holdings
        )
        select value.* replace (cast(value as double) as value), products.product_category
        from value inner join core.products using (product_id)
        where products.product_category <> 'CUSTODY_SECURITIES'
        order by loaded_at
        """
    )
    month = pd.date_range(END.replace(day=1), END)
    latest = values.drop_duplicates(["item", "day"], keep="last")
    daily = latest.pivot(index="item", columns="day", values="value").sort_index(axis=1)
    daily = daily.reindex(columns=daily.columns.union(month)).ffill(axis=1).fillna(0)[month]
    daily = daily.mul(rates_of_accounts(bank, daily.index, month), axis=0)

    # A person with two customer numbers is one person: same identity document.
    customers = bank.frame(
        "select customer_id, max(id_no) as person, max(status) as status from core.customers group by 1"
    )
    items = latest.drop_duplicates("item").merge(customers, on="customer_id").set_index("item")
    items = items.assign(month_average=daily.mean(axis=1), spot=daily.iloc[:, -1])
    people = items.groupby("person")[["month_average", "spot"]].sum()
    people["categories"] = items[items.spot > 0].groupby("person").product_category.nunique()
    return people.reindex(customers[customers.status == "ACTIVE"].person.unique(), fill_value=0)


@pytest.fixture(scope="session")
def people(bank) -> pd.DataFrame:
    frame = month_average_assets(bank)
    bounds = [-1e15, 50e3, 200e3, 1e6, 8e6, 1e15]
    for measure in ("month_average", "spot"):
        frame[f"{measure}_tier"] = pd.cut(frame[measure], bounds, right=False, labels=[5, 4, 3, 2, 1]).astype(int)
    return frame


def test_tier_shares_are_those_of_the_documents(people):
    assert people.month_average_tier.value_counts().to_dict() == {1: 3, 2: 60, 3: 240, 4: 450, 5: 2247}


def test_mean_assets_of_each_tier_are_as_planned(people):
    means = people.groupby("month_average_tier").month_average.mean()
    for tier in TIERS[1:]:
        assert means[tier.number] == pytest.approx(tier.mean, rel=0.08), tier.name


def test_spot_and_month_average_disagree_only_for_movers(bank, people):
    movers = bank.value("select count(*) from truth.customers where mover is not null")
    disagreeing = people[people.month_average_tier != people.spot_tier]
    assert 0 < len(disagreeing) == movers + 1  # and DEMO-UPDOWN


def test_a_quarter_of_private_clients_hold_one_product(people):
    private = people[people.month_average_tier == 1]
    assert (private.categories == 1).sum() == round(0.25 * len(private))


# Rhythm


def test_interest_is_posted_by_the_system_on_the_21st_of_the_quarter(bank):
    days = bank.rows(
        "select distinct transaction_date, channel from booked where transaction_type = 'INTEREST' order by 1"
    )
    assert days == [(date(2026, 3, 21), "SYSTEM"), (date(2026, 6, 21), "SYSTEM")]
    without = bank.value(
        """
        with demand as (
            select account_id from core.accounts where product_id = 'DD01'
            group by account_id having bool_and(status <> 'CLOSED') and min(opened_date) < '2026-06-21'
        )
        select count(*) from demand
        anti join (from booked where transaction_type = 'INTEREST' and month(transaction_date) = 6) using (account_id)
        """
    )
    assert without == 0


def test_weekends_are_quieter(bank):
    by_weekday = dict(
        bank.rows(
            """
            select isodow(transaction_date), count(*) / count(distinct transaction_date)
            from booked where transaction_type in ('PAYMENT', 'TRANSFER') group by 1
            """
        )
    )
    assert max(by_weekday[6], by_weekday[7]) < min(by_weekday[day] for day in range(1, 6))


def test_salaries_come_on_paydays(bank):
    days = {
        row[0] for row in bank.rows("select distinct transaction_date from booked where transaction_type = 'SALARY'")
    }
    paydays = {date(2026, month, day) for month in range(2, 7) for day in (10, 15, 25)}
    # Paid on the Friday when payday falls on a weekend; the named man's employer pays on the tenth whatever happens.
    assert days <= {day - timedelta(days=max(0, day.isoweekday() - 5)) for day in paydays} | paydays


def test_dormant_customers_have_bank_initiated_postings_only(bank):
    initiators = PROJECT_ROOT / "seeds" / "dictionaries" / "transaction_initiators.csv"
    after = f"""
        select count(*) from booked inner join owner using (account_id) inner join truth.customers using (customer_id)
        inner join '{initiators}' as initiators using (transaction_type, direction)
        where dormant_from <= transaction_date and initiators.is_activity
        """
    assert bank.value(after) == 0


def test_sessions_stand_more_than_thirty_minutes_apart(bank):
    events = bank.frame(
        """
        select distinct event_id, customer_id, event_type, event_at
        from digital.app_events semi join owner using (customer_id)
        order by customer_id, event_at
        """
    )
    gaps = events.groupby("customer_id").event_at.diff()
    is_first = gaps.isna() | (gaps > pd.Timedelta(minutes=30))
    assert (events.event_type[is_first] == "login").all()
    assert events.event_type.eq("login").sum() == is_first.sum()


# Marketing


def test_control_shares_agree_with_the_plan(bank):
    rows = bank.rows(
        """
        select campaign_id, control_share, count(*), count(case when arm = 'CONTROL' then 1 end)
        from marketing.assignments inner join marketing.campaigns using (campaign_id)
        group by all
        """
    )
    assert len(rows) >= 3
    for campaign, share, assigned, control in rows:
        standard_error = (share * (1 - share) / assigned) ** 0.5
        assert abs(control / assigned - share) < 3.5 * standard_error, campaign


def test_planted_conversions_stand_in_the_orders(bank):
    """Each planned outcome of the wealth campaign is a confirmed order of its product in the conversion window."""
    planned = """
        from truth.outcomes inner join marketing.campaigns using (campaign_id)
        where campaign_id = 'CAMP-PRIVATE-FUND'
            and case arm when 'TREATMENT' then converts_if_treated else converts_if_control end
        """
    ordered = """
        semi join (from wealth.orders where status = 'CONFIRMED') as orders
        on orders.customer_id = planned.customer_id and orders.product_id = planned.product_id
            and orders.order_date between planned.start_date and planned.start_date + planned.conversion_window_days
        """
    converted = bank.value(f"with planned as ({planned}) select count(*) from planned {ordered}")
    assert 0 < converted == bank.value(f"select count(*) {planned}")


def test_symmetric_relations_are_mirrored_and_nobody_is_related_to_himself(bank):
    relations = bank.frame("select from_contact_id, to_contact_id, relation_type from crm.relations")
    assert not (relations.from_contact_id == relations.to_contact_id).any()
    symmetric = relations[relations.relation_type.isin(["SPOUSE", "FRIEND"])]
    pairs = set(symmetric.itertuples(index=False, name=None))
    assert pairs == {(to, origin, kind) for origin, to, kind in pairs}
    counts = relations.relation_type.value_counts()
    assert counts["PARENT"] == counts["CHILD"] > 0


# Named customers


def test_the_man_of_beijing(bank):
    query = "select distinct gender, birth_date, city_code from core.customers where customer_id = 'DEMO-BEIJING-35'"
    gender, birth_date, city = bank.rows(query)[0]
    assert gender in ("M", "1", "男")
    assert city == "110000"
    assert END.year - birth_date.year - ((END.month, END.day) < (birth_date.month, birth_date.day)) == 35
    cards = "from card.cards where customer_id = 'DEMO-BEIJING-35' and card_type = 'CREDIT' and closed_date is null"
    assert bank.value(f"select count(*) {cards}") > 0
    transfers = bank.rows(
        """
        select direction, count(*) from booked inner join owner using (account_id)
        where customer_id = 'DEMO-BEIJING-35' and transaction_type = 'TRANSFER' and transaction_date > '2026-05-31'
        group by direction
        """
    )
    assert transfers == [("OUT", 12)]


def test_the_customer_of_the_up_and_down(bank):
    daily = (
        bank.frame(
            """
        with day as (select cast(unnest(range(date '2026-02-26', date '2026-07-01', interval '1' day)) as date) as day),
        value as (
            select account_id as item, balance_date as changed, balance as amount
            from core.account_balances inner join owner using (account_id)
            where customer_id = 'DEMO-UPDOWN'
            union all
            select product_id, holding_date, market_value from wealth.holdings where customer_id = 'DEMO-UPDOWN'
        ),
        latest as (
            select day, item, max_by(amount, changed) as amount
            from day inner join value on value.changed <= day
            group by day, item
        )
        select day, cast(sum(amount) as double) as assets from latest group by day order by day
        """
        )
        .set_index("day")
        .assets
    )
    assert (daily[:"2026-03-20"] == 800_000).all()
    assert (daily["2026-03-21":"2026-06-19"] == 150_000).all()
    assert (daily["2026-06-20":] == 1_200_000).all()
    assert daily["2026-03"].mean() == pytest.approx(569_354.84, abs=0.005)
    assert bank.summary["named_customers"]["DEMO-UPDOWN"]["is_story_complete"]


def test_the_story_moves_with_the_end_date_by_whole_months():
    story = Story(date(2024, 7, 1), date(2025, 6, 30))
    assert (story.fall, story.comeback) == (date(2025, 3, 21), date(2025, 6, 20))
    assert Story(date(2024, 7, 1), date(2025, 6, 10)).comeback == date(2025, 5, 20)
    assert not Story(date(2026, 6, 1), date(2026, 6, 30)).is_complete


# The documents' own cases


def customers_of_branch_7(bank: RawBank) -> pd.DataFrame:
    """Open customers of the white-collar branch who have told their work, with what they are compared by.

    Columns: is_white_collar, education_code, spent (categories of shops in the last 90 days, null of who paid nothing
    by card), held (product categories), is_paid_here and has_logged_in.
    """
    return bank.frame(
        f"""
        with latest as (
            select * from core.customers
            qualify row_number() over (partition by customer_id order by dt desc, loaded_at desc) = 1
        ),
        member as (
            select customer_id, occupation_code = '03' as is_white_collar, education_code from latest
            where branch_id = 'B1007' and status = 'ACTIVE' and occupation_code is not null
        ),
        spending as (
            select distinct cards.customer_id, categories.consumption_category as category
            from card.card_transactions
            inner join (select distinct card_id, customer_id from card.cards) as cards using (card_id)
            inner join '{PROJECT_ROOT / "seeds" / "dictionaries" / "merchant_categories.csv"}' as categories
                on card_transactions.mcc = lpad(cast(categories.mcc as varchar), 4, '0')
            where transaction_date > date '{END}' - 90 and amount > 0
        ),
        categories as (select list(distinct category) as names from spending),
        spender as (select customer_id, list(category) as spent from spending group by customer_id),
        holding as (
            select customer_id, product_category from wealth.holdings inner join core.products using (product_id)
            where market_value > 0
            union
            select customer_id, 'TIME_DEPOSIT' from core.accounts where product_id like 'TD%' and closed_date is null
            union
            select customer_id, 'LOAN' from lending.loans where status = 'ACTIVE'
            union
            select customer_id, 'CREDIT_CARD' from card.cards where card_type = 'CREDIT'
        ),
        held as (select customer_id, list(product_category) as held from holding group by customer_id),
        paid as (
            select distinct customer_id from booked inner join owner using (account_id)
            where transaction_type = 'SALARY' and transaction_date > date '{END}' - 90
        ),
        login as (
            select distinct customer_id from digital.app_events
            where event_type = 'login' and event_date > date '{END}' - 7
        )
        select
            member.*, spender.spent, coalesce(held.held, []) as held, paid.customer_id is not null as is_paid_here,
            login.customer_id is not null as has_logged_in
        from member
        left join spender using (customer_id)
        left join held using (customer_id)
        left join paid using (customer_id)
        left join login using (customer_id)
        """
    )


def test_white_collar_customers_differ_in_cinema_beauty_and_ktv_and_in_nothing_else(bank):
    people = customers_of_branch_7(bank)
    spenders = people[people.spent.notna()]
    traits = {f"spends:{name}": spenders.spent.map(lambda spent, name=name: name in spent)
              for name in sorted({name for spent in spenders.spent for name in spent})}  # fmt: skip
    traits |= {f"holds:{name}": people.held.map(lambda held, name=name: name in held)
               for name in sorted({name for held in people.held for name in held})}  # fmt: skip
    traits |= {name: people[name] for name in ("is_paid_here", "has_logged_in")}
    levels = people.education_code.dropna()
    traits |= {f"education:{level}": levels == level for level in sorted(levels.unique())}

    compared = {}
    for name, has in traits.items():
        sides = [has[people.is_white_collar.reindex(has.index) == side] for side in (True, False)]
        counts, sizes = [int(side.sum()) for side in sides], [len(side) for side in sides]
        if min(counts) >= 20 and sum(counts) < sum(sizes):
            compared[name] = (counts[0] / sizes[0] > counts[1] / sizes[1], proportions_ztest(counts, sizes)[1])
    differs = multipletests([p for _, p in compared.values()], method="holm")[0]
    found = {name: more for (name, (more, _)), is_found in zip(compared.items(), differs, strict=True) if is_found}
    assert found == {"spends:cinema": True, "spends:beauty": True, "spends:karaoke": True}
    assert len(compared) > 15


def test_graduates_who_buy_abroad_think_of_a_loan(bank):
    """S1: 刚毕业两年、喜欢海淘、最近申请过消费贷款."""
    found = bank.frame(
        f"""
        with abroad as (
            select cards.customer_id, sum(amount) as amount
            from card.card_transactions inner join (select distinct card_id, customer_id from card.cards) as cards
                using (card_id)
            where is_online and merchant_country <> 'CN' group by cards.customer_id
        )
        select
            truth.customers.customer_id,
            max(date_diff('day', birth_date, date '{END}') / 365.25) as age,
            min(education_code) = '20' and min(occupation_code) <> '09' as is_graduate,
            any_value(abroad.amount) as amount,
            count(app_events.event_id) as applications
        from truth.customers
        inner join core.customers using (customer_id)
        left join abroad using (customer_id)
        left join digital.app_events
            on app_events.customer_id = truth.customers.customer_id and event_type = 'application_start'
            and page = 'loan' and event_date > date '{END}' - 90
        where is_graduate_shopper
        group by truth.customers.customer_id
        """
    )
    assert len(found) >= 60
    assert found.age.between(22, 25).all() and found.is_graduate.all() and (found.applications > 0).all()
    # Over a year all of them would have spent 500 yuan; this bank shows four months.
    assert (found.amount.astype(float) >= 500).mean() > 0.8


def test_accounts_in_foreign_currency_are_few_and_have_a_rate_on_each_day(bank):
    accounts = bank.frame("select distinct account_id, currency from core.accounts where currency <> 'CNY'")
    planted = bank.frame("select account_id, currency from truth.foreign_accounts")
    assert set(accounts.itertuples(index=False)) == set(planted.itertuples(index=False))
    assert set(accounts.currency) == {"USD", "HKD", "EUR", "JPY"} and len(accounts) == 60

    balances = bank.frame("from core.account_balances order by loaded_at")
    at_end = balances.sort_values(["account_id", "balance_date"], kind="stable").groupby("account_id").balance.last()
    expected = bank.frame("from truth.foreign_accounts").set_index("account_id").balance_at_end
    assert at_end[expected.index].tolist() == expected.tolist()

    rates = bank.frame("select currency, rate_date from core.exchange_rates")
    start = pd.Timestamp(bank.summary["parameters"]["start"])
    for currency, days in rates.groupby("currency").rate_date:
        assert set(pd.bdate_range(start, END)) <= set(days) and days.min() == start, currency


def test_some_households_have_more_than_two_members(bank):
    relations = bank.frame(
        """
        select from_contact_id as child, to_contact_id as head from crm.relations where relation_type = 'HOUSEHOLD'
        qualify row_number() over (partition by relation_id order by dt desc) = 1 and until_date is null
        """
    )
    sizes = 1 + relations.groupby("head").child.nunique()
    larger = sizes[sizes > 2]
    assert set(larger) == {3, 4}
    assert larger.to_dict() == dict(bank.rows("select head_contact_id, members from truth.households"))


def test_some_loans_have_matured_unpaid(bank):
    """All instalments are paid, and the principal that was due at the end is not."""
    matured = bank.frame(
        f"""
        with latest as (
            select * from lending.loans qualify row_number() over (partition by loan_id order by dt desc) = 1
        ),
        unpaid as (
            select distinct loan_id from (
                select * from lending.repayments
                qualify row_number() over (partition by loan_id, instalment_no order by dt desc) = 1
            ) where due_date <= date '{END}' - 7 and paid_amount < due_amount
        )
        select loan_id, maturity_date from latest anti join unpaid using (loan_id)
        where status = 'ACTIVE' and outstanding_principal = principal and maturity_date < date '{END}'
        """
    )
    planted = bank.frame("select loan_id, maturity_date from truth.matured_unpaid")
    assert len(planted) >= 2
    assert set(matured.itertuples(index=False)) == set(planted.itertuples(index=False))


def test_campaigns_run_on_the_last_day_and_others_have_ended_lately(bank):
    campaigns = bank.frame(
        """
        select campaign_id, goal, start_date, end_date, max(assigned_date) + max(conversion_window_days) as observed_on
        from marketing.campaigns inner join marketing.assignments using (campaign_id) group by all
        """
    )
    runs = campaigns[(campaigns.start_date <= pd.Timestamp(END)) & (campaigns.end_date >= pd.Timestamp(END))]
    lately = campaigns[campaigns.end_date.between(pd.Timestamp(END) - pd.Timedelta(days=90), pd.Timestamp(END))]
    assert len(runs) >= 2 and len(lately) >= 4
    assert (campaigns.observed_on > pd.Timestamp(END)).sum() == 1
    assert set(campaigns.goal) == {"AUM", "CONVERSION", "RETENTION", "ACTIVATION"}


def test_who_is_woken_by_the_activation_campaign_logs_in_on_more_days(bank):
    days = bank.frame(
        """
        select arm, assignments.customer_id, count(distinct event_date) as days
        from marketing.assignments
        left join digital.app_events
            on app_events.customer_id = assignments.customer_id and event_type = 'login'
            and event_date between assigned_date and assigned_date + 30
        where campaign_id = 'CAMP-APP-ACTIVE' group by all
        """
    )
    treated, control = (days[days.arm == arm].days for arm in ("TREATMENT", "CONTROL"))
    assert stats.ttest_ind(treated, control, equal_var=False).pvalue < 0.001
    # Six days for about a third more of the customers.
    assert treated.mean() - control.mean() == pytest.approx(6 * 0.35, abs=1.0)


def test_a_control_is_treated_by_another_campaign_of_the_same_product(bank):
    found = bank.rows(
        """
        select distinct assignments.campaign_id, assignments.customer_id, others.campaign_id
        from marketing.assignments
        inner join marketing.campaigns using (campaign_id)
        inner join marketing.campaigns as others
            on campaigns.product_id = others.product_id and campaigns.campaign_id <> others.campaign_id
        inner join marketing.touches
            on others.campaign_id = touches.campaign_id and touches.customer_id = assignments.customer_id
        where arm = 'CONTROL' and touch_status = 'sent'
            and touch_date between assigned_date and assigned_date + campaigns.conversion_window_days
        order by all
        """
    )
    assert found and found == bank.rows("from truth.cross_treated_controls order by all")


def test_products_a_customer_rise_with_the_tier(bank, people):
    """Categories of assets, and loans and credit cards, by person."""
    debts = bank.frame(
        """
        with latest as (
            select * from lending.loans qualify row_number() over (partition by loan_id order by dt desc) = 1
        )
        select distinct id_no as person, 'LOAN' as category
        from latest inner join core.customers using (customer_id)
        where latest.status = 'ACTIVE' and outstanding_principal > 0
        union
        select distinct id_no, 'CREDIT_CARD' from card.cards inner join core.customers using (customer_id)
        where card_type = 'CREDIT'
        """
    )
    owed = debts.groupby("person").category.nunique().reindex(people.index, fill_value=0)
    held = (people.categories.fillna(0) + owed).groupby(people.month_average_tier).mean()
    for tier, (planned, tolerance) in {5: (1.5, 0.3), 4: (2.5, 0.4), 3: (4, 0.4), 2: (5, 0.4), 1: (6, 1)}.items():
        assert held[tier] == pytest.approx(planned, abs=tolerance), tier


# Dirt


def exact_duplicates(table: str) -> str:
    return f"select coalesce(sum(n - 1), 0) from (select *, count(*) as n from {table} group by all having n > 1)"


def contradictions(table: str, key: str, column: str) -> str:
    return f"select count(*) from (select {key} from {table} group by all having count(distinct {column}) > 1)"


def orphans(table: str, key: str, parent: str) -> str:
    return f"select count(*) from {table} where {key} not in (select {key} from {parent})"


def matching(table: str, condition: str, counted: str = "*") -> str:
    return f"select count({counted}) from {table} where {condition}"


OTHER_FORM = "not regexp_full_match(mobile, '1[0-9]{10}')"
PLAIN_MOBILE = "right(regexp_replace(mobile, '[^0-9]', '', 'g'), 11)"
POSTING = "transaction_id, transaction_date"

#: What finds each kind of dirt in the files, without the truth.
DIRT = {
    ("core.transactions", "exact_duplicate"): exact_duplicates("core.transactions"),
    ("core.transactions", "redelivered"): contradictions("core.transactions", f"{POSTING}, account_id, amount", "dt"),
    ("core.transactions", "changed_redelivery"): contradictions("core.transactions", POSTING, "amount"),
    ("core.transactions", "unknown_type"): matching("core.transactions", "transaction_type = 'ZZZ'"),
    ("core.transactions", "negative_amount"): matching("core.transactions", "amount < 0"),
    ("core.transactions", "future_dated"): matching("core.transactions", "transaction_date > dt"),
    ("core.transactions", "orphan_account"): orphans("core.transactions", "account_id", "core.accounts"),
    ("core.transactions", "late"): (
        f"select count(*) from (select {POSTING} from core.transactions group by all having min(dt) > transaction_date)"
    ),
    ("core.account_balances", "exact_duplicate"): exact_duplicates("core.account_balances"),
    ("core.account_balances", "changed_redelivery"): contradictions(
        "core.account_balances", "account_id, balance_date", "balance"
    ),
    ("core.customers", "bad_gender"): matching("core.customers", "gender = 'X'", "distinct customer_id"),
    ("core.customers", "bad_city"): matching("core.customers", "city_code = '999999'", "distinct customer_id"),
    ("core.customers", "mobile_form"): matching("core.customers", OTHER_FORM, "distinct customer_id"),
    ("core.customers", "exact_duplicate"): exact_duplicates("core.customers"),
    ("core.customers", "second_customer_number"): contradictions("core.customers", "id_no", "customer_id"),
    ("core.customers", "family_mobile"): contradictions("core.customers", f"{PLAIN_MOBILE} as mobile", "id_no"),
    ("card.card_transactions", "exact_duplicate"): exact_duplicates("card.card_transactions"),
    ("card.card_transactions", "bad_mcc"): matching("card.card_transactions", "mcc = '0000'"),
    ("card.card_transactions", "non_positive_amount"): matching("card.card_transactions", "amount <= 0"),
    ("card.card_transactions", "orphan_card"): orphans("card.card_transactions", "card_id", "card.cards"),
    ("crm.contacts", "exact_duplicate"): exact_duplicates("crm.contacts"),
    ("crm.contacts", "mobile_form"): matching("crm.contacts", OTHER_FORM, "distinct contact_id"),
    ("digital.app_events", "exact_duplicate"): exact_duplicates("digital.app_events"),
    ("digital.app_events", "orphan_customer"): orphans("digital.app_events", "customer_id", "core.customers"),
    ("marketing.touches", "control_contacted"): matching(
        "(select distinct campaign_id, customer_id from marketing.touches)"
        " inner join marketing.assignments using (campaign_id, customer_id)",
        "arm = 'CONTROL'",
    ),
}


def test_every_planted_kind_of_dirt_is_looked_for(bank):
    assert {(row["table"], row["kind"]) for row in bank.summary["dirt"]} <= set(DIRT)


@pytest.mark.parametrize(("table", "kind"), DIRT)
def test_planted_dirt_is_found_in_the_files(bank, table, kind):
    planted = {(row["table"], row["kind"]): row["rows"] for row in bank.summary["dirt"]}
    assert bank.value(DIRT[table, kind]) == planted.get((table, kind), 0)


def test_core_customers_are_recognised_in_crm_as_planted(bank):
    """By identity hash, or by mobile with name and birth date, or not at all."""
    pairs = bank.frame(
        f"""
        with core as (
            select distinct
                customer_id, name, birth_date, {PLAIN_MOBILE} as mobile, sha256(upper(trim(id_no))) as id_hash
            from core.customers
        ),
        contact as (
            select distinct contact_id, name, birth_date, {PLAIN_MOBILE} as mobile, id_no_sha256
            from crm.contacts
        )
        select
            planted.recognised_by,
            contact.id_no_sha256 = core.id_hash as has_same_id,
            (contact.mobile, contact.name, contact.birth_date) = (core.mobile, core.name, core.birth_date) as is_same
        from truth.customers as planted
        inner join core using (customer_id)
        inner join contact using (contact_id)
        """
    )
    found = pairs.is_same.map({True: "mobile", False: "none"}).mask(pairs.has_same_id.fillna(False).astype(bool), "id")
    assert (found == pairs.recognised_by).all()
    assert list(pairs.recognised_by.value_counts().index) == ["id", "mobile", "none"]


def test_identity_numbers_have_a_valid_checksum(bank):
    weights, digits = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"
    for number, birth_date, gender in bank.rows(
        "select distinct id_no, birth_date, gender from core.customers where id_type = 'IDC'"
    ):
        total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
        assert number[17] == digits[total % 11]
        assert number[6:14] == birth_date.strftime("%Y%m%d")
        assert gender == "X" or (gender in ("M", "1", "男")) == (int(number[16]) % 2 == 1)
