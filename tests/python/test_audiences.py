"""Audiences: the gates hold whatever the predicate, sets obey their laws, what leaves the warehouse is on record."""

import datetime
import hashlib
import random
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pytest
import typer

from banktags.audience.command import clear_errors
from banktags.audience.definition import Audience, AudienceError, compiled, estimate, removed_groups
from banktags.audience.estimates import KIND, keep_on_record, refuse_too_many
from banktags.conditions import parse_condition
from banktags.conditions.known import of_warehouse
from banktags.seeds.rows import seed_file

LEVELS = {"R1": 1, "R2": 2, "R3": 3, "R4": 4, "R5": 5}
CHANNELS = ["SMS", "PHONE", "APP", "WECOM"]
#: What a predicate may read, and the SQL type of each.
TAGS = {
    "age_years": "int",
    "aum_month_avg": "decimal(18,2)",
    "is_young_customer": "boolean",
    "wealth_purchase_recency_days": "int",
}
EVERYBODY = "select customer_id from marts.customer_tags"
BARRED = "bureau_credit_score of security level 4"
#: What the gates judge.
GATED = {
    "is_marketing_contactable": "boolean",
    "is_personalisation_allowed": "boolean",
    "is_risk_assessment_valid": "boolean",
    "max_sellable_product_rating": "varchar",
    **{f"has_{channel.lower()}_marketing_consent": "boolean" for channel in CHANNELS},
}


@dataclass(frozen=True)
class Bank:
    """A warehouse with what audiences read, and its customers as Python sees them."""

    con: duckdb.DuckDBPyConnection
    customers: dict[str, dict]
    products: dict[str, tuple[bool, str | None]]
    minimum_size: int


def policy(con: duckdb.DuckDBPyConnection, minimum_size: int) -> None:
    """The policy of the project itself, with another least group."""
    con.execute("create schema policy")
    for seed in ("audience_purposes", "audience_gates", "audience_policy"):
        file = seed_file(seed)
        con.execute(f"create table policy.{seed} as from read_csv('{file}')")
    con.execute("update policy.audience_purposes set minimum_size = ? where purpose = 'marketing'", [minimum_size])


def bank(seed: int, customers: int = 400, database: str = ":memory:") -> Bank:
    """A random bank; each value may be unknown."""
    draw = random.Random(seed)
    con = duckdb.connect(database)
    minimum_size = draw.choice([1, 5, 40])
    policy(con, minimum_size)
    products = {f"P{n}": (draw.random() < 0.7, draw.choice([None, *LEVELS])) for n in range(6)}
    con.execute("create schema if not exists audiences")
    con.execute(
        """
        create table audiences.audience_products (
            product_id text, needs_assessment boolean, risk_rating text, product_class text,
            is_on_sale boolean default true
        )
        """
    )
    rows = [
        {"product_id": name, "needs_assessment": needed, "risk_rating": r} for name, (needed, r) in products.items()
    ]
    con.register("rows", pa.Table.from_pylist(rows))
    con.execute("insert into audiences.audience_products by name from rows")
    drawn = {}
    for n in range(customers):
        values = {
            "age_years": draw.randint(18, 80),
            "aum_month_avg": draw.randint(0, 1_000_000),
            "wealth_purchase_recency_days": draw.randint(0, 200),
            "max_sellable_product_rating": draw.choice(list(LEVELS)),
        }
        values |= {tag: draw.random() < 0.7 for tag, kind in (TAGS | GATED).items() if kind == "boolean"}
        drawn[f"C{n:05d}"] = {tag: None if draw.random() < 0.1 else value for tag, value in values.items()}
    con.execute("create schema marts")
    columns = ", ".join(f"{tag} {kind}" for tag, kind in (TAGS | GATED).items())
    columns += ", service_tier text, bureau_credit_score int"
    con.execute(f"create table marts.customer_tags (customer_id text, as_of_date date, {columns})")
    rows = [{"customer_id": name, "service_tier": draw.choice(["vip", "mass"])} | drawn[name] for name in drawn]
    con.register("rows", pa.Table.from_pylist(rows))
    con.execute("insert into marts.customer_tags by name select date '2026-06-30' as as_of_date, * from rows")
    con.execute("create schema governance")
    con.execute("create table governance.tag_confidence (customer_id text, tag_code text, confidence decimal(5,4))")
    con.execute("create table governance.tag_dictionary (tag_code text, security_level int)")
    con.executemany("insert into governance.tag_dictionary values (?, 3)", [(tag,) for tag in TAGS | GATED])
    con.execute("insert into governance.tag_dictionary values ('bureau_credit_score', 4)")
    con.execute("create schema if not exists audiences")
    con.execute(
        """
        create table audiences.audiences (
            audience text, purpose text, including text, excluding text, security_level int
        );
        create table audiences.offer_exclusions (
            customer_id text, as_of_date date, purpose text, product_class text, gate text
        );
        create table audiences.audience_members (audience text, customer_id text);
        create table audiences.audience_holdout (customer_id text);
        create table audiences.audience_controls (customer_id text);
        create table audiences.contact_permissions as
        select
            customer_id, as_of_date, channel, 'token of ' || customer_id as address_token, 1 as address_order,
            case
                when (is_marketing_contactable and has_consent) is not true then 'no_consent'
                when is_personalisation_allowed is not true then 'opted_out'
            end as marketing_blocked_by,
            cast(null as varchar) as service_blocked_by,
            cast(null as varchar) as risk_blocked_by
        from marts.customer_tags
        cross join lateral (
            values
            ('SMS', has_sms_marketing_consent), ('PHONE', has_phone_marketing_consent),
            ('APP', has_app_marketing_consent), ('WECOM', has_wecom_marketing_consent)
        ) as consents (channel, has_consent)
        """
    )
    return Bank(con, drawn, products, minimum_size)


