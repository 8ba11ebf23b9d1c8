"""Portraits: the views against the wide mart, groups against pandas and statsmodels, the pages in a browser."""

import json
import re
import shutil
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.door import NoSuchTag, Role, enter
from banktags.portrait import permissions as permission_words
from banktags.portrait import person as person_words
from banktags.portrait import usage, values
from banktags.portrait.customer import CustomerPortrait, read_customer
from banktags.portrait.group import GroupPortrait, purpose_of, read_group
from banktags.portrait.offers import task_contact
from banktags.portrait.page import render_customer, render_group
from banktags.seeds.rows import seed_file

ROLES = pd.read_csv(seed_file("portrait_roles"))
BANDS = pd.read_csv(seed_file("portrait_bands"))
LARGEST = "from portraits.portrait_groups where branch_id is null order by customers desc nulls last limit 1"
DICTIONARY = frozenset(pd.read_csv(PROJECT_ROOT / "seeds" / "catalogue" / "tag_rules.csv")["tag_code"])
MANAGER = Role("relationship_manager", "service", "客户经理", "客户服务", "C2", 3)


@pytest.fixture(scope="module")
def read(demo_warehouse):
    def run(sql: str) -> pd.DataFrame:
        with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
            return connection.sql(sql).df()

    return run


@pytest.fixture(scope="module")
def customers(read) -> list[str]:
    """Customers who differ: a prospect, one who has left, the poorest and the richest."""
    found = read("""
        select min_by(customer_id, (aum_spot, customer_id)) as low, max_by(customer_id, (aum_spot, customer_id)) as high
        from marts.customer_tags group by relationship_status order by relationship_status desc
    """)
    return list(dict.fromkeys([*found["low"], *found["high"][-1:]]))


@pytest.fixture
def run(demo_warehouse, tmp_path):
    """A command of ``banktags portrait`` on the demo warehouse, with lists and pages of its own."""

    def invoke(*arguments: str, **environment: str):
        variables = {"BANK_TAGS_DB": str(demo_warehouse.database), "BANK_TAGS_LISTS": str(tmp_path / "lists")}
        return CliRunner().invoke(app, ["portrait", *arguments], env=variables | environment)

    return invoke


# One customer


def test_portraits_of_all_customers_can_be_listed(demo_warehouse, tmp_path):
    """The first rows of a list of everybody come without the portraits of the others: in little memory, none on disk.

    SQL clients open a view so, with a limit and no condition. The bank has 20,000 customers here: those of the demo
    bank under other numbers.
    """
    copy = tmp_path / demo_warehouse.database.name
    shutil.copy(demo_warehouse.database, copy)
    with duckdb.connect(str(copy), config={"memory_limit": "700MB", "temp_directory": "", "threads": 2}) as con:
        (real,) = con.execute("select count(*) from marts.customer_tags").fetchone()
        con.execute("set memory_limit = '3GB'")
        con.execute(
            f"""
            insert into marts.customer_tags
            select tags.* replace (tags.customer_id || '-' || copies.range as customer_id)
            from marts.customer_tags as tags
            cross join range({20_000 // real}) as copies
            """
        )
        con.execute("checkpoint")
        con.execute("set memory_limit = '700MB'")
        for view in ("portrait_reasons", "portrait_customer", "portrait_by_role"):
            timer = threading.Timer(120, con.interrupt)
            timer.start()
            try:
                assert len(con.execute(f"select * from portraits.{view} limit 10").fetchall()) == 10
                some = con.execute("select customer_id from marts.customer_tags limit 3").fetchall()
                listed = ", ".join(f"'{customer}'" for (customer,) in some)
                asked = f"select count(distinct customer_id) from portraits.{view} where customer_id in ({listed})"
                assert con.execute(asked).fetchone() == (3,)
            finally:
                timer.cancel()


def test_the_portrait_is_the_wide_row_turned_round(customers, read):
    """Each known tag of the wide mart, as text, once in each scenario of its entry; nothing else."""
    scenarios = read("select * from governance.tag_scenarios").groupby("tag_code")["scenario"].agg(set)
    for customer in customers[-3:]:
        wide = read(f"select cast(columns(*) as varchar) from marts.customer_tags where customer_id = '{customer}'")
        known = wide.drop(columns=["customer_id", "as_of_date"]).iloc[0].dropna().to_dict()
        rows = read(f"select * from portraits.portrait_customer where customer_id = '{customer}'")
        assert dict(zip(rows["tag_code"], rows["tag_value"], strict=True)) == known
        found = rows.groupby("tag_code")["scenario"].agg(list)
        assert {code: sorted(scenarios[code]) for code in known} == {code: sorted(has) for code, has in found.items()}


@pytest.fixture(scope="module")
def richest(customers, read) -> pd.DataFrame:
    """The whole portrait of one customer, with the classes of each tag and of the tags that its rule reads."""
    entries = read("select tag_code, sensitivity, security_level from governance.tag_dictionary").set_index("tag_code")
    inputs = read("select tag_code, input_name from governance.tag_rule_inputs where input_kind = 'tag'")
    named = inputs[inputs["input_name"].isin(entries.index)].groupby("tag_code")["input_name"].agg(list)
    whole = read(f"select * from portraits.portrait_customer where customer_id = '{customers[-1]}'")
    classes = entries.apply(tuple, axis=1)
    whole["own"] = whole["tag_code"].map(classes)
    whole["read"] = [[classes[code] for code in named.get(tag, [])] for tag in whole["tag_code"]]
    return whole


