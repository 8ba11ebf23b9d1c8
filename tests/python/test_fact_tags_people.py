"""Tags of people, behaviour, risk and social relations against a calculation of their own: pandas on the raw extracts.

Only the identity (which source key is which person) is taken from the warehouse; it has tests of its own.
"""

from bisect import bisect_right
from collections import defaultdict
from datetime import timedelta

import pandas as pd
import pytest
from dateutil.relativedelta import relativedelta

AS_OF = pd.Timestamp("2026-06-30")  # the date that dbt_project.yml stands on


class Bank:
    """Raw extracts of the demo bank, read with pandas, and the tags that the warehouse made of them."""

    def __init__(self, raw, warehouse):
        self._raw, self._warehouse = raw, warehouse
        keys = warehouse.rows("select source_system, source_key, customer_id from intermediate.int_customer__identity")
        self._person = {(system, key): customer for system, key, customer in keys}

    def latest(self, table: str, *key: str) -> pd.DataFrame:
        """Rows of a table that changes: the latest delivery of each key."""
        return self._read(table).drop_duplicates(list(key), keep="last")

    def first(self, table: str, *key: str) -> pd.DataFrame:
        """Rows of a table of events: the first delivery of each key."""
        return self._read(table).drop_duplicates(list(key), keep="first")

    def _read(self, table: str) -> pd.DataFrame:
        frame = pd.read_parquet(self._raw / table, partitioning="hive")
        for column in frame.columns:
            if column == "dt" or column.endswith(("_date", "valid_to", "valid_from")):
                frame[column] = pd.to_datetime(frame[column].astype(str).replace("None", None))
            elif column.endswith(("amount", "principal", "debt")):
                frame[column] = frame[column].astype(float)
        return frame[frame.dt <= AS_OF].sort_values(["dt", "loaded_at"], kind="stable")

    def persons(self, frame: pd.DataFrame, system: str, key: str) -> pd.DataFrame:
        """The rows whose key is a known person, with that person as ``person``."""
        person = frame[key].map(lambda value: self._person.get((system, value)))
        return frame.assign(person=person)[person.notna()]

    def tags(self, model: str, system: str, codes: list[str]) -> pd.DataFrame:
        """Some tags of each person that the source system knows."""
        known = {customer for (source, _), customer in self._person.items() if source == system}
        rows = self._warehouse.rows(f"select customer_id, {', '.join(codes)} from tags.{model}")
        return pd.DataFrame(rows, columns=["person", *codes]).set_index("person").loc[sorted(known)]

    def assert_tags(self, model: str, system: str, default: object = None, **expected: pd.Series) -> None:
        """Each tag is, for every person of the source system, as expected, and ``default`` where nothing is."""
        actual = self.tags(model, system, list(expected))
        for code, series in expected.items():
            assert len(series) > 0, f"the demo bank has no case of {code}"
            assert set(series.index) <= set(actual.index)
            wanted = series.reindex(actual.index).astype(object)
            wanted = wanted.where(wanted.notna(), default)
            got = actual[code].astype(object).where(actual[code].notna(), None)
            if pd.api.types.is_numeric_dtype(series) and series.dtype != bool:
                wanted, got = wanted.astype(float), got.astype(float)
            pd.testing.assert_series_equal(got, wanted, check_names=False, rtol=1e-9, atol=1e-6, obj=code)


@pytest.fixture(scope="module")
def bank(demo_bank, demo_warehouse):
    return Bank(demo_bank, demo_warehouse)


def within(dates: pd.Series, days: int) -> pd.Series:
    return (dates > AS_OF - timedelta(days=days)) & (dates <= AS_OF)


def sizes(members: dict[str, set]) -> pd.Series:
    return pd.Series({person: len(others) for person, others in members.items()}, dtype=float)


def test_age_is_counted_in_completed_years(bank):
    customers = bank.persons(bank.latest("core/customers", "customer_id"), "core", "customer_id")
    alone = customers[~customers.person.duplicated(keep=False) & customers.birth_date.notna()]
    expected = {row.person: relativedelta(AS_OF, row.birth_date).years for row in alone.itertuples()}
    actual = bank.tags("fact_tags__demographics", "core", ["age_years"]).age_years
    assert len(expected) > 100
    assert actual.loc[list(expected)].to_dict() == expected


