"""What the plans of the night after prove: no model compares every pair of rows, and each reads its window only.

The plans are DuckDB's, of the SQL that dbt compiles for a night on a warehouse that holds the days before. The lists
below are exact: a model that joins them fails the test, and so does one that has left them.
"""

import datetime
import json
import os
import shutil
from dataclasses import dataclass

import duckdb
import pytest
from dbt_warehouse import Warehouse
from query_plans import Node, most_files_read, plan, scans_files, unbounded_pairs, unwindowed_scans

#: A join may compare every pair of rows where one side has at most so many, however large the bank is: each row of the
#: other side then meets a list of rules.
FEW_ROWS = 200

#: Models, beside the seeds, that do not grow with the bank.
BOUNDED_MODELS = {
    "base_currency",  # one row
    "int_source__coverage",  # source tables
    "int_source__covered_from",  # one row
    "segment__rfm_cut_points",  # scores by axis and method
    "tag_dictionary",  # tags
}

#: Joins of every pair that stand, each with what bounds it and does not show in a plan.
PAIRWISE_JOINS = {
    "audience_overlap": "audiences by audiences",
    "aum_daily": "a view: 365 days by the intervals of whoever is asked about",
    "int_customer__profit": "two cost rates, each one row by the key of profit_rates",
    "int_transactions__last_activity": "reversals of quiet accounts by the one row of days that reversal_policy has",
    **dict.fromkeys(
        (
            *("portrait_by_role", "portrait_clauses", "portrait_customer", "portrait_nudges", "portrait_reasons"),
            "portrait_permissions_by_role",
        ),
        "views: whoever is asked about by the tags of the dictionary, one row each",
    ),
    "portrait_circular": "audiences by the tags of the dictionary that make them",
    "portrait_group": "audiences by the tags of the dictionary",
    "segment__rfm_cut_points": "distinct values by at most 60 bands: scores by axis, method and origin",
    "tag_changes": "rows of the policy seeds by the one row of the run's date in observed_dates",
    "tier_reassessments": "postings by the one row of the run's date in observed_dates",
}

#: Scans of event tables without a lower bound on their date: what a night reads more of the longer history is.
WHOLE_EVENT_TABLES = {
    "int_aum__intervals": {
        "base_core__account_balances": "the balance that opens the year may be of any age",
        "base_wealth__holdings": "the value that opens the year may be of any age",
    },
    "int_aum__known_from": {
        "base_core__account_balances": "dt is compared with the first batch: DuckDB prunes when it runs",
        "base_wealth__holdings": "as the balances",
    },
    "int_source__coverage": {
        table: "the first batch, by a date that is known only when it runs; of the control table all of it"
        for table in (
            "base_card__card_transactions",
            "base_core__account_balances",
            "base_core__batches",
            "base_core__transactions",
            "base_digital__app_events",
            "base_marketing__touches",
            "base_wealth__holdings",
            "base_wealth__orders",
        )
    },
    "int_transactions__last_activity": {
        "base_core__transactions": "recency has no window: all years of a quiet account"
    },
    "int_contact__refusals": {"base_marketing__touches": "a refusal does not expire: the status of every touch"},
    "fact_tags__products": {"base_wealth__orders": "orders of any age"},
    "fact_tags__service": {"base_crm__nps_responses": "the last answer, of any age"},
    "nps_summary": {"base_crm__nps_responses": "answers of any age"},
    "source_confidence": {"base_core__batches": "the last batch of each table, of any age"},
    "tier_reassessments": {
        "base_core__transactions": "dt is compared with a row of observed_dates: DuckDB prunes when it runs",
        "base_wealth__orders": "as the transactions",
    },
    "customer_wave_plan": {"base_marketing__touches": "touches of any age"},
    "tier_tasks": {"base_marketing__touches": "touches of any age"},
    "staging_quality": {
        table: "counts all rows"
        for table in (
            "base_card__card_transactions",
            "base_core__account_balances",
            "base_core__batches",
            "base_core__transactions",
            "base_crm__nps_responses",
            "base_digital__app_events",
            "base_governance__query_log",
            "base_marketing__touches",
            "base_wealth__holdings",
            "base_wealth__orders",
        )
    },
    # Looking for earlier deliveries of the new keys, by dates that are known only when it runs.
    "base_card__card_transactions": {"base_card__card_transactions": "keys held from before"},
    "base_core__account_balances": {"base_core__account_balances": "keys held from before"},
    "base_core__batches": {"base_core__batches": "keys held from before"},
    "base_core__transactions": {"base_core__transactions": "keys held from before"},
    "base_crm__nps_responses": {"base_crm__nps_responses": "keys held from before"},
    "base_digital__app_events": {"base_digital__app_events": "keys held from before"},
    "base_governance__query_log": {"base_governance__query_log": "keys held from before"},
    "base_marketing__touches": {"base_marketing__touches": "keys held from before"},
    "base_wealth__holdings": {"base_wealth__holdings": "keys held from before"},
    "base_wealth__orders": {"base_wealth__orders": "keys held from before"},
}