@pytest.mark.parametrize("role, purpose", ROLES[["role", "purpose"]].values.tolist())
def test_each_role_sees_its_class_and_no_more(role, purpose, customers, richest, read):
    may = ROLES.set_index(["role", "purpose"]).loc[(role, purpose)]

    def is_above(classified: tuple[str, int]) -> bool:
        return classified[0] > may["highest_sensitivity"] or classified[1] > may["highest_security_level"]

    shown = read(f"""
        select * from portraits.portrait_by_role
        where customer_id = '{customers[-1]}' and role = '{role}' and purpose = '{purpose}'
    """)
    both = richest.merge(shown, on=["scenario", "tag_code"], how="outer", suffixes=("", "_shown"), indicator=True)
    assert (both["_merge"] == "both").all()  # masked, never left out
    for row in both.itertuples():
        if is_above(row.own):
            assert row.is_masked and row.masked_because
            assert (row.tag_value_shown, row.value_zh_shown, row.why_shown) == ("***", "***", "***")
            assert pd.isna(row.since_shown) and pd.isna(row.confidence_shown)
        else:
            assert not row.is_masked and row.tag_value_shown == row.tag_value
            hides = any(map(is_above, row.read))
            assert row.why_shown == ("***" if hides else row.why) or (pd.isna(row.why_shown) and pd.isna(row.why))


def test_reasons_agree_with_explain(customers, demo_warehouse, read, tmp_path):
    """Where ``banktags explain`` finds the clause that decides, the reason has its numbers."""
    compared = 0
    for customer in customers[-1:]:
        environment = {"BANK_TAGS_DB": str(demo_warehouse.database), "BANK_TAGS_LISTS": str(tmp_path)}
        result = CliRunner().invoke(app, ["explain", customer, "--role", "compliance", "--json"], env=environment)
        reasons = read(f"select tag_code, why from portraits.portrait_reasons where customer_id = '{customer}'")
        reasons = reasons.set_index("tag_code")["why"]
        for said in json.loads(result.output):
            for comparison in said["comparisons"]:
                if comparison["operator"] in ("<", "<=", ">", ">=") and said["clause"] and said["value"]:
                    boundary = Decimal(comparison["boundary"])
                    assert f"{comparison['operator']} {boundary.normalize():f}" in reasons[said["tag_code"]]
                    compared += 1
    assert compared > 5


def tag(code: str, value: str, **fields: object) -> dict:
    """A row of portrait_by_role with nothing but a value."""
    nothing = dict.fromkeys(("value_zh", "unit", "since", "why", "masked_because"))
    row = {
        "tag_code": code,
        "tag_value": value,
        "name_zh": code,
        "is_masked": False,
        "status": "draft",
        "confidence": 1,
    }
    return {**nothing, **row, "scenario": "portrait", "scenario_name": "客户画像", **fields}


def portrait(rows: list[dict], role: Role = MANAGER, **beside: object) -> CustomerPortrait:
    empty = dict.fromkeys(("people", "outlook", "tasks", "groups", "audiences", "permissions", "entitlements"), ())
    beside["permissions"] = [*PAGE, *beside.get("permissions", ())]
    return CustomerPortrait("X", role, date(2026, 6, 30), DICTIONARY, rows, **{**empty, "stage": None, **beside})


def test_the_customer_of_the_documents_in_one_sentence():
    """S1: 30岁、年入30万、偏好基金、常去健身."""
    person = portrait(
        [
            tag("age_years", "30", unit="years"),
            tag("annual_income_amount", "300000.00", unit="CNY"),
            tag("preferred_product", "fund", value_zh="基金"),
            tag("has_fitness_preference_90d", "true", value_zh="是"),
            tag("has_travel_preference_90d", "false", value_zh="否"),
        ]
    )
    assert person_words.who(person)[0] == "30岁、年入30万、偏好基金、常去健身。"


def test_what_is_masked_is_not_in_the_sentence():
    masked = tag("annual_income_amount", "***", unit="CNY", is_masked=True)
    assert person_words.who(portrait([tag("age_years", "30", unit="years"), masked]))[0] == "30岁。"
    assert person_words.who(portrait([])) == ("没有可见的信息。", "Nothing to see.")
    assert portrait([masked]).masked_tags == 1


@pytest.mark.parametrize("ask", ["tag", "is_masked", "value", "label", "number", "holds", "since"])
def test_a_code_that_is_no_tag_is_no_no(ask):
    """It forbade e-mail to thousands who had consented to it: a tag that nobody defines is not false."""
    person = portrait([tag("has_sms_marketing_consent", "true")])
    with pytest.raises(NoSuchTag, match="did you mean has_sms_marketing_consent"):
        getattr(person, ask)("has_smss_marketing_consent")
    assert getattr(person, ask)("has_phone_marketing_consent") in (None, False)  # a tag, and unknown of the customer


