"""A night's tests read the batches that no recorded run has tested, and the rows of the dates that these touch."""

import json
import shutil

import duckdb
import pytest
from dbt_warehouse import Warehouse

UNIQUE_POSTINGS = "dbt_utils_unique_combination_of_columns_stg_core__transactions_transaction_id__transaction_date"


@pytest.fixture(scope="module")
def spoilt(demo_warehouse, tmp_path_factory) -> Warehouse:
    """Recorded up to 29 June; a posting of 1 March stands twice since 28 June, and one of 2 March since 30 June."""
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
    return warehouse


def keys_found_twice(warehouse: Warehouse, *arguments: str) -> int:
    warehouse.dbt("test", "--select", UNIQUE_POSTINGS, *arguments, check=False)
    results = json.loads((warehouse.target / "run_results.json").read_text(encoding="utf-8"))["results"]
    (failures,) = (result["failures"] for result in results if result["unique_id"].startswith("test."))
    return failures


def test_a_key_of_an_old_date_that_tonight_brings_again_is_found(spoilt):
    """Only that one: the other came with a batch that a recorded run has tested."""
    assert keys_found_twice(spoilt) == 1


def test_without_a_recorded_run_every_batch_is_tested(spoilt):
    with duckdb.connect(str(spoilt.database)) as con:
        con.execute("delete from history.business_dates")
    assert keys_found_twice(spoilt) == 2