def random_predicate(draw: random.Random, depth: int = 0) -> str:
    """A condition such as an analyst might write."""
    if depth < 3 and draw.random() < 0.6:
        left, right = random_predicate(draw, depth + 1), random_predicate(draw, depth + 1)
        return f"({left}) {draw.choice(['and', 'or'])} {draw.choice(['', 'not '])}({right})"
    return draw.choice(
        [
            f"age_years >= {draw.randint(18, 80)}",
            f"aum_month_avg between {draw.randint(0, 300_000)} and {draw.randint(300_000, 1_000_000)}",
            "is_young_customer",
            f"not {{{{ within_days('wealth_purchase', {draw.randint(1, 200)}) }}}}",
            "true",
            "1 = 1 or is_marketing_contactable",
            "is_marketing_contactable is not true",
            "not within_days(wealth_purchase, 30) or coalesce(is_young_customer, true)",
            "aum_month_avg is null",
        ]
    )


def may_be_contacted(values: dict, audience: Audience, product: tuple[bool, str | None]) -> bool:
    """The rules of marketing, written out once more: what is not known is not allowed."""
    needs_assessment, rating = product
    suitable = not needs_assessment or (
        values["is_risk_assessment_valid"] is True
        and rating is not None
        and values["max_sellable_product_rating"] is not None
        and LEVELS[rating] <= LEVELS[values["max_sellable_product_rating"]]
    )
    return (
        values["is_marketing_contactable"] is True
        and values["is_personalisation_allowed"] is True
        and any(values[f"has_{channel.lower()}_marketing_consent"] is True for channel in audience.channels)
        and suitable
    )


@pytest.mark.parametrize("seed", range(6))
def test_no_predicate_gets_round_the_gates(seed):
    drawn, draw = bank(seed), random.Random(seed)
    seen = 0
    for _ in range(50):
        product = draw.choice(list(drawn.products))
        channels = draw.sample(CHANNELS, draw.randint(1, 4))
        audience = Audience(random_predicate(draw), product=product, channels=channels)
        sql = compiled(drawn.con, audience)
        condition = parse_condition(audience.predicate, of_warehouse(drawn.con))
        rows = drawn.con.execute(f"select customer_id, channel, removed_by from ({sql})").fetchall()
        found = {row[0] for row in drawn.con.execute(f"{EVERYBODY} where {condition.sql}").fetchall()}
        assert {row[0] for row in rows} == found
        allowed = {name for name in found if may_be_contacted(drawn.customers[name], audience, drawn.products[product])}
        expected = allowed if len(allowed) >= drawn.minimum_size else set()
        members = {name: channel for name, channel, removed_by in rows if removed_by is None}
        assert members.keys() == expected
        for name, channel in members.items():
            consented = [one for one in channels if drawn.customers[name][f"has_{one.lower()}_marketing_consent"]]
            assert channel == consented[0]
        seen += len(members)
    assert seen > 100


def test_the_losses_of_the_gates_add_up():
    drawn = bank(1)
    groups = removed_groups(drawn.con, Audience("true", product="P0", channels=["APP"]))
    assert sum(group.size for group in groups.values()) == len(drawn.customers)
    assert groups["no_consent"].size > 0 and groups["opted_out"].size > 0