def test_the_door_knows_no_class_of_what_is_no_tag(demo_warehouse):
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as warehouse:
        door = enter(warehouse, "compliance", None, "Wang", None)
    for ask in (door.hides, door.class_of, door.masked_because):
        with pytest.raises(NoSuchTag, match="has_email_marketing_consent is no tag"):
            ask("has_email_marketing_consent")
    assert not door.hides("has_sms_marketing_consent")
    assert door.hides_any(["has_sms_marketing_consent", "a_tag_of_last_year"])  # history names what is gone


def permission(matter: str, subject: str = "ANY", is_allowed: bool = False, **fields: object) -> dict:
    """A row of portrait_permissions_by_role."""
    nothing = dict.fromkeys(
        ("subject_zh", "subject_en", "because", "because_zh", "because_en", "is_allowed_for_service")
    )
    said = {"matter": matter, "subject": subject, "is_allowed": is_allowed, "is_masked": False}
    return {**nothing, **said, **fields}


def channel(name_zh: str, because_zh: str | None = None, is_allowed_for_service: bool = True) -> dict:
    said = {"subject_zh": name_zh, "subject_en": name_zh, "because_zh": because_zh, "because_en": because_zh}
    return permission("contact", name_zh, because_zh is None, is_allowed_for_service=is_allowed_for_service, **said)


SUITABLE = [
    tag("risk_level", "C3", value_zh="平衡型(C3)"),
    tag("risk_assessment_valid_to_date", "2027-03-12"),
]
#: What a role may see of the page itself.
PAGE = [permission(matter, is_allowed=True) for matter in ("beside", "outlook")]
MASKED = [permission(matter, is_masked=True, because="masked") for matter in ("contact", "investment")]


@pytest.mark.parametrize(
    "rows, permissions, allowed, forbidden",
    [
        (
            SUITABLE,
            [
                permission("investment", "R3", True),
                permission("investment_above", "R3"),
                channel("短信"),
                channel("电话"),
            ],
            ["可推介风险等级不高于 R3 的产品：客户为平衡型(C3)，测评有效至 2027-03-12。", "可营销触达：短信、电话。"],
            ["不得推介高于 R3 的产品。"],
        ),
        (
            SUITABLE,
            [permission("investment_if_asked", "R3", True), channel("短信", "未同意")],
            ["客户主动咨询时，可介绍风险等级不高于 R3 的产品"],
            ["不得经任何渠道做营销触达：未同意。"],
        ),
        (
            [],
            [permission("investment", because_zh="没有风险测评", because_en="no assessment"), channel("短信")],
            ["可营销触达：短信。"],
            ["没有风险测评：不得推介任何投资产品，包括 R1；先做测评。"],
        ),
        ([], [permission("assessment", "expiring", True)], ["测评即将到期"], ["没有触达许可"]),
        (
            [],
            [channel("短信"), channel("电话", "未同意"), channel("企业微信", "免打扰名单", False)],
            ["可营销触达：短信。"],
            ["不得经电话做营销触达：未同意。", "不得经企业微信做营销或服务触达：免打扰名单。"],
        ),
        (
            [tag("open_complaint_count", "2")],
            [
                channel("短信"),
                permission("personalisation"),
                permission("complaint"),
            ],
            ["可营销触达"],
            ["已拒绝个性化推荐", "2 件未结投诉"],
        ),
        (
            [],
            [
                channel("短信"),
                *(
                    permission("product_class", name, because_zh="未成年人不得购买", because_en="Minor")
                    for name in ("CARD", "INVESTMENT", "LOAN")
                ),
            ],
            ["短信"],
            ["不得推介信用卡、投资产品、贷款：未成年人不得购买。"],
        ),
        (
            [],
            [
                channel("短信", "客户已身故", False),
                permission("offer", because="closed", because_zh="客户已身故", because_en="Deceased"),
            ],
            [],
            ["不得推介任何产品：客户已身故。", "不得经任何渠道做营销或服务触达：客户已身故。"],
        ),
        ([], MASKED, [], ["适当性高于本角色", "授权高于本角色"]),
    ],
)
def test_what_may_be_done_and_what_must_not(rows, permissions, allowed, forbidden):
    """The words of what SQL has judged, see the unit tests of portrait_permissions and portrait_permissions_by_role."""
    found = permission_words.permissions(portrait(rows, permissions=permissions))
    for is_allowed, expected in ((True, allowed), (False, forbidden)):
        said = [one.chinese for one in found if one.is_allowed is is_allowed]
        assert len(said) == len(expected), said
        assert all(part in text for part, text in zip(expected, said, strict=True)), said


TASK = {
    "may_tell": True,
    "offered_by_zh": "短信",
    "told_by_zh": "电话",
    "not_offered_because_zh": "未同意营销或渠道",
    "closed_zh": None,
    "closed_because_zh": None,
}


@pytest.mark.parametrize(
    "task, said",
    [
        ({}, ["可经短信推介。", "经电话只可告知，不得推介：未同意营销或渠道。"]),
        ({"offered_by_zh": None}, ["经电话只可告知，不得推介：未同意营销或渠道。"]),
        (
            {"told_by_zh": None, "closed_zh": "电话", "closed_because_zh": "免打扰名单"},
            ["可经短信推介。", "不得经电话联系：免打扰名单。"],
        ),
        ({"may_tell": False, "closed_because_zh": "客户已身故"}, ["不得联系：客户已身故。"]),
    ],
)
def test_a_task_says_how_far_it_may_be_done(task, said):
    """A task that asks to call, while the telephone is closed to marketing, says so."""
    assert task_contact(TASK | task) == said