#: Models that read more than the night's partition of an extract.
WHOLE_EXTRACTS = {
    # Counts all rows.
    "staging_quality",
    # Judges products, branches, managers, campaigns and their costs, which are few and staged as views.
    "staging_damage",
    # Products, branches, managers and tag reviews, which are few and staged as views.
    "fact_tags__products",
    "int_aum__intervals",
    "int_campaign__events",
    "int_customer__service_team",
    "int_products__on_sale",
    "portrait_health",
    "tier_reassessments",
    # Rates, a row a currency and day, staged as a view.
    "int_currency__rates",
    # Campaigns and their costs, which are few and staged as views.
    "campaign_returns",
    "audience_products",
    "int_campaign__campaigns",
    "int_campaign__controls",
}


@dataclass(frozen=True)
class Night:
    """A warehouse as it stands before a night, and what dbt compiled for that night."""

    con: duckdb.DuckDBPyConnection
    models: dict[str, str]
    views: frozenset[str]
    bounded: dict[str, int]

    def plans(self, analyze: bool = False, views: bool = True) -> dict[str, Node]:
        return {
            name: plan(self.con, sql, analyze) for name, sql in self.models.items() if views or name not in self.views
        }


@pytest.fixture(scope="module")
def night(demo_warehouse, tmp_path_factory):
    """The demo bank on the night after its last day: one more batch has landed, every table holds the days before."""
    folder = tmp_path_factory.mktemp("night_after")
    raw = shutil.copytree(demo_warehouse.raw, folder / "raw", copy_function=os.link)
    last = max(batch.name for batch in raw.glob("core/batches/dt=*"))
    date = datetime.date.fromisoformat(last.removeprefix("dt=")) + datetime.timedelta(days=1)
    for batch in raw.glob(f"*/*/{last}"):
        shutil.copytree(batch, batch.with_name(f"dt={date}"), copy_function=os.link)
    warehouse = Warehouse(folder, raw)
    shutil.copy(demo_warehouse.database, warehouse.database)
    warehouse.dbt("compile", "--select", "resource_type:model", "--vars", f"as_of_date: {date}")

    nodes = json.loads((warehouse.target / "manifest.json").read_text(encoding="utf-8"))["nodes"].values()
    compiled = warehouse.target / "compiled" / "bank_tags"
    nodes_of_models = [node for node in nodes if node["resource_type"] == "model"]
    models = {node["name"]: (compiled / node["original_file_path"]).read_text("utf-8") for node in nodes_of_models}
    views = [node for node in nodes_of_models if node["config"]["materialized"] == "view"]
    bounded = [node for node in nodes if node["resource_type"] == "seed" or node["name"] in BOUNDED_MODELS]
    with duckdb.connect(str(warehouse.database)) as con:
        con.execute("set variable pii_key = 'key-of-the-tests'")
        # The night makes the views anew before it reads them: their dates are its own.
        for node in views:
            con.execute(f"create or replace view {node['relation_name']} as {models[node['name']]}\n")
        rows = {
            node["name"]: con.execute(f"select count(*) from {node['relation_name']}").fetchone()[0] for node in bounded
        }
        yield Night(con, models, frozenset(node["name"] for node in views), rows)


