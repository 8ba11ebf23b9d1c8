"""The metrics: one definition for MetricFlow and for the mart, figures by hand, and the documents' question."""

import csv
import json
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from dbt_warehouse import Warehouse

from banktags.contract import PROJECT_ROOT

#: MetricFlow in an environment of its own: `make metrics-setup`.
MF = Path(os.environ.get("BANK_TAGS_TEST_METRICFLOW", PROJECT_ROOT / ".venv-metrics" / "bin" / "mf"))
QUESTION = "wealth_preference_of_highly_active_customers"
#: Metrics by hand: numerator and denominator over the tags themselves. A customer is somebody whose relation is open.
BY_HAND = {
    "customer_count": ("count(*) filter (relationship_status = 'active')", None),
    "aum_total": ("sum(aum_spot)", None),
    "aum_average": (
        "sum(aum_month_avg) filter (relationship_status = 'active')",
        "count(aum_month_avg) filter (relationship_status = 'active')",
    ),
    "aum_growth_90d": ("sum(aum_change_90d)", "sum(aum_spot) - sum(aum_change_90d)"),
    "cross_sell_ratio": (
        "sum(product_category_count) filter (relationship_status = 'active')",
        "count(product_category_count) filter (relationship_status = 'active')",
    ),
    "non_performing_customer_share": (
        "count(*) filter (customer_risk_class in ('substandard', 'doubtful', 'loss'))",
        "count(is_non_performing_customer)",
    ),
    "transaction_active_share": (
        "count(*) filter (transaction_activity_level = 'active')",
        "count(transaction_activity_level)",
    ),
    "app_active_share": ("count(*) filter (app_login_activity_7d = 'active')", "count(app_login_activity_7d)"),
    "customers_covered_social": (
        "count(*) filter (customer_id in (select customer_id from marts.customer_tags_long join "
        "governance.tag_dictionary using (tag_code) where dimension = '社交'))",
        "count(*)",
    ),
    "tag_coverage": (
        "(select count(*) from marts.customer_tags_long)",
        "count(*) * (select count(*) from governance.tag_dictionary)",
    ),
}
#: The documents' question by hand, from postings, balances and tags: 本季度高活跃度客户的理财偏好. The quarter that the
#: business date lies in; five activities in an average month, a month at least.
ANSWER_BY_HAND = """
    with today as (select max(as_of_date) as day from marts.customer_tags),
    activity as (
        select customer_id, count(*) as activities
        from intermediate.int_transactions__customer, today
        where is_activity and transaction_date between date_trunc('quarter', day) and day
        group by customer_id
    ),
    pace as (
        select
            spine.customer_id,
            coalesce(activities, 0)
            / greatest(1, (day - greatest(opened_date, date_trunc('quarter', day)::date) + 1) * 12 / 365) as a_month
        from intermediate.int_customer__spine as spine
        cross join today
        left join activity using (customer_id)
        where spine.is_core_customer and spine.status = 'ACTIVE'
    )
    select coalesce(preferred_wealth_type, 'unknown'), count(*), sum(aum_spot)
    from pace
    join tags.rule_tags__preferences using (customer_id)
    join tags.fact_tags__aum using (customer_id)
    where a_month >= 5
    group by all
"""


@pytest.fixture(scope="module")
def metricflow(demo_warehouse, parsed_project, tmp_path_factory):
    """MetricFlow on the demo warehouse: give it arguments; returns what it printed, or the rows of its answer."""
    if not MF.exists():
        pytest.skip("no MetricFlow: make metrics-setup")
    # It reads the project's settings and what was parsed, and no model: target/ is where it looks, whatever is set.
    project = tmp_path_factory.mktemp("metricflow")
    for file in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_ROOT / file, project)
    (project / "target").mkdir()
    parsed = PROJECT_ROOT / os.environ.get("DBT_TARGET_PATH", "target") / "semantic_manifest.json"
    shutil.copy(parsed, project / "target")
    environment = demo_warehouse.environment() | {
        "DBT_TARGET_PATH": "target",
        "DBT_LOG_PATH": str(project / "logs"),
        "PYTHONPATH": str(PROJECT_ROOT),
    }

    def ask(*arguments: str) -> list[dict[str, str]] | str:
        answer = project / "answer.csv"
        command = [str(MF), *arguments, *(("--csv", str(answer)) if arguments[0] == "query" else ())]
        ran = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
        if arguments[0] != "query":
            return ran.stdout
        with answer.open(encoding="utf-8", newline="") as rows:
            return list(csv.DictReader(rows))

    return ask