OFFER = {
    "audience": "wealth_promotion",
    "name_zh": "理财推广",
    "offer_zh": "稳健理财",
    "channel": "SMS",
    "channel_zh": "短信",
    "channel_en": "Text message",
    "sensitivity": "C2",
    "security_level": 3,
    "purpose": "marketing",
    "is_offered": True,
}


def test_audiences_above_the_class_are_not_shown():
    warning = {**OFFER, "audience": "credit_warning", "name_zh": "信贷风险预警", "security_level": 4}
    person = portrait(
        [],
        permissions=[channel("短信")],
        audiences=[OFFER, warning],
        groups=[{"tag_code": "is_young_customer", "name_zh": "年轻"}],
    )
    assert [row["name_zh"] for row in person.memberships] == ["年轻", "理财推广"]
    assert [row["audience"] for row in person.offers] == ["wealth_promotion"]
    assert permission_words.permissions(person)[0].chinese == "经短信可推介稳健理财（客群：理财推广）。"


# What SQL judges, of everybody on the demo bank


@pytest.fixture(scope="module")
def contact(read) -> pd.DataFrame:
    """Who may be contacted through what, from contact_permissions and the tag of frequency alone."""
    return read("""
        select permissions.*, coalesce(is_over_contacted_30d, false) as is_paused,
            coalesce(gates.removes_member, true) as is_told
        from audiences.contact_permissions as permissions
        inner join marts.customer_tags using (customer_id)
        left join policy.audience_gates as gates on permissions.marketing_blocked_by = gates.gate
    """)


def test_whom_campaigns_are_measured_against_is_offered_nothing(read, contact):
    """Nor is an audience of marketing named, nor the gate: whoever knew would make its offer by themselves."""
    measured = set(read("select customer_id from audiences.audience_holdout")["customer_id"])
    measured |= set(read("select customer_id from intermediate.int_campaign__controls")["customer_id"])
    assert measured & set(contact["customer_id"])
    offers = read("select * from portraits.portrait_offers where purpose = 'marketing'")
    assert len(offers) and not measured & set(offers["customer_id"])
    said = read("select * from portraits.portrait_permissions")
    of_measured = said[said["customer_id"].isin(measured)]
    assert not of_measured[of_measured["matter"].isin(["contact", "offer", "investment"])]["is_allowed"].any()
    assert not set(said["because"].dropna()) & {"held_out", "control"}
    tasks = read("select * from portraits.portrait_tasks")
    tasks = tasks[tasks["customer_id"].isin(measured)]
    assert not tasks["may_offer"].any() and tasks["offer_zh"].isna().all() and (tasks["kind"] == "tier").all()


def test_task_consent_and_permission_never_contradict_each_other(read, contact):
    """Of everybody: what the portrait allows by a channel, and what a task asks for, is what the channel admits."""
    is_open = contact["marketing_blocked_by"].isna() & ~contact["is_paused"]
    channels_open = contact.assign(is_open=is_open, is_served=contact["service_blocked_by"].isna())
    said = read("select * from portraits.portrait_permissions where matter = 'contact'")
    both = said.merge(
        channels_open, left_on=["customer_id", "subject"], right_on=["customer_id", "channel"], how="outer"
    )
    assert len(both) == len(said) == len(contact)
    assert (both["is_allowed"] == both["is_open"]).all()
    assert (both["is_allowed_for_service"] == both["is_served"]).all()
    assert both["because_zh"].isna().eq(both["is_open"]).all()

    any_open = channels_open.groupby("customer_id")["is_open"].any()
    any_served = channels_open.groupby("customer_id")["is_served"].any()
    names = read("select contact_channel, name_zh from policy.contact_channels").set_index("contact_channel")["name_zh"]
    by_name = channels_open.assign(name=channels_open["channel"].map(names)).set_index(["customer_id", "name"])
    tasks = read("select * from portraits.portrait_tasks").astype(object)
    tasks = tasks.where(tasks.notna(), None)
    assert len(tasks)
    for task in tasks.itertuples():
        assert task.may_offer == any_open[task.customer_id]
        assert task.may_tell == any_served[task.customer_id]
        for name in (task.offered_by_zh or "").split("、"):
            assert not name or by_name.loc[(task.customer_id, name), "is_open"]
        for name in (task.told_by_zh or "").split("、"):
            assert not name or not by_name.loc[(task.customer_id, name), "is_open"]
        if not task.may_offer:
            assert task.offer_zh is None and not re.search("推荐|理财方案|产品组合", task.plan_zh or "")
    offers = read("select * from portraits.portrait_offers where purpose = 'marketing'")
    assert any_open[offers["customer_id"]].all()
    investments = read("select * from portraits.portrait_permissions where matter = 'investment' and is_allowed")
    assert any_open[investments["customer_id"]].all()


