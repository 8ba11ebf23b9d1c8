"""A night's tests read the batches that no recorded run has tested, and the rows of the dates that these touch."""

import json
import shutil

import duckdb
import pytest
from dbt_warehouse import Warehouse

IDENTIFIERS = "assert_no_raw_identifiers"
UNIQUE_POSTINGS = "dbt_utils_unique_combination_of_columns_stg_core__transactions_transaction_id__transaction_date"


@pytest.fixture(scope="module")
def spoilt(demo_warehouse, tmp_path_factory) -> Warehouse:
    """Recorded up to 29 June; a posting of 1 March stands twice since 28 June, and one of 2 March since 30 June.

    A mobile stands in a posting since 28 June, and in an app event since 30 June. After staging, an account number is a
    key, and a mobile stands in a list.
    """
    warehouse = Warehouse(tmp_path_factory.mktemp("spoilt"), demo_warehouse.raw)
    shutil.copytree(demo_warehouse.target, warehouse.target)
    shutil.copy(demo_warehouse.database, warehouse.database)
    with duckdb.connect(str(warehouse.database)) as con:
        con.execute("update history.business_dates set as_of_date = date '2026-06-29'")
        for business_date, delivered in (("2026-03-01", "2026-06-28"), ("2026-03-02", "2026-06-30")):
            con.execute(
                f"""
                insert into staging.base_core__transactions by name
                select * replace (date '{delivered}' as dt)
                from staging.base_core__transactions
                where transaction_date = date '{business_date}' and quarantine_reason is null
                order by transaction_id
                limit 1
                """
            )
        for table, column, delivered in (
            ("base_core__transactions", "counterparty_bank", "2026-06-28"),
            ("base_digital__app_events", "page", "2026-06-30"),
        ):
            con.execute(f"update staging.{table} set {column} = '139' || '12345678' where dt = date '{delivered}'")
        con.execute("create table marts.planted as select ['none', '139' || '12345678'] as texts, 'none' as other")
        con.execute("update intermediate.int_aum__intervals set unit_key = '6217987650000000111' where rowid < 71")
    return warehouse


def found(warehouse: Warehouse) -> dict[str, int]:
    """Keys that stand twice, and columns that hold identifiers, by test."""
    run = warehouse.dbt("test", "--select", UNIQUE_POSTINGS, IDENTIFIERS, check=False)
    results = json.loads((warehouse.target / "run_results.json").read_text(encoding="utf-8"))["results"]
    tests = [result for result in results if result["unique_id"].startswith("test.")]
    for line in ("marts.planted: texts: 1", "intermediate.int_aum__intervals: unit_key: 71"):
        assert f"{line}: rows whose text looks like" in run.stdout and "Remedy: hash the column" in run.stdout
    return {test["unique_id"].split(".")[2]: test["failures"] for test in tests}


def test_what_tonight_brings_is_found(spoilt):
    """Only that: the others came with a batch that a recorded run has tested."""
    assert found(spoilt) == {UNIQUE_POSTINGS: 1, IDENTIFIERS: 3}


def test_without_a_recorded_run_every_batch_is_tested(spoilt):
    with duckdb.connect(str(spoilt.database)) as con:
        con.execute("delete from history.business_dates")
    assert found(spoilt) == {UNIQUE_POSTINGS: 2, IDENTIFIERS: 4}
