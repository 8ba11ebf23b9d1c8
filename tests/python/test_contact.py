"""Who is reached by marketing, from what a bank delivers to every relation that a channel or a manager reads."""

import csv
import datetime
import re
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import Warehouse
from tiny_bank import deliver
from typer.testing import CliRunner

from banktags import clock
from banktags.audience.definition import Audience, compiled
from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file

#: A bank of two nights; the gates by themselves are unit tests of dbt.
pytestmark = pytest.mark.slow

FIRST, SECOND = datetime.date(2026, 6, 29), datetime.date(2026, 6, 30)
NO_MARKETING = "assert_no_marketing_reaches_whom_it_must_not"
SELECTED = (
    *("+audience_activation", "+audience_call_list", "+tier_tasks", "+customer_wave_plan", "+tag_dictionary"),
    # What `banktags audience freeze` asks of the campaign.
    *("+campaign_plans", "+customer_numbers", "+audience_controls", "+audience_products"),
)
FILLERS = [f"F{n:02d}" for n in range(40)]


def born(years: int, days: int = 0) -> datetime.date:
    """The birth date of somebody who is so old on the second night, and of who gets so old some days later."""
    return datetime.date(SECOND.year - years, SECOND.month, SECOND.day) + datetime.timedelta(days=days)


#: Customers of the cases, with what core says of each; all else is as of a filler.
CASES: dict[str, dict[str, object]] = {
    "UNSUBSCRIBED": {},
    "RECONSENTED": {},
    "SAME_DAY": {},
    "REFUSED_ON_THE_PHONE": {},
    "LONG_AGO": {},
    "WITHDREW_SMS": {},
    # Two and three behind one number: who was a customer first, and of one day the elder.
    "REFUSES_A": {"mobile": "13900000001"},
    "SHARES_A": {"mobile": "139-0000-0001"},
    "LONGER_B": {"mobile": "13900000002", "opened_date": "2011-01-01"},
    "SHORTER_B": {"mobile": "13900000002"},
    "THIRD_C": {"mobile": "13900000003"},
    "ELDEST_C": {"mobile": "13900000003", "birth_date": born(70)},
    "SECOND_C": {"mobile": "13900000003", "birth_date": born(60)},
    "LISTED_CONTACT": {},
    "LISTED_NUMBER": {"mobile": "13900000004"},
    "LISTED_ENDED": {},
    "TURNS_14": {"birth_date": born(14)},
    "TURNS_14_TOMORROW": {"birth_date": born(14, 1)},
    "GUARDED": {"birth_date": born(12)},
    "TURNS_18": {"birth_date": born(18)},
    "TURNS_18_TOMORROW": {"birth_date": born(18, 1)},
    "NO_BIRTH_DATE": {"birth_date": None},
    "DECEASED": {"deceased_date": FIRST},
    "FROZEN": {"is_frozen_by_order": "true"},
    "STAFF": {"is_staff": "true"},
    "COMPLAINS": {},
    "CONTROL": {},
    "CONTROL_OF_ENDED": {},
    "CONTROL_OF_UNKNOWN": {},
}
EVERYBODY = [*FILLERS, *CASES]


def consents() -> list[dict[str, object]]:
    given = [
        {"consent_id": f"{purpose[0]}-{name}", "contact_id": f"K-{name}", "purpose": purpose, "channel": "ALL"}
        | {"given_at": "2024-01-01 10:00:00"}
        for name in EVERYBODY
        for purpose in ("MARKETING", "PERSONALISATION")
    ]
    later = [
        ("RECONSENTED", "MARKETING", "SMS", "2026-06-27 09:00:00", None),
        ("SAME_DAY", "MARKETING", "SMS", "2026-06-25 18:00:00", None),
        ("WITHDREW_SMS", "MARKETING", "SMS", "2025-01-01 09:00:00", "2026-06-01 09:00:00"),
        ("REFUSES_A", "MARKETING", "SMS", "2025-01-01 09:00:00", "2026-06-01 09:00:00"),
        ("GUARDED", "GUARDIAN", "ALL", "2026-01-01 09:00:00", None),
    ]
    columns = ("purpose", "channel", "given_at", "withdrawn_at")
    return given + [
        {"consent_id": f"L-{name}", "contact_id": f"K-{name}"} | dict(zip(columns, said, strict=True))
        for name, *said in later
    ]