def test_the_named_man_is_male_35_and_in_beijing(bank):
    tags = bank.tags("fact_tags__demographics", "core", ["gender", "age_years", "city"])
    assert tags.loc["DEMO-BEIJING-35"].to_list() == ["male", 35, "北京"]


def test_logins(bank):
    events = bank.persons(bank.first("digital/app_events", "event_id", "event_date"), "core", "customer_id")
    logins = events[within(events.event_date, 90) & (events.event_type == "login")]
    bank.assert_tags(
        "fact_tags__digital",
        "core",
        default=0,
        app_login_count_7d=logins[within(logins.event_date, 7)].groupby("person").size(),
        app_login_count_30d=logins[within(logins.event_date, 30)].groupby("person").size(),
        app_login_count_90d=logins.groupby("person").size(),
    )
    recency = (AS_OF - logins.groupby("person").event_date.max()).dt.days
    bank.assert_tags("fact_tags__digital", "core", app_login_recency_days=recency)


def test_sessions_end_after_half_an_hour_and_at_midnight(bank):
    events = bank.persons(bank.first("digital/app_events", "event_id", "event_date"), "core", "customer_id")
    minutes = defaultdict(list)
    for (person, _), day in events[within(events.event_date, 30)].groupby(["person", "event_date"]):
        times = sorted(day.event_at)
        started = last = times[0]
        for time in times[1:]:
            if time - last > timedelta(minutes=30):
                minutes[person].append((last - started).total_seconds() / 60)
                started = time
            last = time
        minutes[person].append((last - started).total_seconds() / 60)
    averages = pd.Series({person: sum(each) / len(each) for person, each in minutes.items()})
    bank.assert_tags("fact_tags__digital", "core", default=0, app_session_count_30d=sizes(minutes))
    bank.assert_tags("fact_tags__digital", "core", app_session_minutes_avg_30d=averages)


def test_card_spending_net_of_refunds(bank):
    spending = bank.first("card/card_transactions", "card_transaction_id", "transaction_date")
    spending = spending[(spending.amount > 0) & (spending.transaction_date <= spending.dt)]
    cards = bank.persons(bank.latest("card/cards", "card_id"), "core", "customer_id")[["card_id", "person"]]
    spending = spending.merge(cards, on="card_id")
    spending["net"] = spending.amount.where(spending.transaction_type == "PURCHASE", -spending.amount)
    month = spending[within(spending.transaction_date, 30)]
    quarter = spending[within(spending.transaction_date, 90)]
    year = spending[within(spending.transaction_date, 365)]
    abroad = year[year.merchant_country.notna() & (year.merchant_country != "CN")]
    bank.assert_tags(
        "fact_tags__consumption",
        "core",
        default=0,
        card_spending_amount_30d=month.groupby("person").net.sum(),
        card_spending_amount_90d=quarter.groupby("person").net.sum(),
        card_spending_amount_365d=year.groupby("person").net.sum(),
        card_purchase_count_90d=quarter[quarter.transaction_type == "PURCHASE"].groupby("person").size(),
        dining_spending_amount_90d=quarter[quarter.mcc.isin(["5812", "5814"])].groupby("person").net.sum(),
        cross_border_spending_amount_365d=abroad.groupby("person").net.sum(),
    )


TOLERANCE = 1.0  # yuan: what is left of an instalment, of a loan or of a card statement is not owed up to here


def settlement_dates(versions: pd.DataFrame) -> pd.Series:
    """The first day on which a loan is delivered as settled after it was not, by loan."""
    last_open = versions[versions.status != "SETTLED"].groupby("loan_id").dt.max()
    later = versions[versions.dt > versions.loan_id.map(last_open)]
    return later.groupby("loan_id").dt.min()


