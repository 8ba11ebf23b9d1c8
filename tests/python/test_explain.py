"""``banktags explain``: the value, since when, why, and what would change it, against the tags and by hand."""

import datetime
import json
import re
import shutil
from decimal import Decimal

import duckdb
import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.explain.decision import Clause, Comparison, Nudge
from banktags.explain.reader import Explanation, Tag
from banktags.explain.words import _why, nudge_en, nudge_zh

AS_OF = datetime.date(2026, 6, 30)


def explain(*arguments: str) -> tuple[int, str]:
    """Exit code and output, on one line and without the frame of errors."""
    result = CliRunner().invoke(app, ["explain", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, re.sub(r"[│╭╮╰╯─\s]+", " ", result.output)


def explained(*arguments: str) -> dict:
    result = CliRunner().invoke(app, ["explain", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.fixture
def warehouse(demo_warehouse, tmp_path, monkeypatch):
    """Asked by compliance, which may see every tag; test_doors asks as the others."""
    monkeypatch.setenv("BANK_TAGS_DB", str(demo_warehouse.database))
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path / "lists"))
    monkeypatch.setenv("BANK_TAGS_ROLE", "compliance")
    return demo_warehouse


@pytest.fixture
def potential(warehouse) -> tuple[str, Decimal, Decimal]:
    """Some customer of tier 潜力, their AUM, and what they lack for the next tier."""
    return warehouse.rows("""
        select customer_id, aum_month_avg, aum_to_next_tier from marts.customer_tags
        where aum_tier = 'potential' order by customer_id limit 1
    """)[0]


# Why, and what would change it


def test_the_tier_and_the_way_to_the_next(warehouse, potential):
    customer, aum, lacking = potential
    code, output = explain(customer, "aum_tier")
    assert code == 0
    assert "potential 潜力" in output and f"✓ aum_month_avg {aum:,.2f} >= 50,000" in output
    assert "升贵宾" in output and f"needs {lacking:,} more aum_month_avg for vip" in output

    said = explained(customer, "aum_tier")
    assert (said["value"], said["value_zh"], said["inputs"]) == ("potential", "潜力", {"aum_month_avg": str(aum)})
    vip = next(nudge for nudge in said["what_would_change_it"] if nudge["value"] == "vip")
    assert (Decimal(vip["change"]), Decimal(vip["to"])) == (lacking, 200_000)
    mass = next(nudge for nudge in said["what_would_change_it"] if nudge["value"] == "mass")
    assert Decimal(mass["to"]) == Decimal("49999.99")
    assert said["confidence"] == "1.0000"


def test_the_way_to_the_next_tier_is_the_tag(warehouse):
    """差 3.2 万升财富 and the tag aum_to_next_tier are one figure, for every customer."""
    with duckdb.connect(str(warehouse.database), read_only=True) as con:
        customers = con.execute("""
            with next_tiers as (
                select lower_tier.tier, upper_tier.tier as next_tier from policy.pyramid_tiers as lower_tier
                inner join policy.pyramid_tiers as upper_tier
                    on lower_tier.aum_to = upper_tier.aum_from and lower_tier.currency = upper_tier.currency
                where lower_tier.currency = 'CNY'
            )
            select tags.aum_tier, tags.aum_to_next_tier, nudges.change from marts.customer_tags as tags
            left join next_tiers on tags.aum_tier = next_tiers.tier
            left join portraits.portrait_nudges as nudges
                on tags.customer_id = nudges.customer_id and nudges.tag_code = 'aum_tier'
                and nudges.as_of_date = tags.as_of_date and nudges.other_value = next_tiers.next_tier
            where tags.aum_tier is not null
        """).fetchall()
    assert len(customers) > 200
    for tier, lacking, change in customers:
        assert change == lacking, tier


def test_the_other_number_of_a_customer_and_all_his_tags(warehouse):
    contact, customer = warehouse.rows("""
        select id_value, customer_id from intermediate.int_customer__id_mapping
        where id_type = 'crm_contact' and id_value <> customer_id order by id_value limit 1
    """)[0]
    said = explained(contact)
    tracked = warehouse.rows("""
        select tag_code from governance.tag_dictionary where status = 'certified'
        and (values_from is not null or tag_code in (select tag_code from governance.tag_values))
    """)
    assert {one["tag_code"] for one in said} == {row[0] for row in tracked}
    assert {one["customer_id"] for one in said} == {customer}
    values = dict(
        warehouse.rows(f"select tag_code, tag_value from marts.customer_tags_long where customer_id = '{customer}'")
    )
    assert {one["tag_code"]: one["value"] for one in said} == {row[0]: values.get(row[0]) for row in tracked}
    code, output = explain(contact)
    assert code == 0 and customer in output and "aum_tier 客户层级" in output


def test_a_fact_and_a_computed_tag_say_what_they_are_made_of(warehouse, potential):
    assert explained(potential[0], "gender")["rule"] == "measured from (取自) core.customers, crm.contacts"
    computed = explained(potential[0], "preferred_product")
    assert "choices.item" in computed["rule"] and "wealth_purchase_count_90d" in computed["inputs"]


# Errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody", "aum_tier"], "no customer nobody on 2026-06-30: give the golden id"),
        (["{customer}", "aum_tir"], "no tag aum_tir; written alike: aum_tier"),
        (["{customer}", "aum_tier", "--date", "2026-05-01"], "history reaches from 2026-06-30 to 2026-06-30"),
        (["{customer}", "aum_tier", "--date", "yesterday"], "does not match the format"),
    ],
)
def test_an_error_says_what_to_do(warehouse, potential, arguments, message):
    code, output = explain(*(argument.format(customer=potential[0]) for argument in arguments))
    assert code == 2 and message in output