def touches() -> list[dict[str, object]]:
    heard = [
        ("UNSUBSCRIBED", "SMS", "unsubscribed", "2026-06-25", "2026-06-25 10:03:00"),
        ("RECONSENTED", "SMS", "unsubscribed", "2026-06-25", "2026-06-25 10:03:00"),
        ("SAME_DAY", "SMS", "unsubscribed", "2026-06-25", None),
        ("REFUSED_ON_THE_PHONE", "PHONE", "refused", "2026-06-25", "2026-06-25 10:03:00"),
        ("LONG_AGO", "APP", "unsubscribed", "2024-06-25", "2024-06-25 10:03:00"),
    ]
    columns = ("customer_id", "channel", "touch_status", "touch_date", "touch_at")
    return [
        {"touch_id": f"T{n}", "campaign_id": "RUNNING"} | dict(zip(columns, said, strict=True))
        for n, said in enumerate(heard)
    ]


def first_night() -> dict[str, list[dict[str, object]]]:
    """Everybody holds 400,000, may buy up to R4 and consented to all channels in 2024; who pays often is frozen."""
    person = {"id_type": "OTHER", "gender": "M", "opened_date": "2015-01-01", "status": "ACTIVE"}
    usual = {
        name: person
        | {"customer_id": name, "name": f"甲{name}", "birth_date": "1985-01-02", "mobile": f"138{n:08d}"}
        | CASES.get(name, {})
        for n, name in enumerate(EVERYBODY, 1)
    }
    days = [SECOND - datetime.timedelta(days=3 * n + 2) for n in range(50)]
    payment = {"direction": "OUT", "amount": "10.00", "transaction_type": "TRANSFER", "channel": "APP"}
    shared = ("name", "mobile", "birth_date", "gender")
    return {
        "core.products": [
            {"product_id": "DEMAND", "product_name": "活期", "product_category": "DEMAND_DEPOSIT"},
            {"product_id": "TD01", "product_name": "定期", "product_category": "TIME_DEPOSIT"},
            {"product_id": "CC01", "product_name": "信用卡", "product_category": "CREDIT_CARD"},
            {"product_id": "LN01", "product_name": "消费贷", "product_category": "LOAN"},
            {"product_id": "WP03", "product_name": "理财", "product_category": "WEALTH_PRODUCT"}
            | {"issuer_risk_rating": "R2", "seller_risk_rating": "R2"},
        ],
        "core.customers": list(usual.values()),
        "core.accounts": [
            {"account_id": f"A-{name}", "customer_id": name, "product_id": "DEMAND", "currency": "CNY"}
            | {"opened_date": "2015-01-01", "status": "ACTIVE"}
            for name in EVERYBODY
        ],
        "core.account_balances": [
            {"account_id": f"A-{name}", "balance_date": "2025-06-01", "balance": "400000.00"} for name in EVERYBODY
        ],
        "core.transactions": [
            {"transaction_id": f"P-{name}-{day}", "account_id": f"A-{name}", "transaction_date": day} | payment
            for name in [*FILLERS, "UNSUBSCRIBED"]
            for day in days
        ],
        "crm.contacts": [
            {"contact_id": f"K-{name}", "customer_id": name, "created_date": "2015-01-01"}
            | {column: values.get(column) for column in shared}
            for name, values in usual.items()
        ],
        "crm.consents": consents(),
        "crm.risk_assessments": [
            {"assessment_id": f"R-{name}", "contact_id": f"K-{name}", "assessed_date": "2026-01-10"}
            | {"valid_to": "2027-01-09", "risk_level": "C4"}
            for name in EVERYBODY
        ],
        "crm.complaints": [
            {"complaint_id": "Z1", "contact_id": "K-COMPLAINS", "complained_date": "2026-06-01", "category": "FEES"}
        ],
        "crm.do_not_contact": [
            {"entry_id": "D1", "contact_id": "K-LISTED_CONTACT", "channel": "ALL", "purpose": "ALL"},
            {"entry_id": "D2", "mobile": "+86 139 0000 0004", "channel": "SMS", "purpose": "MARKETING"},
            {"entry_id": "D3", "customer_id": "LISTED_ENDED", "channel": "ALL", "purpose": "ALL"}
            | {"listed_until": FIRST},
        ],
        "marketing.campaigns": [
            campaign("RUNNING", "2026-06-01", SECOND),
            campaign("ENDED", "2026-06-01", FIRST),
            campaign("FROZEN", SECOND, "2026-07-31"),
        ],
        "marketing.assignments": [
            {"campaign_id": "RUNNING", "customer_id": "CONTROL", "arm": "CONTROL", "assigned_date": "2026-06-01"},
            {"campaign_id": "ENDED", "customer_id": "CONTROL_OF_ENDED", "arm": "CONTROL"}
            | {"assigned_date": "2026-06-01"},
            {"campaign_id": "UNKNOWN", "customer_id": "CONTROL_OF_UNKNOWN", "arm": "CONTROL"}
            | {"assigned_date": "2025-01-01"},
        ],
        "marketing.touches": touches(),
    }