def test_loans_and_their_arrears(bank):
    loans = bank.persons(bank.latest("lending/loans", "loan_id"), "core", "customer_id").set_index("loan_id")
    versions = bank.first("lending/loans", "loan_id", "dt")
    settled = settlement_dates(versions).reindex(loans.index)
    plans = bank.latest("lending/repayments", "loan_id", "instalment_no")
    plans = plans[plans.loan_id.isin(loans.index)]
    plans["unpaid"] = plans.due_amount - plans.paid_amount
    plans["status"] = plans.loan_id.map(loans.status)
    ended = plans.loan_id.map(settled).fillna(plans.groupby("loan_id").paid_date.transform("max"))
    was_due = (plans.due_date < AS_OF) & ((plans.status != "SETTLED") | (plans.due_date < ended))
    short = plans.unpaid > TOLERANCE + 1e-9
    overdue = plans[was_due & short & (plans.status != "SETTLED")]
    # The demo bank leaves no rests: who paid late paid all of it late.
    late = was_due & within(plans.due_date, 365) & (short | (plans.paid_date > plans.due_date))

    # What is left of a loan is due at its maturity.
    matured = (loans.maturity_date < AS_OF) & (loans.status != "SETTLED") & (loans.outstanding_principal > TOLERANCE)
    assert (plans.due_date <= plans.loan_id.map(loans.maturity_date)).all()
    due = overdue.groupby("loan_id").due_date.min().reindex(loans.index)
    due = due.mask(matured, due.fillna(loans.maturity_date).clip(upper=loans.maturity_date))
    loans["days"] = (AS_OF - due).dt.days.fillna(0)
    instalments = overdue.groupby("loan_id").unpaid.sum().reindex(loans.index).fillna(0)
    loans["overdue"] = instalments.mask(matured, instalments.clip(lower=loans.outstanding_principal))
    told = overdue.groupby("loan_id").due_date.max().reindex(loans.index) == loans.maturity_date
    planned = plans.groupby("loan_id").due_date.max().reindex(loans.index) == loans.maturity_date
    untold = (matured & ~told & (instalments < loans.outstanding_principal)) | (
        (settled > loans.maturity_date) & ~planned
    )
    loans["times"] = plans[late].groupby("loan_id").size().reindex(loans.index).fillna(0)
    loans["times"] += untold & within(loans.maturity_date, 365)

    loans["grade"] = [bisect_right([8, 91, 271, 361], late) for late in loans.days]
    loans.loc[loans.status == "WRITTEN_OFF", "grade"] = 4
    active, unsettled = loans[loans.status == "ACTIVE"], loans[loans.status != "SETTLED"]
    classes = ["normal", "special_mention", "substandard", "doubtful", "loss"]
    bank.assert_tags(
        "fact_tags__credit",
        "core",
        default=0,
        loan_outstanding_amount=active.groupby("person").outstanding_principal.sum(),
        loan_overdue_amount=unsettled.groupby("person").overdue.sum(),
        loan_overdue_count_365d=loans.groupby("person").times.sum(),
    )
    bank.assert_tags(
        "fact_tags__credit",
        "core",
        loan_days_past_due_max=unsettled.groupby("person").days.max(),
        loan_risk_class_worst=unsettled.groupby("person").grade.max().map(lambda worst: classes[worst]),
    )


def test_cards_and_their_arrears(bank):
    cards = bank.persons(bank.latest("card/cards", "card_id"), "core", "customer_id")
    cards = cards[(cards.card_type == "CREDIT") & (cards.closed_date.isna() | (cards.closed_date > AS_OF))]
    owed = cards.days_past_due.where(cards.statement_balance.astype(float) > TOLERANCE, 0)
    bank.assert_tags("fact_tags__credit", "core", card_days_past_due_max=owed.groupby(cards.person).max())


def test_the_latest_risk_assessment_and_its_validity(bank):
    assessments = bank.persons(bank.latest("crm/risk_assessments", "assessment_id"), "crm", "contact_id")
    latest = assessments.sort_values(["assessed_date", "assessment_id"]).drop_duplicates("person", keep="last")
    latest = latest.set_index("person")
    bank.assert_tags(
        "fact_tags__suitability",
        "crm",
        risk_level=latest.risk_level,
        is_risk_assessment_valid=latest.valid_to >= AS_OF,
    )