def test_no_investment_is_recommended_without_an_assessment(read):
    """One story: DECISIONS 65 lets nobody be offered R1 without a valid assessment, and no portrait says otherwise."""
    said = read("""
        select permissions.*, suitability_status, tags.max_sellable_product_rating as rating
        from portraits.portrait_permissions as permissions inner join marts.customer_tags as tags using (customer_id)
        where matter in ('investment', 'investment_if_asked')
    """)
    assert said.groupby("customer_id").size().max() == 1
    assert (said["is_allowed"] == said["suitability_status"].isin(["valid", "expiring"])).all()
    assert (said[said["is_allowed"]]["subject"] == said[said["is_allowed"]]["rating"]).all()
    assert said[~said["is_allowed"]]["because_zh"].notna().all()


def test_a_portrait_claims_no_since_of_the_first_build(read):
    """What stood when history began has stood since nobody knows when."""
    nights = read("select as_of_date from history.observed_dates order by 1")["as_of_date"]
    customers = read("select customer_id from history.tag_history where valid_to is null limit 1")["customer_id"]
    rows = read(f"select * from portraits.portrait_customer where customer_id = '{customers[0]}'")
    assert len(nights) == 1 and rows["since"].isna().all()
    since = rows[rows["tag_code"] == "service_tier_since_date"]
    assert since["value_zh"].str.startswith("不晚于 ").all()


CODE = re.compile(
    r"[A-Za-z0-9]*[a-z]+(?:_[a-z0-9]+)+|\b[a-z]+\.[a-z_]+\b|--[a-z]+|\b(?:None|null|true|false|SMS|APP|WECOM|PHONE|EMAIL)\b"
)