def campaign(name: str, start: object, end: object) -> dict[str, object]:
    planned = {"goal": "CONVERSION", "product_id": "WP03", "control_share": "0.5", "conversion_window_days": "30"}
    return planned | {"campaign_id": name, "campaign_name": name, "start_date": start, "end_date": end}


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> Warehouse:
    """Two nights; between them an audience is frozen for a campaign, and one customer unsubscribes from the app too."""
    folder = tmp_path_factory.mktemp("contact")
    warehouse = Warehouse(folder, folder / "raw")
    deliver(folder / "first", warehouse.raw, FIRST, first_night())
    build(warehouse, FIRST)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in warehouse.environment().items():
            patch.setenv(name, value)
        patch.setattr(clock, "now", lambda zone=None: datetime.datetime(2026, 6, 30, 9))
        frozen = ("freeze", "wealth_promotion", "--campaign", "FROZEN", "--control-share", "0.5")
        result = CliRunner().invoke(app, ["audience", *frozen, "--reason", "June offer", "--by", "Li"])
        assert result.exit_code == 0, result.output
    refusal = {"touch_id": "T9", "campaign_id": "RUNNING", "customer_id": "UNSUBSCRIBED", "touch_date": SECOND}
    second = {
        "core.account_balances": [{"account_id": "A-F00", "balance_date": SECOND, "balance": "400001.00"}],
        "core.transactions": [
            {"transaction_id": "N2", "account_id": "A-F00", "transaction_date": SECOND, "direction": "OUT"}
            | {"amount": "10.00", "transaction_type": "TRANSFER", "channel": "APP"}
        ],
        "marketing.touches": [refusal | {"channel": "APP", "touch_status": "unsubscribed"}],
    }
    deliver(folder / "second", warehouse.raw, SECOND, second)
    build(warehouse, SECOND)
    return warehouse


def build(warehouse: Warehouse, night: datetime.date) -> None:
    kinds = ("--resource-type", "model", "--resource-type", "seed")
    warehouse.dbt("build", *kinds, "--select", *SELECTED, "--vars", f"as_of_date: {night}")


def closed(warehouse: Warehouse, customer: str, purpose: str = "marketing") -> dict[str, str | None]:
    """What closes each channel of a customer for a purpose; None is open."""
    return dict(
        warehouse.rows(
            f"select channel, {purpose}_blocked_by from audiences.contact_permissions where customer_id = '{customer}'"
        )
    )


def judged(warehouse: Warehouse, product: str | None, *channels: str, purpose: str = "marketing") -> dict[str, tuple]:
    """Everybody in an audience that offers a product: channel, what keeps it from them, and what removes them."""
    with duckdb.connect(str(warehouse.database), read_only=True) as con:
        sql = compiled(con, Audience("aum_month_avg >= 0", purpose, product, list(channels)))
        rows = con.execute(f"select customer_id, channel, unreached_because, removed_by from ({sql})").fetchall()
    return {name: (channel, because, removed) for name, channel, because, removed in rows}