def test_relations_between_persons(bank):
    relations = bank.latest("crm/relations", "relation_id")
    relations = relations[(relations.since_date <= AS_OF) & ~(relations.until_date <= AS_OF)]
    relations = bank.persons(relations, "crm", "from_contact_id").rename(columns={"person": "source"})
    relations = bank.persons(relations, "crm", "to_contact_id").rename(columns={"person": "target"})
    referred, friends, households = defaultdict(set), defaultdict(set), defaultdict(set)
    for row in relations[relations.source != relations.target].itertuples():
        if row.relation_type == "REFERRED_BY":
            referred[row.target].add(row.source)
        elif row.relation_type == "FRIEND":
            friends[row.source].add(row.target)
            friends[row.target].add(row.source)
        elif row.relation_type == "HOUSEHOLD":
            households[row.target] |= {row.source, row.target}
    household = {member: members for members in households.values() for member in members}
    counts = {"referral_count": sizes(referred), "friend_count": sizes(friends)}
    bank.assert_tags("fact_tags__social", "crm", default=0, **counts)
    bank.assert_tags("fact_tags__social", "crm", household_size=sizes(household))


def test_complaints_and_nps(bank):
    complaints = bank.persons(bank.latest("crm/complaints", "complaint_id"), "crm", "contact_id")
    answers = bank.persons(bank.first("crm/nps_responses", "response_id", "responded_date"), "crm", "contact_id")
    latest = answers.sort_values(["responded_date", "response_id"]).drop_duplicates("person", keep="last")
    bank.assert_tags(
        "fact_tags__service",
        "crm",
        default=0,
        complaint_count_365d=complaints[within(complaints.complained_date, 365)].groupby("person").size(),
        open_complaint_count=complaints[~(complaints.resolved_date <= AS_OF)].groupby("person").size(),
    )
    bank.assert_tags("fact_tags__service", "crm", nps_score=latest.set_index("person").score)


def test_marketing_consent_by_channel(bank):
    """The latest word wins, read as a diary of both systems: each, in the order of time, switches its channels."""
    consents = bank.persons(bank.latest("crm/consents", "consent_id"), "crm", "contact_id")
    diary = []
    for row in consents[consents.purpose == "MARKETING"].itertuples():
        channels = ["SMS", "PHONE", "APP"] if row.channel == "ALL" else [row.channel]
        diary.append((row.given_at, True, row.person, channels))
        if row.withdrawn_at < AS_OF + timedelta(days=1):
            diary.append((row.withdrawn_at, False, row.person, channels))
    touches = bank.persons(bank.first("marketing/touches", "touch_id", "touch_date"), "core", "customer_id")
    for row in touches[touches.touch_status.isin(["unsubscribed", "refused"])].itertuples():
        channels = ["SMS", "PHONE", "APP"] if row.channel == "BRANCH" else [row.channel]
        diary.append((row.touch_at, False, row.person, channels))
    standing = {}
    for _, is_given, person, channels in sorted(diary, key=lambda entry: entry[0]):
        standing.update({(person, channel): is_given for channel in channels})
    by_channel = {
        channel: pd.Series({person: now for (person, on), now in standing.items() if on == channel}, dtype=bool)
        for channel in ("SMS", "PHONE", "APP")
    }
    bank.assert_tags(
        "fact_tags__service",
        "crm",
        default=False,
        has_sms_marketing_consent=by_channel["SMS"],
        has_phone_marketing_consent=by_channel["PHONE"],
        has_app_marketing_consent=by_channel["APP"],
    )


def test_marketing_contacts(bank):
    touches = bank.persons(bank.first("marketing/touches", "touch_id", "touch_date"), "core", "customer_id")
    by_status = touches[within(touches.touch_date, 90)].groupby(["touch_status", "person"]).size()
    bank.assert_tags(
        "fact_tags__service",
        "core",
        default=0,
        marketing_touch_count_90d=by_status["sent"],
        marketing_opened_count_90d=by_status["opened"],
        marketing_clicked_count_90d=by_status["clicked"],
    )
