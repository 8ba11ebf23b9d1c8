"""Rules as clauses: the first clause that holds gives the value that the tag has."""

import csv

import duckdb
import pytest

from banktags.catalogue.clauses import tag_clauses
from banktags.catalogue.entries import tag_entries
from banktags.catalogue.project import Project
from banktags.catalogue.scopes import RuleError
from banktags.catalogue.sync import CATALOGUE_SEEDS
from banktags.contract import read_contract
from banktags.seeds.rows import seed_file

AS_OF = "2026-06-30"

# The project's own rules


def recorded() -> list[dict[str, str]]:
    with (CATALOGUE_SEEDS / "tag_rule_clauses.csv").open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


@pytest.mark.parametrize(
    ("tag_code", "clauses"),
    [
        # Written by hand from the SQL of each model. An empty value is unknown.
        (
            "customer_value_level",
            [
                ("", "relationship_status <> 'active'"),
                ("high_net_worth", "aum_month_avg >= customer_value_level.aum_month_avg_from"),
                ("ordinary", "aum_month_avg < customer_value_level.aum_month_avg_from"),
            ],
        ),
        (
            "asset_level",
            [
                ("", "relationship_status <> 'active'"),
                ("A1", "aum_month_avg + custody_securities_spot < asset_level.a2_from"),
                ("A2", "aum_month_avg + custody_securities_spot < asset_level.a3_from"),
                ("A3", "aum_month_avg + custody_securities_spot < asset_level.a4_from"),
                ("A4", "aum_month_avg + custody_securities_spot < asset_level.a5_from"),
                ("A5", "aum_month_avg + custody_securities_spot < asset_level.a6_from"),
                ("A6", "aum_month_avg + custody_securities_spot >= asset_level.a6_from"),
            ],
        ),
        (
            "transaction_activity_level",
            [
                ("", "relationship_status <> 'active'"),
                ("active", "activity_recency_days < transaction_activity_level.active_days_below"),
                ("ordinary", "activity_recency_days < transaction_activity_level.ordinary_days_below"),
                ("silent", "activity_recency_days >= transaction_activity_level.ordinary_days_below"),
                # Nothing in a whole year on record; without a policy nothing is silent.
                (
                    "silent",
                    "activity_count_365d = 0 and transaction_activity_level.ordinary_days_below is not null",
                ),
            ],
        ),
        (
            "credit_level",
            [
                # Non-performing, of a loan or a card, whichever class is the worse.
                *[
                    ("poor", f"{kind}_risk_class_worst = '{worst}'")
                    for worst in ("loss", "doubtful", "substandard")
                    for kind in ("loan", "card")
                ],
                ("poor", "has_written_off_loan"),
                ("poor", "bureau_credit_score < credit_level.fair_from"),
                # Better is said only of whom no bad debt can be hidden: an own loan or card of unknown arrears.
                ("", "loan_days_past_due_max is null and active_loan_count <> 0"),
                ("", "loan_days_past_due_max is null and active_loan_count is null"),
                ("", "loan_days_past_due_max is null and has_written_off_loan is null"),
                ("", "card_days_past_due_max is null and is_credit_card_holder"),
                ("", "card_days_past_due_max is null and is_credit_card_holder is null"),
                ("fair", "loan_risk_class_worst = 'special_mention'"),
                ("fair", "card_risk_class_worst = 'special_mention'"),
                ("fair", "bureau_credit_score < credit_level.good_from"),
                ("good", "bureau_credit_score < credit_level.excellent_from"),
                ("excellent", "bureau_credit_score >= credit_level.excellent_from"),
            ],
        ),
        (
            "suitability_status",
            [
                ("", "not is_open_to_offers"),
                (
                    "missing",
                    "risk_level is null and risk_assessed_date is null"
                    " and crm.contacts is delivered and crm.risk_assessments is delivered",
                ),
                ("", "risk_level is null"),
                ("expired", "not is_risk_assessment_valid"),
                ("expiring", "risk_assessment_days_to_expiry <= suitability_status.expiring_days_to"),
                ("valid", "is_risk_assessment_valid"),
            ],
        ),
        (
            "max_sellable_product_rating",
            [
                # Expiring without known validity, then valid; of a level that no row of the seed has, unknown.
                (
                    "risk_levels.max_product_rating",
                    "is_open_to_offers and is_risk_assessment_valid is null and risk_assessment_days_to_expiry"
                    " <= suitability_status.expiring_days_to and risk_level = risk_levels.risk_level",
                ),
                (
                    "risk_levels.max_product_rating",
                    "is_open_to_offers and is_risk_assessment_valid and risk_level = risk_levels.risk_level",
                ),
                (
                    "",
                    "is_open_to_offers and risk_level is not null and is_risk_assessment_valid is null"
                    " and risk_assessment_days_to_expiry <= suitability_status.expiring_days_to",
                ),
                ("", "is_open_to_offers and risk_level is not null and is_risk_assessment_valid"),
                (
                    "R1",
                    "is_open_to_offers and risk_level is null and risk_assessed_date is null"
                    " and crm.contacts is delivered and crm.risk_assessments is delivered",
                ),
                ("R1", "is_open_to_offers and risk_level is not null and not is_risk_assessment_valid"),
            ],
        ),
        (
            "is_payroll_customer",
            [
                ("", "relationship_status = 'closed'"),
                ("true", "salary_count_90d >= is_payroll_customer.salary_count_from"),
                ("false", "salary_count_90d < is_payroll_customer.salary_count_from"),
            ],
        ),
        (
            "is_marketing_contactable",
            [
                ("", "crm.contacts is not delivered"),
                ("", "crm.consents is not delivered"),
                ("false", "relationship_status = 'closed'"),
                ("true", "has_marketing_consent and is_open_to_offers"),
                ("false", "otherwise"),
            ],
        ),
        (
            "aum_tier",
            [
                ("", "not (int_customer__spine.is_core_customer and int_customer__spine.status = 'ACTIVE')"),
                (
                    "pyramid_tiers.tier",
                    "aum_month_avg >= pyramid_tiers.aum_from and aum_month_avg < pyramid_tiers.aum_to",
                ),
            ],
        ),
    ],
)
def test_clauses_written_by_hand(tag_code, clauses):
    rows = [row for row in recorded() if row["tag_code"] == tag_code]
    found = {int(row["clause_order"]): (row["tag_value"] or row["values_from"], row["clause"]) for row in rows}
    assert [found[order] for order in sorted(found)] == clauses