def sentences(page: str) -> str:
    """What a banker reads of a page: without its style, and what is marked as for engineers."""
    for hidden in (r"<style>.*?</style>", r'<div class="technical".*?</div>'):
        page = re.sub(hidden, "", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", "\n", page)


def test_no_word_of_the_code_stands_in_a_sentence(demo_warehouse, read):
    """Of customers in every stage and group, and of every group: no code of a tag, value, channel or table."""
    asked = read("""
        select min(customer_id) as customer_id from marts.customer_tags
        group by relationship_status, lifecycle_rule, onboarding_next_step
        union select min(customer_id) from portraits.portrait_tasks group by kind, may_offer, may_tell
        union select min(customer_id) from audiences.contact_permissions group by marketing_blocked_by
    """)["customer_id"]
    groups = read("select distinct portrait_group from portraits.portrait_groups")["portrait_group"]
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as warehouse:
        pages = {}
        for customer in asked:
            door = enter(warehouse, "compliance", None, "Wang", None)
            pages[customer] = render_customer(read_customer(warehouse, customer, door))
        for group in groups:
            door = enter(warehouse, "compliance", None, "Wang", None)
            pages[group] = render_group(read_group(warehouse, group, door))
    assert len(pages) > 20
    found = {name: set(CODE.findall(sentences(page))) for name, page in pages.items()}
    assert {name: said for name, said in found.items() if said} == {}


def test_a_page_names_currency_customers_and_date(pages, read):
    (built,) = read("select max(as_of_date)::varchar as day from marts.customer_tags")["day"]
    (active,) = read("select count(*) as n from marts.customer_tags where relationship_status = 'active'")["n"]
    for name, path in pages.items():
        (counted,) = re.findall(r'id="counted">(.*?)</p>', path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert "元（人民币）" in counted and built in counted
        assert (f"存续客户{active:,}人" if name == "group" else "这一位客户") in counted


@pytest.mark.parametrize(
    "row, text",
    [
        (tag("a", "wealth", value_zh="财富"), "财富"),
        (tag("a", "1334727.64", unit="CNY"), "1,334,727.64 元"),
        (tag("a", "-5.00", unit="CNY"), "−5.00 元"),
        (tag("a", "0.125", unit="ratio"), "12.5%"),
        (tag("a", "50", unit="years"), "50 岁"),
        (tag("a", "0.6666666666666666", unit="times a month"), "0.67 次/月"),
        (tag("a", "2026-06-30", unit="date"), "2026-06-30"),
        (tag("a", "北京"), "北京"),
        (tag("a", "***", unit="CNY", value_zh="***", is_masked=True), "***"),
    ],
)
def test_values_as_a_reader_takes_them_in(row, text):
    assert values.shown(row) == text


# Groups


@pytest.fixture(scope="module")
def by_hand(read) -> pd.DataFrame:
    """Six groups against the bank's other active customers, from the wide mart: counts, p, and p after Holm."""
    proportions = pytest.importorskip("statsmodels.stats.proportion")
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    wide = read("select * from marts.customer_tags where relationship_status = 'active'").set_index("customer_id")
    entries = read("select * from governance.tag_dictionary").set_index("tag_code")
    enumerated = set(read("select distinct tag_code from governance.tag_values")["tag_code"])
    members = read("select * from portraits.portrait_members").groupby("portrait_group")["customer_id"].agg(set)
    members = members.loc[members.str.len().sort_values().index[:: max(len(members) // 5, 1)]]
    circular = read("select distinct portrait_group, tag_code from portraits.portrait_group where is_circular")
    circular = set(circular.itertuples(index=False, name=None))
    spends = wide["card_spending_amount_90d"] > 0
    predicates = read("select audience, predicate from audiences.audiences").set_index("audience")["predicate"]

    def unknown(group: str) -> set[str]:
        """Active customers of whom it is not known whether they are in a group."""
        asked = predicates.get(group, group)
        is_open = f"relationship_status = 'active' and (\n{asked}\n) is null"
        return set(read(f"select customer_id from marts.customer_tags where {is_open}")["customer_id"])

    def values(code: str) -> pd.Series | None:
        column, entry = wide[code], entries.loc[code]
        if code in enumerated:
            return column.dropna().astype(str).str.replace("True", "true").str.replace("False", "false")
        if code == "age_years":
            edges = [*BANDS["value_from"].fillna(-1), 200]
            return pd.cut(column.dropna().astype(int), edges, right=False, labels=BANDS["band"]).astype(str)
        if entry["path"].startswith("行为/消费/类别"):
            return (column[spends] > 0).map({True: "true", False: "false"})
        return None

    traits = {code: values(code) for code in entries.index}
    rows = []
    for group, ids in members.items():
        neither = unknown(group) - ids
        for code, column in traits.items():
            if column is None:
                continue
            # Every value that anybody has, whether or not it is known if they are a member.
            anybody = sorted(column.unique())
            column = column[~column.index.isin(neither)]
            inside = column.index.isin(ids)
            ours, theirs = column[inside].value_counts(), column[~inside].value_counts()
            for value in anybody:
                n, other = int(ours.get(value, 0)), int(theirs.get(value, 0))
                rows.append((group, code, value, n, int(ours.sum()), other, int(theirs.sum())))
    found = pd.DataFrame(
        rows, columns=["portrait_group", "tag_code", "tag_value", "n", "known", "comparison_n", "comparison_known"]
    )

    # Too few, and where the few of a tag are fewer than the minimum together, the next smallest with them.
    def hides(counts: pd.Series) -> pd.Series:
        few = counts < 20
        if 0 < counts[few].sum() < 20 and not few.all():
            rest = counts[~few]
            few[rest.index[rest.argsort(kind="stable").iloc[0]]] = True
        return few

    ordered = found.sort_values(["portrait_group", "tag_code", "tag_value"])
    groups = ordered.groupby(["portrait_group", "tag_code"], group_keys=False)
    ordered["is_suppressed"] = groups["n"].apply(hides) | groups["comparison_n"].apply(hides)
    ordered = ordered[ordered["tag_value"] != "false"].reset_index(drop=True)
    ordered["p_value"] = [
        proportions.proportions_ztest([row.n, row.comparison_n], [row.known, row.comparison_known])[1]
        if not row.is_suppressed
        and (row.portrait_group, row.tag_code) not in circular
        and row.n + row.comparison_n < row.known + row.comparison_known
        else None
        for row in ordered.itertuples()
    ]
    ordered["p_value"] = ordered["p_value"].astype(float)
    for _, tested in ordered.dropna(subset="p_value").groupby("portrait_group"):
        ordered.loc[tested.index, "p_adjusted"] = multitest.multipletests(tested["p_value"], method="holm")[1]
    return ordered.set_index(["portrait_group", "tag_code", "tag_value"])


def test_group_portraits_agree_with_pandas_and_statsmodels(by_hand, read):
    built = read("select * from portraits.portrait_group where branch_id is null")
    built = built[built["portrait_group"].isin(by_hand.index.unique(0))]
    built = built.set_index(["portrait_group", "tag_code", "tag_value"]).sort_index()
    hand = by_hand.sort_index()
    assert list(built.index) == list(hand.index)
    assert built["is_suppressed"].tolist() == hand["is_suppressed"].tolist()
    shown, of_hand = built[~built["is_suppressed"]], hand[~hand["is_suppressed"]]
    assert len(shown) > 100
    assert shown["n"].astype(int).tolist() == of_hand["n"].tolist()
    assert shown["comparison_n"].astype(int).tolist() == of_hand["comparison_n"].tolist()
    share = of_hand["n"] / of_hand["known"]
    others = of_hand["comparison_n"] / of_hand["comparison_known"]
    assert shown["member_share"].tolist() == pytest.approx(share.tolist())
    assert shown["tgi"].tolist() == pytest.approx((100 * share / others).tolist())
    for column in ("p_value", "p_adjusted"):
        assert shown[column].isna().tolist() == of_hand[column].isna().tolist()
        assert shown[column].dropna().tolist() == pytest.approx(of_hand[column].dropna().tolist(), abs=1e-9)
    significant = shown["p_adjusted"].astype(float) <= 0.05
    assert shown["is_significant"].tolist() == significant.tolist()


def test_what_shares_a_tag_anywhere_in_its_lineage_is_circular(read):
    """By a walk of its own over tag_rule_inputs, of every group: what makes it, and what is made of any of that."""
    inputs = read("select tag_code, input_name from governance.tag_rule_inputs where input_kind = 'tag'")
    reads = inputs[inputs["input_name"] != "relationship_status"].groupby("tag_code")["input_name"].agg(set).to_dict()

    def made_of(codes: set[str]) -> set[str]:
        found, waiting = set(codes), list(codes)
        while waiting:
            for code in reads.get(waiting.pop(), set()) - found:
                found.add(code)
                waiting.append(code)
        return found

    lineage = {code: made_of({code}) for code in read("select tag_code from governance.tag_dictionary")["tag_code"]}
    named = read("select audience, tag_code from audiences.audience_tags").groupby("audience")["tag_code"].agg(set)
    built = read("select distinct portrait_group, tag_code, is_circular from portraits.portrait_group")
    for group, rows in built.groupby("portrait_group"):
        makes = made_of(named.get(group, {group}))
        shares = {code for code in rows["tag_code"] if lineage[code] & makes}
        circular = set(rows[rows["is_circular"]]["tag_code"])
        # The gates of an audience make it too; of a group that is a tag nothing else does.
        assert shares <= circular and (group in named or shares == circular), group
    tested = read(
        "select * from portraits.portrait_group where portrait_group = 'credit_warning' and p_value is not null"
    )
    assert not set(tested["tag_code"]) & {
        "credit_level",
        "credit_warning_level",
        "customer_risk_class",
        "has_overdue_record",
    }


def test_no_benefit_is_for_whom_it_is_not(read):
    """None for an audience that is no marketing, and none where one member in twenty is in arrears or warned of."""
    offered = read("""
        select portrait_group, branch_id, benefit_zh, benefit_not_for_zh, purpose
        from portraits.portrait_group left join audiences.audiences on portrait_group = audience
        where benefit_zh is not null
    """)
    assert set(offered["purpose"].dropna()) <= {"marketing"} and offered["benefit_not_for_zh"].notna().all()
    not_for = set(pd.read_csv(seed_file("portrait_benefits"))["not_for"].str.split("|").sum())
    assert not_for <= set(
        read("select tag_code from governance.tag_dictionary where data_type = 'boolean'")["tag_code"]
    )
    for group in set(offered[offered["branch_id"].isna()]["portrait_group"]):
        shares = read(f"""
            select {", ".join(f"avg({code}::int) as {code}" for code in not_for)}
            from portraits.portrait_members inner join marts.customer_tags using (customer_id)
            where portrait_group = '{group}'
        """).iloc[0]
        assert shares.max() < 0.05, group


@pytest.mark.parametrize("role, purpose", ROLES[["role", "purpose"]].values.tolist())
def test_a_role_sees_no_figure_of_a_group_above_its_class(role, purpose, demo_warehouse, read):
    """Of every group that the purpose admits: neither a trait nor what makes the group, whatever stands in the page."""
    may = ROLES.set_index(["role", "purpose"]).loc[(role, purpose)]
    above = set(
        read(f"""
            select tag_code from governance.tag_dictionary
            where sensitivity > '{may["highest_sensitivity"]}' or security_level > {may["highest_security_level"]}
        """)["tag_code"]
    )
    groups = read("""
        select distinct portrait_group, purpose, sensitivity, security_level
        from portraits.portrait_groups left join audiences.audiences on portrait_group = audience
    """)
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as warehouse:
        door = enter(warehouse, role, purpose, "Wang", None)
        for group in groups.itertuples():
            if group.purpose not in (None, purpose):
                continue
            seen = read_group(warehouse, group.portrait_group, door)
            if isinstance(group.purpose, str):
                is_above = not door.role.may_see(group.sensitivity, group.security_level)
            else:
                is_above = group.portrait_group in above
            assert seen.is_masked is is_above and seen.role == door.role
            assert not above & {row["tag_code"] for row in seen.traits}
            assert not is_above or (seen.group["customers"] is None and not seen.traits)


def test_who_says_no_role_is_told_as_which_they_read(run, tmp_path):
    result = run("group", "is_young_customer", "--out", str(tmp_path / "pages"))
    assert result.exit_code == 0, result.output
    assert "Read as relationship_manager (客户经理), for service" in re.sub(r"\s+", " ", result.output)


def test_no_figure_about_few_is_published(read):
    """Nor can it be told from the others: what a tag hides of a group is of nobody, or of at least the minimum."""
    built = read("select * from portraits.portrait_group")
    figures = ["n", "comparison_n", "member_share", "comparison_share", "tgi", "z", "p_value", "p_adjusted"]
    assert built[built["is_suppressed"]][figures].isna().all(axis=None)
    shown = built[~built["is_suppressed"]]
    assert shown["n"].min() >= 20 and shown["comparison_n"].min() >= 20
    groups = read("select * from portraits.portrait_groups")
    few = groups[groups["is_suppressed"]]
    assert few[["customers", "comparison_customers"]].isna().all(axis=None)
    assert groups["customers"].min() >= 20


def test_a_group_that_is_too_small_says_nothing():
    group = {"name_zh": "私行客群", "portrait_group": "g", "is_suppressed": True, "as_of_date": date(2026, 6, 30)}
    few = GroupPortrait(group | {"minimum_size": 20, "comparison_name_zh": "全行其他存续客户"}, [], [], MANAGER)
    page = render_group(few)
    assert "不足20人" in page and 'id="distributions"' not in page


# Commands and pages


def test_a_warehouse_without_portraits_says_what_to_do():
    with duckdb.connect() as warehouse:
        for ask in (lambda: enter(warehouse, "compliance", None, "Wang", None), lambda: purpose_of(warehouse, "g")):
            with pytest.raises(LookupError, match=r"no portraits .*dbt build"):
                ask()


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["customer", "NOBODY", "--role", "compliance"], "no customer NOBODY"),
        (["customer", "NOBODY", "--role", "complience"], "did you mean compliance?"),
        (["customer", "NOBODY", "--role", "branch_teller", "--purpose", "marketing"], "only for service"),
        (["group", "is_young_custmer"], "did you mean is_young_customer or"),
    ],
)
def test_what_is_not_there_is_refused_with_the_remedy(arguments, said, run, tmp_path):
    result = run(*arguments, "--out", str(tmp_path / "pages"))
    assert result.exit_code == 2
    assert said in re.sub(r"[\s│]+", " ", result.output)
    assert not (tmp_path / "pages").exists() and not (tmp_path / "lists").exists()


def test_an_opening_is_kept_on_record(run, customers, tmp_path, monkeypatch):
    for role in ("call_centre", "call_centre", "compliance"):
        result = run("customer", customers[0], "--role", role, "--by", "Wang", "--out", str(tmp_path / "pages"))
        assert result.exit_code == 0, result.output
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path / "lists"))
    assert usage.openings() == [
        ("Wang", "call_centre", "service", "customer", 2),
        ("Wang", "compliance", "risk", "customer", 1),
    ]
    assert "Wang" in run("log").output