def shown_metrics(manifest: dict) -> dict[str, dict]:
    """The metrics of the mart by name, as the parsed project has them."""
    metrics = manifest["metrics"].values()
    return {metric["name"]: metric for metric in metrics if metric["config"]["meta"].get("metric")}


# One definition


def test_every_metric_says_what_it_is(manifest):
    """In both languages, with a unit that is known, at a place of its own."""
    units = {
        row["unit"] for row in csv.DictReader((PROJECT_ROOT / "seeds/governance/units.csv").open(encoding="utf-8"))
    }
    metrics = shown_metrics(manifest)
    said = {name: metric["config"]["meta"]["metric"] for name, metric in metrics.items()}
    assert sorted(entry["position"] for entry in said.values()) == list(range(1, len(said) + 1))
    assert [name for name, entry in said.items() if entry["unit"] not in units] == []
    assert [name for name, entry in said.items() if not entry["formula_zh"] or not metrics[name]["label"]] == []


def test_the_saved_queries_ask_for_every_metric(manifest):
    asked = {metric for query in manifest["saved_queries"].values() for metric in query["query_params"]["metrics"]}
    assert asked >= shown_metrics(manifest).keys()


def test_every_measure_is_a_column_of_the_table_that_metricflow_asks(manifest):
    (model,) = manifest["semantic_models"].values()
    columns = manifest["nodes"]["model.bank_tags.metric_customers"]["columns"].keys()
    named = [measure["expr"] or measure["name"] for measure in model["measures"]]
    named += [dimension["expr"] or dimension["name"] for dimension in model["dimensions"]]
    assert set(named) <= columns
    # The rest is what customers are called and sliced by.
    assert columns - set(named) == {"customer_id"}


def test_the_mart_has_every_metric_over_every_cut(demo_warehouse, manifest):
    cuts = {"bank", "tier", "lifecycle_stage", "branch", "tier_stage_branch"}
    found = demo_warehouse.rows("select distinct metric, cut_by from marts.metric_values")
    assert set(found) == {(metric, cut) for metric in shown_metrics(manifest) for cut in cuts}
    defined = demo_warehouse.rows("select metric from marts.metric_definitions order by metric_order")
    by_position = sorted(
        shown_metrics(manifest).values(), key=lambda metric: metric["config"]["meta"]["metric"]["position"]
    )
    assert [name for (name,) in defined] == [metric["name"] for metric in by_position]


# Figures by hand


@pytest.mark.parametrize("metric", BY_HAND)
@pytest.mark.parametrize("cut", ["bank", "tier", "lifecycle_stage", "branch"])
def test_a_metric_is_what_a_query_by_hand_says(demo_warehouse, metric, cut):
    if cut != "bank" and metric in ("tag_coverage", "customers_covered_social"):
        return  # by hand they are counted over all customers
    column, tag = {
        "bank": ("'all'", "'all'"),
        "tier": ("tier", "coalesce(aum_tier, 'unknown')"),
        "lifecycle_stage": ("lifecycle_stage", "coalesce(lifecycle_stage, 'unknown')"),
        "branch": ("branch_id", "coalesce(branch_id, 'unknown')"),
    }[cut]
    numerator, denominator = BY_HAND[metric]
    by_hand = demo_warehouse.rows(
        f"select {tag}, {numerator}, {denominator or 'null'} from marts.customer_tags group by all"
    )
    found = demo_warehouse.rows(
        f"select {column}, numerator, denominator from intermediate.int_metric__slices "
        f"where metric = '{metric}' and cut_by = '{cut}'"
    )
    sums = [{name: (above or 0, below or 0) for name, above, below in rows} for rows in (found, by_hand)]
    assert sums[0] == sums[1]


def test_the_npl_ratio_is_that_of_the_loans(demo_warehouse):
    """By days past due of single loans and the scale, not by the class that a model gave them."""
    ((bad, known),) = demo_warehouse.rows("""
        select
            coalesce(sum(outstanding_principal) filter (days_past_due_seen >= 91), 0),
            coalesce(sum(outstanding_principal) filter (days_past_due is not null or days_past_due_seen >= 8), 0)
        from intermediate.int_loan__arrears
        where status = 'ACTIVE' and outstanding_principal > 0
    """)
    assert demo_warehouse.rows(
        "select coalesce(numerator, 0), coalesce(denominator, 0) from intermediate.int_metric__slices "
        "where metric = 'npl_ratio' and cut_by = 'bank'"
    ) == [(bad, known)]
    assert known > 0


