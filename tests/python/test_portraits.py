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
from banktags.door import Role, enter
from banktags.portrait import usage, words
from banktags.portrait.customer import CustomerPortrait, read_customer
from banktags.portrait.group import GroupPortrait, purpose_of, read_group
from banktags.portrait.page import render_customer, render_group

POLICY = PROJECT_ROOT / "seeds" / "policy"
ROLES = pd.read_csv(POLICY / "portrait_roles.csv")
BANDS = pd.read_csv(POLICY / "portrait_bands.csv")
LARGEST = "from portraits.portrait_groups where branch_id is null order by customers desc nulls last limit 1"
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
    empty = dict.fromkeys(("people", "outlook", "tasks", "waves", "groups", "audiences", "entitlements"), ())
    return CustomerPortrait("X", role, date(2026, 6, 30), rows, **{**empty, "stage": None, **beside})


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
    assert words.who(person)[0] == "30岁、年入30万、偏好基金、常去健身。"


def test_what_is_masked_is_not_in_the_sentence():
    masked = tag("annual_income_amount", "***", unit="CNY", is_masked=True)
    assert words.who(portrait([tag("age_years", "30", unit="years"), masked]))[0] == "30岁。"
    assert words.who(portrait([])) == ("没有可见的信息。", "Nothing to see.")
    assert portrait([masked]).masked_tags == 1


SUITABLE = [
    tag("suitability_status", "valid"),
    tag("max_sellable_product_rating", "R3"),
    tag("risk_level", "C3", value_zh="平衡型(C3)"),
    tag("risk_assessment_valid_to_date", "2027-03-12"),
]
CONTACTABLE = [tag("is_marketing_contactable", "true"), tag("is_personalisation_allowed", "true")]
NAMES = {"APP": "手机银行", "PHONE": "电话", "SMS": "短信", "WECOM": "企业微信"}


def channels(**gates: str) -> list[dict]:
    """The four contact channels as CustomerPortrait has them: each with the gate that closes it, or open."""
    told = {"held_out": False, "control": False}
    return [
        {
            "channel": channel,
            "name_zh": NAMES[channel],
            "name_en": channel,
            "gate": gate,
            "gate_zh": gate and f"因{gate}",
            "gate_en": gate,
            "is_told": told.get(gate, True),
            "is_closed_to_service": gate in ("deceased", "do_not_contact"),
            "closes_offers": gate in ("deceased", "frozen_by_order", "staff"),
        }
        for channel, gate in ((channel, gates.get(channel, gates.get("ALL"))) for channel in sorted(NAMES))
    ]


MINOR = [
    {"product_class": product_class, "gate_zh": "未成年人不得购买", "gate_en": "Minor"}
    for product_class in ("CARD", "INVESTMENT", "LOAN")
]


@pytest.mark.parametrize(
    "rows, beside, allowed, forbidden",
    [
        (SUITABLE + CONTACTABLE, {}, ["不高于 R3", "短信、电话、手机银行、企业微信。"], ["高于 R3"]),
        (
            [tag("suitability_status", "expired"), *CONTACTABLE],
            {"channels": channels(ALL="no_consent")},
            [],
            ["风险测评已过期", "不得经任何渠道做营销触达：因no_consent。"],
        ),
        ([tag("suitability_status", "missing"), *CONTACTABLE], {"channels": []}, [], ["没有风险测评", "没有触达许可"]),
        (
            SUITABLE + CONTACTABLE,
            {"channels": channels(SMS="no_consent", APP="number_refused", WECOM="do_not_contact")},
            ["不高于 R3", "可营销触达：电话。"],
            [
                "高于 R3",
                "不得经短信做营销触达：因no_consent。",
                "不得经手机银行做营销触达：因number_refused。",
                "不得经企业微信做营销或服务触达：因do_not_contact。",
            ],
        ),
        (
            [*SUITABLE, *CONTACTABLE, tag("is_personalisation_allowed", "false"), tag("open_complaint_count", "2")],
            {},
            ["不高于 R3", "可营销触达"],
            ["高于 R3", "个性化", "2 件未结投诉"],
        ),
        ([tag("relationship_status", "closed"), *SUITABLE, *CONTACTABLE], {}, [], ["已销户"]),
        (
            SUITABLE + CONTACTABLE,
            {"exclusions": MINOR},
            ["短信"],
            ["不得推介信用卡、投资产品、贷款：未成年人不得购买。"],
        ),
        (
            SUITABLE + CONTACTABLE,
            {"channels": channels(ALL="deceased")},
            [],
            ["不得推介任何产品：因deceased。", "不得经任何渠道做营销或服务触达：因deceased。"],
        ),
        (
            SUITABLE + CONTACTABLE,
            {"channels": channels(ALL="frozen_by_order", SMS="no_consent")},
            ["不高于 R3"],
            ["高于 R3", "短信做营销触达：因no_consent", "电话、手机银行、企业微信做营销触达：因frozen_by_order"],
        ),
        (
            [tag(row["tag_code"], "***", is_masked=True) for row in SUITABLE + CONTACTABLE],
            {"channels": channels(ALL="deceased"), "exclusions": MINOR},
            [],
            ["适当性高于本角色", "授权高于本角色"],
        ),
    ],
)
def test_what_may_be_done_and_what_must_not(rows, beside, allowed, forbidden):
    found = words.permissions(portrait(rows, **{"channels": channels(), **beside}))
    for is_allowed, expected in ((True, allowed), (False, forbidden)):
        said = [one.chinese for one in found if one.is_allowed is is_allowed]
        assert len(said) == len(expected), said
        assert all(part in text for part, text in zip(expected, said, strict=True)), said