def test_what_cannot_be_kept_on_record_is_not_opened(run, customers, tmp_path):
    (tmp_path / "file").write_text("in the way")
    arguments = ["customer", customers[0], "--role", "compliance", "--out", str(tmp_path / "pages")]
    result = run(*arguments, BANK_TAGS_LISTS=str(tmp_path / "file"))
    assert result.exit_code == 2 and "not opened" in re.sub(r"[\s│]+", " ", result.output)
    assert not (tmp_path / "pages").exists()


@pytest.fixture(scope="module")
def pages(demo_warehouse, customers, tmp_path_factory) -> dict[str, Path]:
    """A customer as two roles see them, and the largest group."""
    folder = tmp_path_factory.mktemp("portraits")
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as warehouse:
        (largest,) = warehouse.execute(f"select portrait_group {LARGEST}").fetchone()
        rendered = {
            role: render_customer(read_customer(warehouse, customers[-1], enter(warehouse, role, None, "Wang", None)))
            for role in ("relationship_manager", "branch_teller")
        }
        compliance = enter(warehouse, "compliance", None, "Wang", None)
        rendered["group"] = render_group(read_group(warehouse, largest, compliance))
    for name, page in rendered.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in rendered}


def test_the_pages_need_nothing_and_a_group_names_nobody(pages, read):
    for path in pages.values():
        html = path.read_text(encoding="utf-8")
        assert re.findall(r"https?://[^\"' )]+", html.replace("http://www.w3.org/2000/svg", "")) == []
        assert "<script" not in html
    everybody = set(read("select customer_id from intermediate.int_customer__spine")["customer_id"])
    assert not everybody & set(re.findall(r"[\w:-]+", pages["group"].read_text(encoding="utf-8")))