def test_sets_obey_their_laws():
    """Of one audience the members inside and outside another are all its members; negation and order change nothing."""
    drawn = bank(2)
    drawn.con.execute("update policy.audience_purposes set minimum_size = 1")
    marketing = {"product": "P0", "channels": ["APP", "SMS"]}
    drawn.con.execute(
        "insert into audiences.audiences (audience, purpose) values ('old', 'marketing'), ('rich', 'marketing')"
    )
    for name, predicate in (("old", "age_years >= 50"), ("rich", "aum_month_avg >= 500000")):
        sql = compiled(drawn.con, Audience(predicate, **marketing))
        saved = f"select '{name}', customer_id from ({sql}) where removed_by is null"
        drawn.con.execute(f"insert into audiences.audience_members {saved}")

    def members(predicate: str, **others) -> set[str]:
        sql = compiled(drawn.con, Audience(predicate, **marketing, **others))
        rows = drawn.con.execute(f"select customer_id from ({sql}) where removed_by is null").fetchall()
        return {row[0] for row in rows}

    everyone, old = members("true"), members("age_years >= 50")
    inside, outside = members("true", including=["old"]), members("true", excluding=["old"])
    assert inside == old and inside | outside == everyone and not inside & outside
    assert members("true", including=["old", "rich"]) == members("age_years >= 50 and aum_month_avg >= 500000")
    assert members("true", excluding=["old", "rich"]) == outside & members("true", excluding=["rich"])
    assert members("not (age_years >= 50)") | old == members("age_years is not null")


@pytest.mark.parametrize(
    ("audience", "message"),
    [
        (Audience("bureau_credit_score < 500", product="P0", channels=["APP"]), BARRED),
        (Audience("'--' <> '' and bureau_credit_score < 500", "service"), BARRED),
        (Audience("'*/' = '' or \"bureau_credit_score\" < 5", "service"), BARRED),
        (Audience("BUREAU_CREDIT_SCORE < 500", "service"), BARRED),
        (Audience("true", "service", min_confidence={"bureau_credit_score": 0.5}), BARRED),
        (Audience("true", "service", min_confidence={"no_such_tag": 0.5}), "no_such_tag, which is no tag"),
        (Audience("true", "service", min_confidence={"age_years": 1.5}), "a confidence is a number from 0 to 1"),
        (Audience("customer_id in (select 1)", "service"), "customer_id is no tag"),
        (Audience("age_years in (from x)", "service"), "reads no table"),
        (Audience("true; drop table x", "service"), "a condition is one expression"),
        (Audience("true) or (true", "service", including=["watched"]), "closes nothing"),
        (Audience("  -- nothing", "service"), "there is no condition"),
        (Audience("true", channels=["APP"]), "names no product"),
        (Audience("true", product="P0"), "names no channel"),
        (Audience("true", product="P0", channels=["FAX"]), "names channel FAX"),
        (Audience("true", product="P9", channels=["APP"]), "there is no product P9 in core.products"),
        (Audience("true", product="P0' or 1 --", channels=["APP"]), "a product id has letters"),
        (Audience("true", "service", product="P0"), "an offer is marketing, whatever it calls itself"),
        (Audience("true", "risk", product="P0"), "an offer is marketing, whatever it calls itself"),
        (Audience("true", "risk", channels=["SMS"]), "risk reaches customers by PHONE"),
        (Audience("true", ""), "has no purpose: seed audience_purposes knows marketing, risk, service"),
        (Audience("true", "fun"), "audience_purposes knows marketing, risk, service"),
        (Audience("true", "service", including=["watched"]), "includes watched, whose purpose is risk"),
        (Audience("true", "service", excluding=["none"]), "names audience none, which there is not"),
        (Audience("true", "service", excluding=["x' or 1"]), "names audience x' or 1, which there is not"),
        (Audience("no_such_tag > 1", "service"), "no_such_tag"),
        (Audience("{{ within_days( }}", "service"), "only {{ within_days"),
        (Audience("{{ 7 * 7 }} = 49", "service"), "only {{ within_days"),
    ],
)
def test_what_its_purpose_does_not_admit_is_refused(audience, message):
    drawn = bank(3, customers=1)
    drawn.con.execute("insert into audiences.audiences (audience, purpose) values ('watched', 'risk')")
    with pytest.raises(AudienceError, match=message):
        estimate(drawn.con, audience)