@pytest.mark.parametrize(
    ("customer", "channel", "gate"),
    [
        ("UNSUBSCRIBED", "SMS", "no_consent"),
        ("UNSUBSCRIBED", "APP", "no_consent"),
        ("RECONSENTED", "SMS", None),
        ("SAME_DAY", "SMS", "no_consent"),
        ("SAME_DAY", "APP", None),
        ("REFUSED_ON_THE_PHONE", "PHONE", "no_consent"),
        ("REFUSED_ON_THE_PHONE", "SMS", None),
        ("LONG_AGO", "APP", "no_consent"),
        ("WITHDREW_SMS", "SMS", "no_consent"),
        ("WITHDREW_SMS", "PHONE", None),
        ("REFUSES_A", "SMS", "no_consent"),
        ("SHARES_A", "SMS", "number_refused"),
        ("SHARES_A", "PHONE", None),
        ("SHARES_A", "APP", None),
        ("LISTED_CONTACT", "APP", "do_not_contact"),
        ("LISTED_NUMBER", "SMS", "do_not_contact"),
        ("LISTED_NUMBER", "PHONE", None),
        ("LISTED_ENDED", "SMS", None),
        ("TURNS_14", "SMS", None),
        ("TURNS_14_TOMORROW", "SMS", "no_guardian_consent"),
        ("GUARDED", "SMS", None),
        ("NO_BIRTH_DATE", "SMS", "age_unknown"),
        ("DECEASED", "SMS", "deceased"),
        ("FROZEN", "SMS", "frozen_by_order"),
        ("STAFF", "SMS", "staff"),
        ("COMPLAINS", "SMS", "open_complaint"),
        ("CONTROL", "SMS", "control"),
        ("CONTROL_OF_UNKNOWN", "SMS", "control"),
    ],
)
def test_each_customer_is_closed_to_by_the_first_gate(nights, customer, channel, gate):
    assert closed(nights, customer)[channel] == gate


def test_service_and_risk_keep_the_gates_that_the_seed_gives_them(nights):
    gates = list(csv.DictReader((seed_file("contact_gates")).open(encoding="utf-8")))
    kept = {(row["gate"], row["purpose"]) for row in gates if row["product_class"] == "ANY"}
    for customer, gate in (("DECEASED", "deceased"), ("FROZEN", "frozen_by_order"), ("COMPLAINS", "open_complaint")):
        for purpose in ("service", "risk"):
            assert closed(nights, customer, purpose)["SMS"] == (gate if (gate, purpose) in kept else None)
    assert closed(nights, "LISTED_CONTACT", "service")["SMS"] == "do_not_contact"
    assert closed(nights, "LISTED_NUMBER", "service")["SMS"] is None
    assert closed(nights, "UNSUBSCRIBED", "service")["SMS"] is None


def test_the_tags_follow_the_latest_word(nights):
    tags = "has_sms_marketing_consent, has_app_marketing_consent, is_marketing_contactable"
    found = {
        name: tuple(values)
        for name, *values in nights.rows(f"select customer_id, {tags} from marts.customer_tags")
        if name in CASES
    }
    assert found["UNSUBSCRIBED"] == (False, False, True)
    assert found["RECONSENTED"] == (True, True, True)
    assert found["LONG_AGO"] == (True, False, True)


@pytest.mark.parametrize(
    ("product", "refused"),
    [("TD01", set()), ("WP03", {"minor"}), ("CC01", {"minor"}), ("LN01", {"minor"})],
)
def test_minors_are_offered_deposits_only_and_children_nothing(nights, product, refused):
    rows = judged(nights, product, "SMS", "APP")
    assert rows["TURNS_14_TOMORROW"][2] == "no_guardian_consent"
    for minor in ("TURNS_14", "GUARDED", "TURNS_18_TOMORROW"):
        assert rows[minor][2] == (refused.copy().pop() if refused else None)
    assert rows["TURNS_18"][2] is None
    assert rows["NO_BIRTH_DATE"][2] == "age_unknown"


