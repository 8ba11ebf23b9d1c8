"""Rules as executed: what is taken out of the compiled SQL computes what the tag model computes."""

import csv
import datetime

import duckdb
import pytest

from banktags.catalogue.entries import tag_entries
from banktags.catalogue.project import Project
from banktags.catalogue.rules import Input, Rules, TagRule, tag_rules
from banktags.catalogue.sync import CATALOGUE_SEEDS, catalogue_files
from banktags.contract import PROJECT_ROOT

AS_OF = "2026-06-30"


def recorded(name: str) -> list[dict[str, str]]:
    with (CATALOGUE_SEEDS / name).open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


# The project's own rules


def test_the_recorded_rules_are_those_of_the_code(compiled_project):
    stale = [
        str(path.relative_to(PROJECT_ROOT))
        for path, text in catalogue_files(compiled_project).items()
        if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run: banktags catalogue sync"


def test_the_rule_cut_out_for_each_tag_gives_its_values(demo_warehouse, rule_texts):
    assert rule_texts.keys() == {rule["tag_code"] for rule in recorded("tag_rules.csv")}
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as con:
        for code, sql in rule_texts.items():
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
            "raw_code": sql,
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
        "fqn": ["p", "policy", "bands"],
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


def text_of(sql: str) -> str:
    """The whole SQL of the tag."""
    manifest = project_of(sql)
    return Rules(Project(manifest, AS_OF)).sql(tag_entries(manifest)[0])


def test_a_rule_is_cut_out_of_its_model():
    sql = """
        with sums as (select customer_id, as_of_date, owed, paid, owed - paid as rest from w.intermediate.int_loans)
        select sums.customer_id, sums.as_of_date, sums.rest / sums.owed as rate, bands.band as name
        from sums left join w.policy.bands as bands on sums.paid >= bands.low
    """
    rule, text = rule_of(sql), text_of(sql)
    assert "".join(rule.expression.split()) == "(int_loans.owed-int_loans.paid)/int_loans.owed"
    assert "bands" not in text and "paid" in text
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
    text = text_of(
        "select customer_id, as_of_date, case when as_of_date < cast('2026-06-30' as date) then owed end as rate "
        "from w.intermediate.int_loans"
    )
    assert "$as_of_date" in text and "2026-06-30" not in text


# The digest of a rule: the same wherever no value can be another one, another wherever one can


PLAIN = "select customer_id, as_of_date, owed / paid as rate from w.intermediate.int_loans"
JUDGED = """
    with judged as (
        select customer_id, as_of_date, owed, paid, owed - paid as rest
        from w.intermediate.int_loans
        where owed >= 1000 and paid is not null
    ),

    totals as (
        select customer_id, as_of_date, sum(rest) as rest, max(owed) as owed
        from judged group by customer_id, as_of_date
    )

    select totals.customer_id, totals.as_of_date, case when totals.rest >= bands.low then 1 else 0 end as rate
    from totals inner join w.policy.bands as bands on totals.owed >= bands.low and totals.owed < bands.high
"""
#: The same rule, written in another way.
SAME = {
    "comments": JUDGED.replace("where", "-- Who owes little is left out.\n where /* of those */").replace(
        "case when", "case /* enough */ when"
    ),
    "in one line": " ".join(JUDGED.split()),
    "a CTE renamed": JUDGED.replace("judged", "judged_loans").replace("totals", "sums"),
    "columns renamed inside": JUDGED.replace("rest", "still_owed"),
    "another alias of a table": JUDGED.replace("as bands", "as b")
    .replace("bands.low", "b.low")
    .replace("bands.high", "b.high"),
    "brackets": JUDGED.replace("owed - paid as rest", "(owed - paid) as rest").replace(
        "case when totals.rest >= bands.low then", "case when (totals.rest >= (bands.low)) then"
    ),
    "conditions in another order": JUDGED.replace(
        "owed >= 1000 and paid is not null", "paid is not null and owed >= 1000"
    ),
    "a comparison the other way round": JUDGED.replace("owed >= 1000", "1000 <= owed"),
    "two CTEs in place of one": JUDGED.replace(
        "where owed >= 1000 and paid is not null\n    ),",
        "where owed >= 1000\n    ),\n\n    known as (select * from judged where paid is not null),",
    ).replace("from judged group", "from known group"),
    "one CTE less": JUDGED.replace("owed, paid, owed - paid as rest", "owed, paid").replace(
        "sum(rest)", "sum(owed - paid)"
    ),
    "a last step more": JUDGED.replace("select totals.customer_id", ", last as (select totals.customer_id")
    + ") select customer_id, as_of_date, rate from last",
    "a column more, with its lookup": JUDGED.replace("as rate", "as rate, named.band as name")
    + " left join (select band, min(low) as low from w.policy.bands group by band) as named on named.band = 'a'",
}
#: Another rule.
CHANGED = {
    "operator": JUDGED.replace("owed >= 1000", "owed > 1000"),
    "operator of the result": JUDGED.replace("totals.rest >= bands.low", "totals.rest > bands.low"),
    "operator of a join": JUDGED.replace("totals.owed < bands.high", "totals.owed <= bands.high"),
    "constant": JUDGED.replace("1000", "1001"),
    "value": JUDGED.replace("then 1", "then 2"),
    "another column": JUDGED.replace("max(owed)", "max(paid)"),
    "another function": JUDGED.replace("sum(rest)", "max(rest)"),
    "sides of a difference": JUDGED.replace("owed - paid", "paid - owed"),
    "filter gone": JUDGED.replace("and paid is not null", ""),
    "filter after the group": JUDGED.replace("owed >= 1000 and ", "").replace(
        "from judged group by customer_id, as_of_date",
        "from judged group by customer_id, as_of_date having max(owed) >= 1000",
    ),
    "or for and": JUDGED.replace("1000 and", "1000 or"),
    "brackets that count": JUDGED.replace(
        "owed >= 1000 and paid is not null", "owed >= 1000 and (paid = 1 or owed = 2)"
    ),
    "kind of join": JUDGED.replace("inner join", "left join"),
    "group": JUDGED.replace("group by customer_id, as_of_date", "group by customer_id, as_of_date, paid"),
    "duplicates": JUDGED.replace(
        "select customer_id, as_of_date, owed,", "select distinct customer_id, as_of_date, owed,"
    ),
    "another source column": JUDGED.replace("owed, paid, owed", "paid as owed, paid, owed"),
}


@pytest.mark.parametrize("sql", SAME.values(), ids=SAME)
def test_a_rule_written_in_another_way_has_the_same_digest(sql):
    assert sql != JUDGED
    rule = rule_of(sql)
    assert (rule.unresolved, rule.digest) == (None, rule_of(JUDGED).digest)


@pytest.mark.parametrize("sql", CHANGED.values(), ids=CHANGED)
def test_another_rule_has_another_digest(sql):
    assert sql != JUDGED
    rule = rule_of(sql)
    assert rule.unresolved is None
    assert rule.digest != rule_of(JUDGED).digest


def test_between_is_two_comparisons():
    between = JUDGED.replace("owed >= 1000 and", "owed between 1000 and 9000 and")
    compared = JUDGED.replace("owed >= 1000 and", "owed <= 9000 and owed >= 1000 and")
    assert rule_of(between).digest == rule_of(compared).digest != rule_of(JUDGED).digest


def test_two_sides_of_a_join_are_told_apart():
    """Both are the same model: only the place in the join says which is which."""
    pairs = """
        with pairs as (
            select one.customer_id, one.as_of_date, {} as rate
            from w.intermediate.int_loans as one inner join w.intermediate.int_loans as other on one.owed < other.paid
        )
        select customer_id, as_of_date, rate from pairs
    """
    assert (
        rule_of(pairs.format("one.paid - other.paid")).digest != rule_of(pairs.format("other.paid - one.paid")).digest
    )


def test_two_tags_with_one_rule_have_one_digest():
    first, other = tag_rules(
        project_of(
            PLAIN,
            """
            with l as (select customer_id as c, as_of_date as d, paid as p, owed as o from w.intermediate.int_loans)
            select c as customer_id, d as as_of_date, o / p as share from l
            """,
        ),
        AS_OF,
    )
    assert first.digest == other.digest


UPSTREAM_SAME = {
    "comments and names": LOANS.replace("loans as", "owed as").replace("from loans group", "from owed group")
    + " -- all",
    "a step more": LOANS.replace(
        "select customer_id, as_of_date, sum", ", sums as (select customer_id, as_of_date, sum"
    )
    + ") select * from sums",
}
UPSTREAM_CHANGED = {
    "function": LOANS.replace("sum(amount)", "max(amount)"),
    "filter": LOANS.replace("from loans group", "from loans where amount > 0 group"),
    "group": LOANS.replace("group by customer_id, as_of_date", "group by customer_id, as_of_date, amount"),
    "source column": LOANS.replace("amount, paid,", "paid as amount, amount as paid,"),
    "source rows": LOANS.replace("read_parquet('loans')\n", "read_parquet('loans') where paid > 0\n"),
}


@pytest.mark.parametrize("upstream", UPSTREAM_SAME.values(), ids=UPSTREAM_SAME)
def test_another_way_of_writing_upstream_keeps_the_digest(upstream):
    assert upstream != LOANS
    assert rule_of(PLAIN, upstream_sql=upstream).digest == rule_of(PLAIN).digest


@pytest.mark.parametrize("upstream", UPSTREAM_CHANGED.values(), ids=UPSTREAM_CHANGED)
def test_a_change_upstream_changes_the_digest(upstream):
    assert upstream != LOANS
    assert rule_of(PLAIN, upstream_sql=upstream).digest != rule_of(PLAIN).digest


def test_a_rule_cut_into_two_models_keeps_its_digest():
    """What the tag model computes in a CTE of its own is the same when the model upstream does."""
    within = "with l as (" + LOANS + ") select customer_id, as_of_date, owed / paid as rate from l"
    manifest = project_of(within)
    manifest["nodes"]["model.p.fact_tags__a"]["depends_on"]["nodes"] = ["source.p.core.loans"]
    (rule,) = tag_rules(manifest, AS_OF)
    assert (rule.unresolved, rule.digest) == (None, rule_of(PLAIN).digest)


def test_a_left_join_that_may_double_rows_counts_even_if_nothing_reads_it():
    """It doubles what is summed; one that finds one row at most, by its group, does not."""
    summed = """
        with joined as (
            select loans.customer_id, loans.as_of_date, loans.owed from w.intermediate.int_loans as loans {}
        )
        select customer_id, as_of_date, sum(owed) as rate from joined group by customer_id, as_of_date
    """
    plain, doubled = summed.format(""), summed.format("left join w.policy.bands as bands on loans.paid = bands.low")
    looked_up = summed.format(
        "left join (select low, max(band) as band from w.policy.bands group by low) as bands on loans.paid = bands.low"
    )
    assert rule_of(doubled).digest != rule_of(plain).digest
    assert rule_of(looked_up).digest == rule_of(plain).digest


def test_what_can_not_be_followed_says_so():
    sql = "select customer_id, as_of_date, elsewhere.owed as rate from w.intermediate.int_loans"
    rule = rule_of(sql)
    assert "elsewhere.owed" in rule.unresolved and rule.inputs == ()
    assert "elsewhere.owed" in text_of(sql)
    # Any word upstream may be part of it; a comment is none.
    assert rule_of(sql, upstream_sql=LOANS + " -- a comment").digest == rule.digest
    assert rule_of(sql, upstream_sql=LOANS.replace("sum(amount)", "max(amount)")).digest != rule.digest


@pytest.mark.parametrize(
    ("files", "is_same"),
    [
        ("/mnt/bank/landing zone/core/loans/dt=*/*.parquet", True),
        ("../[[]raw]/core/loans/dt=*/*.parquet", True),
        ("data/raw/core/cards/dt=*/*.parquet", False),
    ],
    ids=["another folder", "a folder with brackets", "another table"],
)
def test_a_rule_is_the_same_wherever_the_extracts_are(files, is_same):
    """Its certificate holds for every bank: the file of a landed row is read from a folder that each bank names."""
    upstream = LOANS.replace("('loans')", "('loans') where exists (select 1 from parquet_file_metadata('{}'))")
    rules = [
        rule_of(PLAIN, upstream_sql=upstream.format(place)) for place in ("data/raw/core/loans/dt=*/*.parquet", files)
    ]
    assert (rules[0].digest == rules[1].digest) is is_same