def test_texts_and_comments_name_no_tags():
    drawn = bank(3, customers=1)
    predicate = "-- not bureau_credit_score\nage_years > 0\n  and 'bureau_credit_score' <> 'select'\n-- ;"
    assert removed_groups(drawn.con, Audience(predicate, "service"))


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        # Who is left out is protected, and however far in: the list has nobody of the risk audience.
        ({"excluding": ["watched"]}, None),
        ({"including": ["careful"]}, None),
        # Who is left out of a list that leaves out the watched may be watched.
        ({"excluding": ["careful"]}, "watched"),
        ({"excluding": ["most_careful"]}, "watched"),
        ({"including": ["odd"]}, "watched"),
        ({"excluding": ["odder"]}, "watched"),
        ({"including": ["odder"]}, None),
        # Unless the watched are left out as well.
        ({"excluding": ["careful", "watched"]}, None),
        ({"including": ["careful"], "excluding": ["careful"]}, None),
    ],
)
def test_purposes_travel_through_sets(sets, told):
    drawn = bank(3, customers=1)
    audiences = [
        ("watched", "risk", None, None),
        ("careful", "marketing", None, "watched"),
        ("most_careful", "marketing", "careful", None),
        ("odd", "marketing", None, "careful"),
        ("odder", "marketing", None, "odd"),
    ]
    for audience in audiences:
        drawn.con.execute("insert into audiences.audiences values (?, ?, ?, ?, 3)", audience)
    audience = Audience("true", product="P0", channels=["APP"], **sets)
    if told:
        with pytest.raises(AudienceError, match=f"{told}.*, whose purpose is risk"):
            estimate(drawn.con, audience)
    else:
        assert estimate(drawn.con, audience).members is None or drawn.minimum_size == 1


def test_an_estimate_tells_nothing_of_few():
    drawn = bank(4)
    drawn.con.execute("update policy.audience_purposes set minimum_size = 20 where purpose = 'marketing'")
    drawn.con.execute("insert into audiences.audiences (audience, purpose) values ('watched', 'risk')")

    def counted(predicate: str):
        return estimate(drawn.con, Audience(predicate, product="P0", channels=CHANNELS, excluding=["watched"]))

    for name in list(drawn.customers)[:5]:
        drawn.con.execute("delete from audiences.audience_members")
        one = drawn.customers[name]
        if one["aum_month_avg"] is None:
            continue
        # One customer, by what is known of them: neither they nor the list that they are in.
        answers = []
        for is_watched in (False, True):
            if is_watched:
                drawn.con.execute("insert into audiences.audience_members values ('watched', ?)", [name])
            found = counted(f"aum_month_avg = {one['aum_month_avg']}")
            assert found.candidates is None and found.members is None
            answers.append([gate.removed for gate in found.gates])
        assert answers[0] == answers[1] == [None] * len(answers[0])
    for bound in range(0, 1_000_000, 50_000):
        found = counted(f"aum_month_avg >= {bound}")
        numbers = [found.candidates, found.members, *(gate.removed for gate in found.gates)]
        assert all(number is None or (number >= 40 and number % 20 == 0) for number in numbers)


def test_what_cannot_be_computed_of_a_customer_tells_nothing_of_them():
    """An overflow would be told by an error, with the value that it came from; it does not hold instead."""
    drawn = bank(5)
    overflowing = "age_years * 999999999999999999 * 999999999999999999 * 999999999999999999 > 0"
    with pytest.raises(duckdb.OutOfRangeException):
        drawn.con.execute(f"select count(*) from marts.customer_tags where {overflowing}")
    groups = removed_groups(drawn.con, Audience(f"age_years > 0 and {overflowing}", "service"))
    assert sum(group.size for group in groups.values()) == 0


DATE = datetime.date(2026, 6, 30)


def test_a_day_has_so_many_estimates(tmp_path, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path))
    drawn = bank(6)
    drawn.con.execute(
        "create or replace table policy.audience_policy as select 'estimates_per_day' as parameter, 2 as value"
    )
    audience = Audience("age_years > 0", "service")
    for _ in range(2):
        refuse_too_many(drawn.con)
        keep_on_record(audience, estimate(drawn.con, audience), "analyst", "a test", DATE)
    kept = f"read_parquet('{tmp_path}/{KIND}/*.parquet')"
    assert duckdb.sql(f"select distinct business_date from {kept}").fetchall() == [(DATE,)]
    with pytest.raises(AudienceError, match="2 estimates are on record today, as many as a day has"):
        refuse_too_many(drawn.con)


def test_an_audience_may_be_excluded_by_what_it_may_not_use(demo_warehouse):
    """Who has a credit warning is left out of a marketing audience, without the audience reading a credit tag."""
    catalogued = "select excluding, security_level from audiences.audiences where audience = 'cross_sell'"
    assert demo_warehouse.rows(catalogued) == [("credit_warning", 3)]
    barred = "select tag_code from audiences.audience_tags where audience = 'cross_sell' and way = 'barred'"
    assert demo_warehouse.rows(barred) == [("is_credit_warning_target",)]