def test_the_page_of_a_teller_tells_nothing_above_his_class(pages, customers, read):
    page = pages["branch_teller"].read_text(encoding="utf-8")
    person = read(f"select * from marts.customer_360 where customer_id = '{customers[-1]}'").iloc[0]
    income, aum = read(
        f"select annual_income_amount, aum_month_avg from marts.customer_tags where customer_id = '{customers[-1]}'"
    ).iloc[0]
    hidden = [person["name_masked"], person["mobile_masked"], person["manager_id"]]
    hidden += [f"{value:,.2f}" for value in (income, aum) if not pd.isna(value) and value]
    assert not [text for text in hidden if text and text in page]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_browser_shows_the_portrait(browser, pages, customers, read, width):
    by = pytest.importorskip("selenium.webdriver.common.by").By
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get("about:blank")
    browser.get_log("browser")
    for role in ("relationship_manager", "branch_teller"):
        browser.get(pages[role].as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        rows = read(f"""
            select distinct tag_code, tag_value, is_masked from portraits.portrait_by_role
            where customer_id = '{customers[-1]}' and role = '{role}' and purpose = 'service' and scenario = 'portrait'
        """).set_index("tag_code")
        shown = {
            element.get_attribute("data-tag"): element.find_element(by.CLASS_NAME, "tag-value").text
            for element in browser.find_elements(by.CSS_SELECTOR, "#tags details[open] .tag-row")
        }
        assert shown and set(shown) <= set(rows.index)
        assert {code for code, text in shown.items() if text == "***"} == set(rows.index[rows["is_masked"]])
    browser.get(pages["group"].as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    (members,) = read(f"select customers {LARGEST}")["customers"]
    assert browser.find_element(by.CSS_SELECTOR, "[data-figure=members]").text == f"{members:,}"
    # No bar reaches beyond its track, and no text beside one is cut off.
    assert browser.execute_script("""
        return [...document.querySelectorAll('.tgi-track i, .bars i')].every(
            bar => bar.getBoundingClientRect().right <= bar.parentElement.getBoundingClientRect().right + 1
        ) && [...document.querySelectorAll('.tgi-row small, .figures')].every(
            text => text.scrollWidth <= text.clientWidth + 1
        )
    """)
