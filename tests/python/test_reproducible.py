"""Tags are a function of sources, seeds and as_of_date alone: not of the input's order, nor of an earlier build."""

import shutil
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import Warehouse, contents

from banktags.contract import read_contract

pytestmark = [pytest.mark.slow, pytest.mark.long]


def shuffle(raw: Path, target: Path) -> None:
    """The same landed rows: two files for each one, the rows of each in the reverse order."""
    with duckdb.connect(config={"threads": 1}) as con:
        for table in read_contract().values():
            source, folder = raw / table.system / table.name, target / table.system / table.name
            folder.mkdir(parents=True)
            options = "hive_partitioning = true, filename = true, file_row_number = true"
            for part, name in ((1, "a"), (0, "z")):
                con.execute(
                    f"""
                    copy (
                        select * exclude (filename, file_row_number)
                        from read_parquet('{source}/dt=*/*.parquet', {options})
                        where file_row_number % 2 = {part}
                        order by dt, filename desc, file_row_number desc
                    )
                    to '{folder}'
                    (format parquet, partition_by (dt), filename_pattern '{name}_{{i}}', overwrite_or_ignore)
                    """
                )
            for empty in source.glob("dt=*/empty.parquet"):
                (folder / empty.parent.name).mkdir(exist_ok=True)
                shutil.copy(empty, folder / empty.parent.name)


@pytest.fixture(scope="module")
def delivered(demo_bank, tmp_path_factory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("delivered"), demo_bank)
    build(warehouse)
    return warehouse


@pytest.fixture(scope="module")
def shuffled(demo_bank, tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("shuffled")
    shuffle(demo_bank, folder / "raw")
    warehouse = Warehouse(folder, folder / "raw")
    build(warehouse)
    return warehouse


def build(warehouse: Warehouse) -> None:
    warehouse.dbt("build", "--exclude-resource-type", "test", "unit_test")


def test_input_in_another_order_gives_identical_tables(delivered, shuffled):
    first, other = contents(delivered.database), contents(shuffled.database)
    assert len(first) > 80 and sum(count for count, _ in first.values()) > 100_000
    assert {name for name in first.keys() | other.keys() if first.get(name) != other.get(name)} == set()


def test_building_the_same_date_twice_gives_identical_tables(shuffled):
    first = contents(shuffled.database)
    build(shuffled)
    again = contents(shuffled.database)
    assert {name for name in first.keys() | again.keys() if first.get(name) != again.get(name)} == set()