def test_every_audience_is_screened(manifest):
    """A new audience is named in audience_screening, and read there alone."""
    nodes = manifest["nodes"]
    audiences = {name for name, node in nodes.items() if node["name"].startswith("audience__")}
    screening = nodes["model.bank_tags.audience_screening"]
    assert audiences and audiences <= set(screening["depends_on"]["nodes"])
    assert {nodes[name]["config"]["materialized"] for name in audiences} == {"ephemeral"}
    readers = {name for name, node in nodes.items() if audiences & set(node.get("depends_on", {}).get("nodes", []))}
    assert readers == {"model.bank_tags.audience_screening"}


def test_the_built_audiences_keep_what_the_sources_say(demo_warehouse):
    """Of each marketing audience, from staging: consent that stands, and a valid assessment where one is needed."""
    sizes = demo_warehouse.rows("select count(*) from audiences.audience_members")[0][0]
    assert sizes > 20
    members = """
        select members.*, identities.source_key as contact_id
        from audiences.audience_members as members
        left join intermediate.int_customer__identity as identities
            on members.customer_id = identities.customer_id and identities.source_system = 'crm'
        where members.purpose = 'marketing'
    """
    assert demo_warehouse.rows(f"select count(*) from ({members})")[0][0] > 0
    without_consent = f"""
        select distinct audience, customer_id, channel from ({members}) where channel is not null
        except
        select audience, members.customer_id, members.channel
        from ({members}) as members
        inner join staging.stg_crm__consents as consents
            on members.contact_id = consents.contact_id
            and consents.purpose = 'MARKETING'
            and consents.channel in (members.channel, 'ALL')
            and consents.given_at < '2026-07-01'
            and (consents.withdrawn_at is null or consents.withdrawn_at >= '2026-07-01')
    """
    assert demo_warehouse.rows(without_consent) == []
    risky = f"""
        select audience, customer_id
        from ({members}) as members
        inner join staging.stg_core__products as products using (product_id)
        where products.product_category in ('WEALTH_PRODUCT', 'FUND', 'INSURANCE', 'TRUST')
            and not exists (
                select 1
                from staging.stg_crm__risk_assessments as assessments
                inner join intermediate.int_customer__identity as identities
                    on assessments.contact_id = identities.source_key and identities.source_system = 'crm'
                where identities.customer_id = members.customer_id
                    and substr(assessments.risk_level, 2) >= substr(greatest(issuer_risk_rating, seller_risk_rating), 2)
                    and assessments.valid_to >= '2026-06-30'
            )
    """
    assert demo_warehouse.rows(risky) == []
    too_few = f"select audience, count(*) from ({members}) group by audience having count(distinct customer_id) < 20"
    assert demo_warehouse.rows(too_few) == []


def test_no_marketing_reaches_who_is_held_out(demo_warehouse):
    """The lot by its definition; a held-out customer stays a member, and no channel and no manager hears of them."""
    everybody = [name for (name,) in demo_warehouse.rows("select customer_id from intermediate.int_customer__spine")]
    places = {name: int(hashlib.sha256(f"{name}|global|1".encode()).hexdigest()[:8], 16) / 2**32 for name in everybody}
    held_out = {name for name, place in places.items() if place < 0.02}
    assert held_out
    drawn = demo_warehouse.rows("select customer_id from audiences.audience_holdout")
    assert {name for (name,) in drawn} == held_out
    reached = """
        select customer_id from audiences.audience_call_list
        union all
        select customer_id
        from audiences.audience_activation
        inner join audiences.audiences using (audience)
        where purpose = 'marketing' and instruction = 'add'
    """
    assert held_out.isdisjoint(name for (name,) in demo_warehouse.rows(reached))
    members = """
        select customer_id from audiences.audience_members where purpose = 'marketing'
    """
    assert held_out.intersection(name for (name,) in demo_warehouse.rows(members))


def test_a_table_that_was_not_built_is_named():
    """A build of +audiences makes no table of campaigns, which freeze and export read."""
    with pytest.raises(typer.BadParameter, match="has no campaign_plans: only a part") as told, clear_errors():
        duckdb.connect().execute("select * from campaign_plans")
    assert told.value.param_hint == "warehouse"
    with pytest.raises(duckdb.CatalogException), clear_errors():
        duckdb.connect().execute("select no_such_function(1)")
