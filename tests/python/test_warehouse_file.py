"""The warehouse as a file: renamed, copied, in any folder."""

import shutil

import duckdb
import pytest
from dbt_warehouse import Warehouse
from deliveries import DATE, customers, deliver, landed

NAME = "it's [a] *{bank} 数据"


def answers(file) -> list[str]:
    """Names of the views of a warehouse; each must answer, at least with its columns."""
    with duckdb.connect(str(file), read_only=True) as con:
        views = con.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
        for schema, view in views:
            con.execute(f'describe select * from "{schema}"."{view}"')
    return [view for _, view in views]


@pytest.mark.slow
def test_copied_warehouse_answers(demo_warehouse, tmp_path):
    copy = tmp_path / f"{NAME}.duckdb"
    shutil.copy(demo_warehouse.database, copy)
    assert {"customer_tags_long", "tag_history", "stg_core__customers"} <= {*answers(copy)}


@pytest.mark.slow
@pytest.mark.long
def test_quotes_and_signs_of_patterns_in_every_path(tmp_path):
    folder = tmp_path / NAME
    warehouse = Warehouse(folder, folder / "raw")
    landed(deliver(folder / "from", {"core__customers.csv": customers("C1", branch_id="B1")}), warehouse.raw, *DATE)
    # The second run compares what has landed since with the contract, file by file.
    for _ in range(2):
        kinds = ("--exclude-resource-type", "test", "unit_test")
        warehouse.dbt("build", *kinds, "--select", "+stg_core__customers", "--vars", "as_of_date: 2026-06-30")
    assert warehouse.rows("select customer_id from staging.stg_core__customers") == [("C1",)]
    moved = warehouse.database.rename(folder / "moved.duckdb")
    assert "stg_core__customers" in answers(moved)