def test_what_is_no_list_of_clauses_says_so():
    whole = {row["tag_code"]: row for row in recorded() if row["clause_order"] == "0"}
    # The most frequent of many, a class by ranks among all customers, and rules that are rows of a seed.
    preferences = {"preferred_channel_90d", "preferred_product", "preferred_wealth_type"}
    assert whole.keys() == preferences | {"rfm_class", "lifecycle_stage"}
    assert all(row["clause"] and not row["input_tag"] for row in whole.values())


def test_no_number_of_the_policy_is_copied():
    assert [row for row in recorded() if row["threshold"] and (row["literal_number"] or row["literal_text"])] == []
    with seed_file("rule_thresholds").open(encoding="utf-8") as rows:
        known = {f"{row['rule']}.{row['parameter']}" for row in csv.DictReader(rows)}
    known |= {f"coverage.{table}" for table in read_contract()}
    named = {row["threshold"] for row in recorded() if row["threshold"]}
    assert {name for name in named if not name.startswith(("pyramid_tiers.", "risk_levels."))} <= known


@pytest.mark.parametrize(
    ("tag_code", "boundaries"),
    [
        ("asset_level", [("A1", 10000), ("A2", 50000), ("A3", 200000), ("A4", 500000), ("A5", 1000000)]),
        ("aum_tier", [("mass", 50000), ("potential", 200000), ("vip", 1000000), ("wealth", 8000000)]),
        ("transaction_activity_level", [("active", 30), ("ordinary", 90)]),
        ("credit_level", [("poor", 620), ("fair", 670), ("good", 720)]),
    ],
)
def test_boundaries_are_those_of_the_policy(demo_warehouse, tag_code, boundaries):
    upper = f"""
        select distinct tag_value, cast(boundary as int) as boundary from governance.tag_boundaries
        where tag_code = '{tag_code}' and operator = '<' order by boundary
    """
    assert demo_warehouse.rows(upper) == boundaries