def test_without_history_only_the_date_of_the_warehouse_is_known(warehouse, potential, tmp_path, monkeypatch):
    database = tmp_path / "bank_tags.duckdb"
    shutil.copy(warehouse.database, database)
    with duckdb.connect(str(database)) as con:
        con.execute("drop schema history cascade")
    monkeypatch.setenv("BANK_TAGS_DB", str(database))
    assert explained(potential[0], "aum_tier")["since"] is None
    code, output = explain(potential[0], "aum_tier", "--date", "2026-06-29")
    assert code == 2 and "run banktags run --from 2026-06-29 --to 2026-06-30" in output


# History


@pytest.fixture
def with_history(warehouse, potential, tmp_path, monkeypatch) -> tuple[str, Decimal]:
    """The demo warehouse as if history had been taken on 20, 27 and 30 June: on the 27th they rose from 大众."""
    customer, aum, _ = potential
    database = tmp_path / "bank_tags.duckdb"
    shutil.copy(warehouse.database, database)
    with duckdb.connect(str(database)) as con:
        con.execute("delete from history.observed_dates")
        con.execute("""
            insert into history.observed_dates
            values ('2026-06-20', null), ('2026-06-27', '2026-06-20'), ('2026-06-30', '2026-06-27')
        """)
        con.execute("update history.tag_versions set as_of_date = '2026-06-20'")
        con.execute(
            """
            insert into history.tag_changes
            values ($1, 'aum_tier', '2026-06-27', 'mass', 'potential', 'moved', $2, $3)
            """,
            [customer, '{"aum_month_avg":"49000.00"}', '{"aum_month_avg":"51000.00"}'],
        )
    monkeypatch.setenv("BANK_TAGS_DB", str(database))
    return customer, aum


def test_since_when_and_what_crossed_which_boundary(with_history):
    customer, _ = with_history
    said = explained(customer, "aum_tier")
    assert said["since"] == "2026-06-27"
    assert said["last_change"] == {
        "as_of_date": "2026-06-27",
        "change_type": "moved",
        "old_value": "mass",
        "input_tag": "aum_month_avg",
        "input_before": "49000.0000",
        "input_after": "51000.0000",
        "operator": ">=",
        "boundary": "50000.0000",
    }
    _, output = explain(customer, "aum_tier")
    assert "2026-06-27, before: mass 大众" in output and "aum_month_avg 49,000 → 51,000, boundary >= 50,000" in output
    # What never changed stands since history began, or longer.
    assert explained(customer, "gender")["since"] is None
    assert "2026-06-20 or before: history (历史) begins there" in explain(customer, "gender")[1]


def test_a_past_date_is_answered_from_history(with_history):
    customer, _ = with_history
    of_change = explained(customer, "aum_tier", "--date", "2026-06-27")
    assert (of_change["value"], of_change["inputs"], of_change["notes"][1:]) == (
        "potential",
        {"aum_month_avg": "51000.00"},
        [],
    )
    assert {"value": "mass", "change": "-1000.01"}.items() <= of_change["what_would_change_it"][0].items()

    later = explained(customer, "aum_tier", "--date", "2026-06-29")
    assert (later["value"], later["inputs_of"], later["what_would_change_it"]) == ("potential", "2026-06-27", [])
    assert any("those of 2026-06-27" in note for note in later["notes"])

    before = explained(customer, "aum_tier", "--date", "2026-06-22")
    assert (before["value"], before["clause"], before["inputs"], before["since"]) == ("mass", None, {}, None)
    assert any("are not kept" in note for note in before["notes"])


@pytest.mark.parametrize(
    ("tag", "date", "message"),
    [
        ("aum_tier", "2026-06-19", "history reaches from 2026-06-20 to 2026-06-30"),
        ("aum_tier", "2026-07-01", "history reaches from 2026-06-20 to 2026-06-30"),
        ("aum_to_next_tier", "2026-06-22", "it is no certified tag with values"),
    ],
)
def test_a_date_that_history_does_not_hold(with_history, tag, date, message):
    code, output = explain(with_history[0], tag, "--date", date)
    assert code == 2 and message in output and "dbt build" in output


# By hand


def test_a_source_that_was_never_delivered_is_why_a_clause_does_not_hold():
    delivered = Comparison("crm.consents", (), "is not null", None, None, None, holds=False)
    refused = Clause("false", "crm.consents is delivered", is_told=True, decides=False, comparisons=(delivered,))
    said = Explanation(
        customer_id="c",
        tag=Tag("is_contactable", "可营销", "rule", "boolean", None, None, {"false": "否"}),
        day=AS_OF,
        value=None,
        clause=None,
        passed=[refused],
        rule=None,
        inputs={},
        inputs_of=AS_OF,
        nudges=[],
        confidence=None,
        least_fresh_source=None,
        last_change=None,
        history_from=None,
    )
    assert _why(said) == ["no clause holds", "  ? crm.consents unknown 未知  (not false 否)"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("32000.00", "差 3.2 万升财富"),
        ("32000.01", "差 3.21 万升财富"),  # rounded up: 3.2 万 would not be enough
        ("1941.45", "差 1,941.45 元升财富"),
        ("-32000.00", "少 3.2 万降财富"),
    ],
)
def test_a_change_in_words(change, words):
    tier = Tag("aum_tier", "客户层级", "rule", "string", None, None, {"wealth": "财富"})
    aum = Tag("aum_month_avg", "月日均AUM", "fact", "decimal(18,2)", "CNY", None, {}, "元")
    nudge = Nudge("wealth", "aum_month_avg", Decimal(change), "1000000.00")
    assert nudge_zh(nudge, tier, {"aum_month_avg": aum}) == words
    assert nudge_en(nudge).startswith(f"needs {abs(Decimal(change)):,} ")