@pytest.fixture(scope="module")
def plans(night) -> dict[str, Node]:
    """Plans that follow from the SQL alone: DuckDB would leave out what it sees is empty in this small bank."""
    night.con.execute("set disabled_optimizers = 'statistics_propagation'")
    found = night.plans()
    night.con.execute("reset disabled_optimizers")
    return found


@pytest.fixture(scope="module")
def batched_tables(night) -> set[str]:
    """The tables that are staged by batch."""
    return {name for name, sql in night.models.items() if name.startswith("base_") and "batch_fingerprint" in sql}


@pytest.fixture(scope="module")
def event_tables(night, batched_tables) -> set[str]:
    """Those of them that grow by each day's events."""
    return {name for name in batched_tables if "known_from" not in night.models[name]}


def test_no_model_compares_every_pair_of_rows(night, plans):
    found = {name: unbounded_pairs(root, night.bounded, FEW_ROWS) for name, root in plans.items()}
    found = {name: joins for name, joins in found.items() if joins}
    assert found.keys() == PAIRWISE_JOINS.keys(), found


def test_events_are_read_by_window(night, plans, event_tables):
    assert len(event_tables) == 10
    found = {name: unwindowed_scans(plans[name], event_tables) for name in plans.keys() - night.views}
    assert {name: tables for name, tables in found.items() if tables} == {
        name: set(tables) for name, tables in WHOLE_EVENT_TABLES.items()
    }


def test_a_night_reads_its_own_partition(night, plans, batched_tables):
    """What DuckDB read when it ran each model that reads extracts: of those staged by batch, one file."""
    readers = {name for name in plans.keys() - night.views if scans_files(plans[name])}
    read = {name: most_files_read(plan(night.con, night.models[name], analyze=True)) for name in readers}
    assert len(batched_tables) == 25
    assert batched_tables <= readers
    assert {name for name, files in read.items() if files > 1} == WHOLE_EXTRACTS, read


def test_the_detector_sees_a_one_sided_condition(night):
    """A condition on one side only of a left join costs DuckDB the hash join: the case that this file is about."""
    sql = """
        select identities.customer_id
        from bank_tags.intermediate.int_customer__identity as identities
        left join bank_tags.staging.stg_core__customers as customers
            on identities.source_key = customers.customer_id and identities.source_system = 'core'
    """
    assert unbounded_pairs(plan(night.con, sql), night.bounded, FEW_ROWS)
    equal = sql.replace("and identities.source_system = 'core'", "")
    assert not unbounded_pairs(plan(night.con, equal), night.bounded, FEW_ROWS)


def test_the_detector_knows_what_is_bounded(night):
    pair = "select * from bank_tags.intermediate.int_customer__spine as spine cross join {}"
    few = ("bank_tags.policy.pyramid_tiers", "(select max(as_of_date) from bank_tags.tags.fact_tags__aum)")
    many = ("bank_tags.tags.fact_tags__aum", "(select distinct customer_id from bank_tags.tags.fact_tags__aum)")
    for other, is_bounded in [*((table, True) for table in few), *((table, False) for table in many)]:
        found = unbounded_pairs(plan(night.con, pair.format(other)), night.bounded, FEW_ROWS)
        assert bool(found) is not is_bounded, other


def test_the_detector_sees_a_scan_without_a_window(night, event_tables):
    sql = "select count(*) from bank_tags.staging.stg_core__transactions"
    assert unwindowed_scans(plan(night.con, sql), event_tables) == {"base_core__transactions"}
    windowed = f"{sql} where transaction_date > date '2026-06-01' and transaction_date <= date '2026-06-30'"
    assert not unwindowed_scans(plan(night.con, windowed), event_tables)
    only_upper = f"{sql} where transaction_date <= date '2026-06-30' - interval '1' day"
    assert unwindowed_scans(plan(night.con, only_upper), event_tables)


def test_the_detector_sees_files_read_in_vain(night):
    base = night.models["base_core__transactions"]
    files = base.split("read_parquet(")[1].split("'")[1]
    every = f"select count(*) from read_parquet('{files}', hive_partitioning = true) where amount > 0"
    assert most_files_read(plan(night.con, every, analyze=True)) > 300
    month = f"{every} and dt > date '2026-06-01'"
    assert most_files_read(plan(night.con, month, analyze=True)) == 30