def test_the_clauses_give_the_value_of_every_customer(demo_warehouse):
    """Where a value is known, or tags alone say why it is not, the clauses give it."""
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as con:
        wrong, told, tags = con.execute("""
            with judged as (
                select customer_id, tag_code, bool_or(decides and is_told) as is_given,
                    bool_or(clause_holds) as is_reached, bool_or(not is_told) as has_more_than_tags
                from portraits.portrait_clauses where clause_order > 0 group by all
            ),
            compared as (
                select judged.*, known.tag_value from judged
                left join marts.customer_tags_long as known using (customer_id, tag_code)
                where known.tag_value is not null or not judged.has_more_than_tags
            )
            select
                list((tag_code, customer_id, tag_value))
                    filter (not is_given and (tag_value is not null or is_reached)),
                count(*), count(distinct tag_code)
            from compared
        """).fetchone()
    assert wrong is None and told > 3000 and tags > 10


# The method, on a small project

FACTS = "w.tags.fact_tags__a"
COVERED = "left join w.intermediate.int_source__covered_from as c on true"
COLUMNS = {
    "aum": "decimal(18,2)",
    "debt": "decimal(18,2)",
    "has_loan": "boolean",
    "grade": "string",
    "status": "string",
}
POLICY = """
    with policy as (
        select max(case when rule = 'r' and parameter = 'low' then value end) as low from w.policy.rule_thresholds
    )
"""


def clauses_in(expression: str, body: str | None = None) -> list[tuple[str | None, str]]:
    """Values and texts of the clauses of one tag, ``expression`` over the fact tags ``f`` and the policy ``p``."""
    body = (
        body or f"select f.customer_id, f.as_of_date, {expression} as judged from {FACTS} as f cross join policy as p"
    )
    models = {
        "fact_tags__a": ("select 1", [], {**COLUMNS}),
        "int_source__covered_from": ("select 1", [], {"crm__consents": "date"}),
        "rule_tags__b": (
            POLICY + body,
            ["model.p.fact_tags__a", "model.p.int_source__covered_from", "seed.p.rule_thresholds"],
            {"judged": "boolean"},
        ),
    }
    grain = {"customer_id": "string", "as_of_date": "date"}
    nodes = {
        f"model.p.{name}": {
            "resource_type": "model",
            "name": name,
            "fqn": ["p", "tags" if "tags" in name else "intermediate", name],
            "database": "w",
            "schema": "tags" if "tags" in name else "intermediate",
            "config": {"meta": {}},
            "compiled_code": sql if upstream else "select " + ", ".join(f"1 as {code}" for code in grain | columns),
            "depends_on": {"nodes": upstream},
            "columns": {
                code: {"name": code, "data_type": data_type, "description": "", "config": {}}
                for code, data_type in (grain | columns).items()
            },
        }
        for name, (sql, upstream, columns) in models.items()
    }
    nodes["seed.p.rule_thresholds"] = {
        "resource_type": "seed",
        "name": "rule_thresholds",
        "database": "w",
        "schema": "policy",
        "config": {"column_types": {"rule": "string", "parameter": "string", "value": "decimal(18,4)"}},
        "columns": {},
    }
    manifest = {"nodes": nodes, "sources": {}}
    (entry,) = (entry for entry in tag_entries(manifest) if entry.code == "judged")
    return [(clause.value, clause.text) for clause in tag_clauses(Project(manifest, AS_OF), entry)]


@pytest.mark.parametrize(
    ("expression", "clauses"),
    [
        ("f.aum >= p.low", [("true", "aum >= r.low"), ("false", "aum < r.low")]),
        ("100 > f.aum", [("true", "aum < 100"), ("false", "aum >= 100")]),
        ("not f.has_loan", [("true", "not has_loan"), ("false", "has_loan")]),
        # "or" is two clauses; its opposite is one of both. Unknown stays unknown: neither holds.
        (
            "f.has_loan or f.aum < 5",
            [("true", "has_loan"), ("true", "aum < 5"), ("false", "not has_loan and aum >= 5")],
        ),
        ("coalesce(f.has_loan, false)", [("true", "has_loan"), ("false", "otherwise")]),
        ("coalesce(f.has_loan, true)", [("true", "has_loan"), ("false", "not has_loan"), ("true", "otherwise")]),
        (
            "f.grade in ('A', 'B')",
            [("true", "grade = 'A'"), ("true", "grade = 'B'"), ("false", "grade <> 'A' and grade <> 'B'")],
        ),
        ("f.aum between 1 and 2", [("true", "aum >= 1 and aum <= 2"), ("false", "aum < 1"), ("false", "aum > 2")]),
        ("f.aum > f.debt", [("true", "aum - debt > 0"), ("false", "aum - debt <= 0")]),
        (
            "case when f.aum - f.debt < 0 then 'under' else 'over' end",
            [("under", "aum - debt < 0"), ("over", "otherwise")],
        ),
        # A decision within a decision: "A" is chosen only where "C" is not.
        (
            "case when f.grade = 'C' then 'bad' when f.grade = 'A' then 'good' end in ('good')",
            [("true", "grade = 'A'"), ("false", "grade = 'C'")],
        ),
        # A branch that may come out unknown is not passed over.
        (
            "case when f.has_loan then f.aum > 1 else false end",
            [
                ("true", "has_loan and aum > 1"),
                ("false", "has_loan and aum <= 1"),
                (None, "has_loan"),
                ("false", "otherwise"),
            ],
        ),
    ],
)
def test_conditions_become_clauses(expression, clauses):
    assert clauses_in(expression) == clauses