def test_nobody_is_lost(demo_warehouse):
    """Each customer of the wide mart is in one cell; prospects and former customers have no tier."""
    assert demo_warehouse.rows("select count(*) from marts.customer_tags") == demo_warehouse.rows(
        "select sum(customers_on_record) from intermediate.int_metric__cells"
    )
    ((unknown,),) = demo_warehouse.rows("select count(*) from marts.customer_tags where aum_tier is null")
    assert demo_warehouse.rows("select count(*) from marts.metric_customers where tier = 'unknown'") == [(unknown,)]
    assert unknown > 0


def test_the_scorecard_divides(demo_warehouse):
    rows = demo_warehouse.rows("select measure, numerator, denominator, measure_value from marts.metric_scorecard")
    assert [row[0] for row in rows] == [
        "data_completeness", "tag_accuracy", "marketing_conversion", "marketing_roi", "customer_uplift",
    ]  # fmt: skip
    for measure, numerator, denominator, value in rows:
        assert value == pytest.approx(float(numerator / denominator)), measure


# The documents' question


def answer(demo_warehouse: Warehouse) -> dict[str, tuple[int, Decimal]]:
    return {kind: (customers, aum) for kind, customers, aum in demo_warehouse.rows(ANSWER_BY_HAND)}


def test_the_question_is_answered_as_by_hand(demo_warehouse):
    found = demo_warehouse.rows("""
        select preferred_wealth_type, sum(customers), sum(aum_spot)
        from marts.metric_customers
        where quarter_activity = 'high'
        group by all
    """)
    assert {kind: (customers, aum) for kind, customers, aum in found} == answer(demo_warehouse)
    assert len(found) > 2


def test_the_analysis_shows_no_kind_of_few(demo_warehouse, tmp_path):
    """It adds up to the same customers, with the kinds that it shows as by hand, and the others together."""
    demo_warehouse.dbt("compile", "-s", QUESTION, "--target-path", str(tmp_path))
    compiled = tmp_path / "compiled" / "bank_tags" / "analyses" / f"{QUESTION}.sql"
    by_hand = answer(demo_warehouse)
    rows = demo_warehouse.rows(compiled.read_text(encoding="utf-8"))
    shown = {kind: (customers, aum) for kind, _, customers, _, aum in rows}
    ((least,),) = demo_warehouse.rows("select max(minimum_size) from policy.audience_purposes")
    assert sum(customers for customers, _ in shown.values()) == sum(customers for customers, _ in by_hand.values())
    assert all(customers >= least for customers, _ in shown.values())
    assert all(shown[kind] == by_hand[kind] for kind in shown.keys() - {"other"})
    assert all(name for _, name, *_ in rows)


def test_metricflow_answers_the_question_as_by_hand(metricflow, demo_warehouse):
    rows = metricflow("query", "--saved-query", QUESTION)
    found = {
        row["customer__preferred_wealth_type"]: (int(row["customer_count"]), Decimal(row["aum_total"])) for row in rows
    }
    assert found == answer(demo_warehouse)


# MetricFlow


def test_metricflow_finds_the_definitions_valid(metricflow):
    said = metricflow("validate-configs")
    assert said.count("Successfully validated") >= 5


def test_metricflow_and_the_mart_agree_on_every_cell(metricflow, demo_warehouse):
    rows = metricflow("query", "--saved-query", "metrics_by_tier_stage_branch")
    metrics = [name for name in rows[0] if not name.startswith("customer__")]
    asked = {
        (metric, row["customer__tier"], row["customer__lifecycle_stage"], row["customer__branch_id"]): row[metric]
        for row in rows
        for metric in metrics
    }
    found = demo_warehouse.rows("""
        select metric, tier, lifecycle_stage, branch_id,
            case when is_ratio then numerator / nullif(denominator, 0) else numerator end
        from intermediate.int_metric__slices join marts.metric_definitions using (metric)
        where cut_by = 'tier_stage_branch'
    """)
    mart = {tuple(key): value for *key, value in found if key[0] in metrics}
    assert asked.keys() == mart.keys()
    assert {key for key, value in asked.items() if value == ""} == {key for key, value in mart.items() if value is None}
    values = {key: (float(asked[key]), float(value)) for key, value in mart.items() if value is not None}
    assert {key: pair for key, pair in values.items() if pair[0] != pytest.approx(pair[1])} == {}


def test_what_metricflow_reads_is_what_was_parsed(manifest):
    """The semantic manifest names the relation of the warehouse that the tests build."""
    parsed = PROJECT_ROOT / os.environ.get("DBT_TARGET_PATH", "target") / "semantic_manifest.json"
    (model,) = json.loads(parsed.read_text(encoding="utf-8"))["semantic_models"]
    assert model["node_relation"]["schema_name"] == "marts"