def test_a_list_reaches_a_number_once(nights):
    rows = judged(nights, "TD01", "SMS", "PHONE")
    assert rows["LONGER_B"][:2] == ("SMS", None)
    assert rows["SHORTER_B"] == (None, "shared_address", None)
    assert rows["ELDEST_C"][:2] == ("SMS", None)
    assert rows["SECOND_C"] == rows["THIRD_C"] == (None, "shared_address", None)
    # Who refused messages may still be called, and whoever shares the number: one of them.
    assert {rows["REFUSES_A"][:2], rows["SHARES_A"][:2]} == {("PHONE", None), (None, "shared_address")}


def test_a_night_after_the_freeze_no_control_is_reached(nights):
    controls = {
        name
        for (name,) in nights.rows(
            f"select customer_id from '{nights.folder}/lists/assignments/FROZEN.parquet' where arm = 'CONTROL'"
        )
    }
    assert len(controls) > 10
    members = dict(nights.rows("select customer_id, channel from audiences.audience_members"))
    controls.discard("UNSUBSCRIBED")
    assert controls <= members.keys() and {members[name] for name in controls} == {None}
    listed = {name for (name,) in nights.rows("select customer_id from audiences.audience_call_list")}
    told = {
        (name, instruction)
        for name, instruction in nights.rows("select customer_id, instruction from audiences.audience_activation")
    }
    assert listed and controls.isdisjoint(listed)
    assert {(name, "remove") for name in controls} <= told
    assert not {(name, "add") for name in controls} & told
    # Who unsubscribed from the second channel tonight is taken out of the audience, and its channel hears of it.
    assert ("UNSUBSCRIBED", "remove") in told and "UNSUBSCRIBED" not in members


def test_every_relation_is_searched_for_whom_no_marketing_may_reach(nights):
    """The data test passes as built, and says of each relation that it reaches a control once it does."""
    as_of = ("--vars", f"as_of_date: {SECOND}")
    nights.dbt("test", "--select", NO_MARKETING, *as_of)
    searched = re.findall(r"'(\w+)' as relation", (PROJECT_ROOT / f"tests/dbt/{NO_MARKETING}.sql").read_text("utf-8"))
    assert {"audience_activation", "audience_call_list", "audience_members", "customer_wave_plan", "tier_tasks"} == set(
        searched
    )
    before = nights.database.read_bytes()
    with duckdb.connect(str(nights.database)) as con:
        con.execute(
            """
            insert into audiences.audience_call_list by name
            select 'CONTROL' as customer_id, 'PHONE' as channel;
            insert into audiences.audience_activation by name
            select 'wealth_promotion' as audience, 'STAFF' as customer_id, 'add' as instruction, 'SMS' as channel;
            insert into audiences.audience_members by name
            select 'TURNS_18_TOMORROW' as customer_id, 'marketing' as purpose, 'SMS' as channel, 'WP03' as product_id
            """
        )
    run = nights.dbt("test", "--select", NO_MARKETING, *as_of, check=False)
    Path(nights.database).write_bytes(before)
    assert run.returncode != 0
    for relation, problem in (
        ("audience_call_list", "is a control of a running campaign"),
        ("audience_activation", "is closed by gate staff"),
        ("audience_members", "is a minor, and offered WEALTH_PRODUCT"),
    ):
        assert re.search(rf"{relation}\b.*{problem}", run.stdout), run.stdout


def test_the_gates_are_told_in_the_order_of_the_seed():
    """The first gate that closes is told: contact_permissions asks them in the order in which the funnel counts."""
    seed = list(csv.DictReader((seed_file("audience_gates")).open(encoding="utf-8")))
    positions = {row["gate"]: int(row["position"]) for row in seed}
    text = (PROJECT_ROOT / "macros/contact/contact.sql").read_text(encoding="utf-8")
    asked = re.findall(r"'(\w+)'", text.split("macro restriction_gates")[1].split("macro first_closing_gate")[0])
    assert len(asked) > 10 and asked == sorted(asked, key=positions.__getitem__)
    told = {row["gate"] for row in csv.DictReader((seed_file("contact_gates")).open())}
    assert told <= set(asked)