def test_whom_a_rule_does_not_judge_comes_first():
    body = f"""
        , judged_customers as (select * from {FACTS} where status = 'open')
        select f.customer_id, f.as_of_date, coalesce(j.has_loan, false) as judged
        from {FACTS} as f left join judged_customers as j on f.customer_id = j.customer_id
    """
    assert clauses_in("", body) == [
        ("false", "status <> 'open'"),
        ("false", "status is null"),
        ("true", "has_loan"),
        ("false", "otherwise"),
    ]


def test_what_is_alike_for_all_stands_before_whom_a_rule_does_not_judge():
    body = f"""
        , judged_customers as (select * from {FACTS} where status = 'open')
        select f.customer_id, f.as_of_date,
            case when c.crm__consents is null then null else coalesce(j.has_loan, false) end as judged
        from {FACTS} as f left join judged_customers as j on f.customer_id = j.customer_id {COVERED}
    """
    assert clauses_in("", body) == [
        (None, "crm.consents is not delivered"),
        ("false", "status <> 'open'"),
        ("false", "status is null"),
        ("true", "has_loan"),
        ("false", "otherwise"),
    ]


def test_whom_a_rule_does_not_judge_may_have_one_of_several_values():
    body = f"""
        , judged_customers as (select * from {FACTS} where status = 'open' and status is not null)
        select f.customer_id, f.as_of_date,
            case when c.crm__consents is not null then coalesce(j.has_loan, false) end as judged
        from {FACTS} as f left join judged_customers as j on f.customer_id = j.customer_id {COVERED}
    """
    assert clauses_in("", body) == [
        ("false", "status <> 'open' and crm.consents is delivered"),
        ("false", "status is null and crm.consents is delivered"),
        (None, "status <> 'open'"),
        (None, "status is null"),
        ("true", "crm.consents is delivered and has_loan"),
        ("false", "crm.consents is delivered"),
    ]


@pytest.mark.parametrize(
    ("expression", "clauses"),
    [
        (
            "case when f.grade is null and c.crm__consents is not null then 'none' else 'some' end",
            [("none", "grade is null and crm.consents is delivered"), ("some", "otherwise")],
        ),
        # Of many ways to be known, the ways not to be are told without saying one twice.
        (
            "case when not coalesce((f.aum is not null or (f.grade = 'A' and f.has_loan)) "
            "and (f.debt is not null or f.status = 'open'), false) then null else 'known' end",
            [
                (None, "aum is null and grade <> 'A'"),
                (None, "aum is null and grade is null"),
                (None, "aum is null and not has_loan"),
                (None, "aum is null and has_loan is null"),
                (None, "debt is null and status <> 'open'"),
                (None, "debt is null and status is null"),
                ("known", "otherwise"),
            ],
        ),
        # What is one thing is not another.
        (
            "f.grade = 'A' and f.has_loan and f.grade in ('B', 'C')",
            [
                ("false", "grade <> 'A'"),
                ("false", "not has_loan"),
                ("false", "grade <> 'B' and grade <> 'C'"),
            ],
        ),
    ],
)
def test_conditions_on_what_is_known(expression, clauses):
    body = f"""
        select f.customer_id, f.as_of_date, {expression} as judged from {FACTS} as f {COVERED}
    """
    assert clauses_in("", body) == clauses


@pytest.mark.parametrize("expression", ["f.grade", "f.aum * f.debt > 3", "max(f.has_loan)", "f.aum > sqrt(f.debt)"])
def test_what_can_not_be_split_is_refused(expression):
    with pytest.raises(RuleError):
        clauses_in(expression)
