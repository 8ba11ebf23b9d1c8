"""Rules as executed: what is taken out of the compiled SQL computes what the tag model computes."""

import csv
import datetime

import duckdb
import pytest

from banktags.catalogue.rules import Input, TagRule, tag_rules
from banktags.catalogue.sync import CATALOGUE_SEEDS, catalogue_files, compiled_manifest
from banktags.contract import PROJECT_ROOT

AS_OF = "2026-06-30"


def recorded(name: str) -> list[dict[str, str]]:
    with (CATALOGUE_SEEDS / name).open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


# The project's own rules


def test_the_recorded_rules_are_those_of_the_code(parsed_project):
    stale = [
        str(path.relative_to(PROJECT_ROOT))
        for path, text in catalogue_files(compiled_manifest(parsed_project)).items()
        if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run: banktags catalogue sync"


def test_every_recorded_rule_gives_the_values_of_its_tag(demo_warehouse):
    rules = recorded("tag_rules.csv")
    assert len(rules) > 270
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as con:
        for rule in rules:
            code, sql = rule["tag_code"], rule["rule_sql"]
            named = {"as_of_date": datetime.date.fromisoformat(AS_OF)} if "$as_of_date" in sql else None
            difference = f"""
                with rule as ({sql}), wide as (select customer_id, as_of_date, {code} from marts.customer_tags)
                select count(*) from (
                    (select * from rule except all select * from wide)
                    union all (select * from wide except all select * from rule)
                )
            """
            assert con.execute(difference, named).fetchone() == (0,), code


def test_every_rule_is_followed_to_its_sources():
    assert [rule["tag_code"] for rule in recorded("tag_rules.csv") if rule["unresolved"]] == []
    inputs = recorded("tag_rule_inputs.csv")
    from_sources = {row["tag_code"] for row in inputs if row["input_kind"] == "source"}
    # Also what only says which policy was applied: whom it does not judge has none.
    assert {rule["tag_code"] for rule in recorded("tag_rules.csv")} == from_sources


@pytest.mark.parametrize(
    ("tag_code", "inputs"),
    [
        # Worked by hand from the SQL of each model, down to the source.
        ("risk_appetite", {"crm.risk_assessments.risk_level", "risk_levels.risk_level", "risk_levels.risk_appetite"}),
        ("nps_score", {"crm.nps_responses.score"}),
        (
            "aum_tier",
            {
                "aum_month_avg",
                "core.account_balances.balance",
                "wealth.holdings.market_value",
                "pyramid_tiers.aum_from",
            },
        ),
        (
            "wealth_desk__has_idle_cash",
            {"demand_deposit_spot", "wealth_purchase_count_90d", "core.account_balances.balance"},
        ),
    ],
)
def test_inputs_worked_by_hand(tag_code, inputs):
    found = {row["input_name"] for row in recorded("tag_rule_inputs.csv") if row["tag_code"] == tag_code}
    assert inputs <= found


# The method, on a small project


LOANS = """
    with loans as (
        select customer_id, amount, paid, cast('2026-06-30' as date) as as_of_date from read_parquet('loans')
    )
    select customer_id, as_of_date, sum(amount) as owed, sum(paid) as paid from loans group by customer_id, as_of_date
"""


def project_of(rate_sql: str, other_sql: str | None = None, upstream_sql: str | None = None) -> dict:
    """Compiled manifest: a source of loans, a seed of bands, an intermediate model, and one or two tag models."""
    upstream_sql = upstream_sql or LOANS
    owed = ["customer_id", "as_of_date", "owed", "paid"]
    models = {"int_loans": ("intermediate", upstream_sql, ["source.p.core.loans"], owed)}
    for name, sql, tag in (("fact_tags__a", rate_sql, "rate"), ("fact_tags__b", other_sql, "share")):
        if sql:
            upstream = ["model.p.int_loans", "seed.p.bands"]
            models[name] = ("tags", sql, upstream, ["customer_id", "as_of_date", tag])
    nodes = {
        f"model.p.{name}": {
            "resource_type": "model",
            "name": name,
            "fqn": ["p", folder, name],
            "database": "w",
            "schema": folder,
            "config": {"meta": {}},
            "compiled_code": sql,
            "depends_on": {"nodes": upstream},
            "columns": {
                column: {"name": column, "data_type": "double", "description": "", "config": {}} for column in columns
            },
        }
        for name, (folder, sql, upstream, columns) in models.items()
    }
    nodes["seed.p.bands"] = {
        "resource_type": "seed",
        "name": "bands",
        "database": "w",
        "schema": "policy",
        "config": {"column_types": {"low": "double", "high": "double", "band": "string"}},
        "columns": {},
    }
    loans = {"source_name": "core", "name": "loans", "relation_name": "read_parquet('loans')"}
    loans["columns"] = {column: {} for column in ("customer_id", "amount", "paid")}
    return {"nodes": nodes, "sources": {"source.p.core.loans": loans}}


def rule_of(sql: str, **project: str) -> TagRule:
    return tag_rules(project_of(sql, **project), AS_OF)[0]


def test_a_rule_is_cut_out_of_its_model():
    rule = rule_of("""
        with sums as (select customer_id, as_of_date, owed, paid, owed - paid as rest from w.intermediate.int_loans)
        select sums.customer_id, sums.as_of_date, sums.rest / sums.owed as rate, bands.band as name
        from sums left join w.policy.bands as bands on sums.paid >= bands.low
    """)
    assert "".join(rule.expression.split()) == "(int_loans.owed-int_loans.paid)/int_loans.owed"
    assert "bands" not in rule.sql and "paid" in rule.sql
    assert rule.direct == (Input("model", "int_loans.owed"), Input("model", "int_loans.paid"))
    assert rule.inputs == (Input("source", "core.loans.amount"), Input("source", "core.loans.paid"))


def test_what_a_value_is_looked_up_with_is_an_input():
    rule = rule_of("""
        select loans.customer_id, loans.as_of_date, bands.band as rate
        from w.intermediate.int_loans as loans
        left join w.policy.bands as bands on loans.owed >= bands.low and loans.owed < bands.high
    """)
    assert rule.expression == "bands.band\nwhere int_loans.owed >= bands.low and int_loans.owed < bands.high"
    assert Input("source", "core.loans.amount") in rule.inputs
    assert Input("seed", "bands.low") in rule.inputs


def test_the_columns_of_both_sides_of_a_union_are_inputs():
    rule = rule_of("""
        with parts as (
            select customer_id, as_of_date, owed as value from w.intermediate.int_loans
            union all
            select customer_id, as_of_date, paid from w.intermediate.int_loans
        )
        select customer_id, as_of_date, max(value) as rate from parts group by customer_id, as_of_date
    """)
    assert {given.name for given in rule.direct} == {"int_loans.owed", "int_loans.paid"}


LONG = """
    with long as (
        select customer_id, as_of_date, 'owed' as kind, owed as amount from w.intermediate.int_loans
        union all
        select customer_id, as_of_date, 'paid' as kind, paid as amount from w.intermediate.int_loans
    )
"""
#: Rows by kind, of which a rule takes one kind; each with what the value is made of.
BY_KIND = {
    "case": LONG
    + "select customer_id, as_of_date, max(case when kind = 'owed' then amount end) as rate from long group by all",
    "in": LONG
    + "select customer_id, as_of_date, sum(case when kind in ('owed') then amount end) as rate from long group by all",
    "filter": LONG
    + "select customer_id, as_of_date, sum(amount) filter (where kind = 'owed') as rate from long group by all",
    "where": LONG + "select customer_id, as_of_date, amount as rate from long where 'owed' = kind",
    "and": LONG
    + "select customer_id, as_of_date, max(case when amount > 0 and kind = 'owed' then amount end) as rate from long "
    "group by all",
    "join": LONG + ", kinds as (select customer_id, 'owed' as wanted from w.intermediate.int_loans) "
    "select long.customer_id, long.as_of_date, long.amount as rate from long "
    "inner join kinds on long.customer_id = kinds.customer_id and long.kind = kinds.wanted where kinds.wanted = 'owed'",
    "left join": LONG
    + "select loans.customer_id, loans.as_of_date, long.amount as rate from w.intermediate.int_loans as loans "
    "left join long on loans.customer_id = long.customer_id and long.kind = 'owed'",
    "window of its kind": LONG
    + ", ranked as (select *, sum(amount) over (partition by customer_id, kind) as total from long) "
    "select customer_id, as_of_date, max(case when kind = 'owed' then total end) as rate from ranked group by all",
    "group by kind": LONG
    + ", sums as (select customer_id, as_of_date, kind, sum(amount) as total from long group by all) "
    "select customer_id, as_of_date, max(case when kind = 'owed' then total end) as rate from sums group by all",
    "case of a kind": """
        with long as (
            select customer_id, as_of_date, bands.band, 
                case bands.band when 'a' then owed when 'b' then paid end as amount
            from w.intermediate.int_loans cross join w.policy.bands as bands
        )
        select customer_id, as_of_date, max(case when band = 'a' then amount end) as rate from long group by all
    """,
}
#: Rows by kind that can't be kept apart: the value depends on those of the other kind.
ACROSS_KINDS = {
    "window over all": LONG + ", ranked as (select *, sum(amount) over (partition by customer_id) as total from long) "
    "select customer_id, as_of_date, max(case when kind = 'owed' then total end) as rate from ranked group by all",
    "not this kind": LONG
    + "select customer_id, as_of_date, max(case when kind <> 'other' then amount end) as rate from long group by all",
    "or": LONG
    + "select customer_id, as_of_date, max(case when kind = 'owed' or amount > 1 then amount end) as rate from long "
    "group by all",
    "otherwise": LONG
    + "select customer_id, as_of_date, max(case when kind = 'none' then 0 else amount end) as rate from long "
    "group by all",
    "the other side of a left join": LONG + "select long.customer_id, long.as_of_date, long.amount as rate from long "
    "left join w.policy.bands as bands on long.kind = bands.band and bands.band = 'owed'",
}


def measures(rule: TagRule) -> set[str]:
    """Columns of models that the value is made of, but for the customer."""
    return {given.name for given in rule.direct if given.kind == "model"} - {"int_loans.customer_id"}


@pytest.mark.parametrize("sql", BY_KIND.values(), ids=BY_KIND)
def test_of_rows_by_kind_only_those_of_the_kind_are_inputs(sql):
    rule = rule_of(sql)
    assert rule.unresolved is None
    assert measures(rule) == {"int_loans.owed"}


@pytest.mark.parametrize("sql", ACROSS_KINDS.values(), ids=ACROSS_KINDS)
def test_where_kinds_meet_all_of_them_are_inputs(sql):
    assert measures(rule_of(sql)) == {"int_loans.owed", "int_loans.paid"}


def test_rows_by_kind_of_a_model_upstream_are_kept_apart():
    upstream = """
        select customer_id, cast('2026-06-30' as date) as as_of_date, 'owed' as paid, amount as owed
        from read_parquet('loans')
        union all
        select customer_id, cast('2026-06-30' as date), 'paid', paid from read_parquet('loans')
    """
    rule = rule_of(
        "select customer_id, as_of_date, max(case when paid = 'owed' then owed end) as rate "
        "from w.intermediate.int_loans group by all",
        upstream_sql=upstream,
    )
    assert {given.name for given in rule.inputs} == {"core.loans.amount"}


def test_the_business_date_stands_as_a_parameter():
    rule = rule_of(
        "select customer_id, as_of_date, case when as_of_date < cast('2026-06-30' as date) then owed end as rate "
        "from w.intermediate.int_loans"
    )
    assert "$as_of_date" in rule.sql and "2026-06-30" not in rule.sql


PLAIN = "select customer_id, as_of_date, owed / paid as rate from w.intermediate.int_loans"
SAME = """
    -- Written in another way, under another name.
    with l as (select customer_id as c, as_of_date as d, paid as p, owed as o from w.intermediate.int_loans)
    select c as customer_id, d as as_of_date, o / p as share from l
"""


def test_names_do_not_change_the_hash():
    first, other = tag_rules(project_of(PLAIN, SAME), AS_OF)
    assert first.digest == other.digest


@pytest.mark.parametrize(
    "changed",
    [
        PLAIN.replace("owed / paid", "paid / owed"),
        PLAIN.replace("owed / paid", "owed / 2"),
        PLAIN + " where owed > 0",
        PLAIN.replace("from w", "from w.policy.bands cross join w"),
    ],
)
def test_another_rule_has_another_hash(changed):
    assert rule_of(changed).digest != rule_of(PLAIN).digest


def test_a_change_upstream_changes_the_hash():
    upstream = """
        select customer_id, cast('2026-06-30' as date) as as_of_date, max(amount) as owed, sum(paid) as paid
        from read_parquet('loans') group by customer_id
    """
    assert rule_of(PLAIN, upstream_sql=upstream).digest != rule_of(PLAIN).digest


def test_what_can_not_be_followed_says_so():
    rule = rule_of("select customer_id, as_of_date, elsewhere.owed as rate from w.intermediate.int_loans")
    assert "elsewhere.owed" in rule.unresolved and rule.inputs == ()
    assert "elsewhere.owed" in rule.sql