@pytest.mark.parametrize("gate", ["held_out", "control"])
def test_who_is_measured_is_not_told_as_such(gate):
    """A manager who knew would treat them otherwise, and so would a page that named the gate in either language."""
    found = words.permissions(portrait(SUITABLE + CONTACTABLE, channels=channels(ALL=gate)))
    said = "".join(one.chinese + one.english for one in found)
    assert "本期不做营销触达" in said and gate not in said
    mixed = words.permissions(portrait(SUITABLE + CONTACTABLE, channels=channels(ALL=gate, SMS="no_consent")))
    said = "".join(one.chinese + one.english for one in mixed)
    assert "因no_consent" in said and gate not in said


OFFER = {
    "audience": "wealth_promotion",
    "name_zh": "理财推广",
    "offer_zh": None,
    "product_name": "稳健理财",
    "channel": "SMS",
    "channel_name": "短信",
    "sensitivity": "C2",
    "security_level": 3,
    "purpose": "marketing",
    "unreached_because": None,
}


@pytest.mark.parametrize(
    "audience, gates, is_offered",
    [
        ({}, {}, True),
        ({"unreached_because": "held_out", "channel": None}, {}, False),
        ({"unreached_because": "shared_address", "channel": None}, {}, False),
        ({}, {"SMS": "no_consent"}, False),
        ({"channel": None}, {"SMS": "no_consent"}, True),
        ({"channel": None}, {"ALL": "control"}, False),
        ({"purpose": "service", "product_name": None, "offer_zh": "到期提醒"}, {"ALL": "no_consent"}, True),
    ],
)
def test_nothing_is_offered_to_whom_no_audience_reaches(audience, gates, is_offered):
    """An offer and a wave are shown only where the relation that says who may be contacted lets them through."""
    wave = {"channel": "SMS", "offer_zh": "首笔交易权益", "due_date": None, "closing_date": None}
    person = portrait([], audiences=[OFFER | audience], channels=channels(**gates), waves=[wave])
    assert bool(person.offers) is is_offered
    assert any(one.topic.endswith("Offer") and one.is_allowed for one in words.permissions(person)) is is_offered
    assert bool(person.open_waves) is not bool(gates)
    assert [words.membership(row) for row in person.memberships] == ["理财推广"]


def test_audiences_above_the_class_are_not_shown():
    audience = OFFER
    warning = {**audience, "audience": "credit_warning", "name_zh": "信贷风险预警", "security_level": 4}
    person = portrait(
        [],
        channels=channels(),
        audiences=[audience, warning],
        groups=[{"tag_code": "is_young_customer", "name_zh": "年轻"}],
    )
    assert [words.membership(row) for row in person.memberships] == ["年轻", "理财推广"]
    assert [row["audience"] for row in person.offers] == ["wealth_promotion"]


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
    assert words.shown(row) == text


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
        for code, column in traits.items():
            if column is None:
                continue
            inside = column.index.isin(ids)
            ours, theirs = column[inside].value_counts(), column[~inside].value_counts()
            for value in sorted(set(ours.index) | set(theirs.index)):
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
    few = GroupPortrait(group | {"minimum_size": 20, "comparison_name_zh": "全行其他存续客户"}, [], [])
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
        (["group", "is_young_custmer"], "did you mean is_young_customer?"),
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
    """A customer as two roles see him, and the largest group."""
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
