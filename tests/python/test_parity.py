"""The comparison of two engines' warehouses: what agrees is silent, and each kind of difference is named."""

from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from banktags import parity
from banktags.cli import app
from banktags.parity import Comparison

ROWS = """
    select 'C1' as customer_id, cast(1.50 as decimal(18, 2)) as amount, 0.5e0 as share, date '2026-06-30' as as_of_date
    union all
    select 'C2', null, 0.5, date '2026-06-30'
"""


@pytest.fixture
def by_duckdb(tmp_path) -> Path:
    with duckdb.connect(str(tmp_path / "bank_tags.duckdb")) as con:
        con.execute(f"create schema marts; create table marts.customers as {ROWS}")
    return tmp_path / "bank_tags.duckdb"


def problems(by_duckdb: Path, by_spark: str | None, **options) -> list[str]:
    """What is said of Spark's rows; None: Spark has no such relation."""
    folder = by_duckdb.parent / "spark" / "marts.db" / "customers"
    if by_spark:
        folder.mkdir(parents=True)
        duckdb.execute(f"copy ({by_spark}) to '{folder}' (format parquet, partition_by (as_of_date), overwrite)")
    found = Comparison(by_duckdb, by_duckdb.parent / "spark", **options).differences()
    return [f"{difference.relation}: {difference.problem}" for difference in found]


def test_the_same_values_agree_in_any_order(by_duckdb):
    assert problems(by_duckdb, f"from ({ROWS}) order by customer_id desc") == []


def test_doubles_agree_to_nine_digits(by_duckdb):
    assert problems(by_duckdb, f"select * replace (share * (1 + 1e-12) as share) from ({ROWS})") == []


def test_rows_that_are_not_asked_for_are_not_compared(by_duckdb):
    c1_alone = f"from ({ROWS}) where customer_id = 'C1'"
    assert problems(by_duckdb, c1_alone, where="customer_id = 'C1'") == []


@pytest.mark.parametrize(
    ("by_spark", "problem"),
    [
        (f"select * replace (amount + 0.01 as amount) from ({ROWS})", "1 rows of DuckDB and 1 of Spark"),
        (f"select * replace (share * (1 + 1e-6) as share) from ({ROWS})", "2 rows of DuckDB and 2 of Spark"),
        (f"from ({ROWS}) union all from ({ROWS}) where customer_id = 'C1'", "0 rows of DuckDB and 1 of Spark"),
        (f"from ({ROWS}) where customer_id = 'C1'", "1 rows of DuckDB and 0 of Spark"),
        (f"select * exclude (share) from ({ROWS})", "columns differ: ['share']"),
        (None, "Spark has no such relation"),
    ],
)
def test_a_difference_is_named(by_duckdb, by_spark, problem):
    (said,) = problems(by_duckdb, by_spark)
    assert said.startswith(f"marts.customers: {problem}")


def test_a_view_about_one_customer_is_compared_for_some(by_duckdb):
    """Spark stores what the view says of C1 alone; that is compared; what it was not asked about is not missed."""
    with duckdb.connect(str(by_duckdb)) as con:
        con.execute(
            f"drop schema marts cascade; create schema portraits; create view portraits.portrait_reasons as {ROWS}"
        )
    folder = by_duckdb.parent / "spark" / "portraits.db" / "portrait_reasons"
    folder.mkdir(parents=True)
    duckdb.execute(f"copy (from ({ROWS}) where customer_id = 'C1') to '{folder}/part.parquet'")
    assert list(Comparison(by_duckdb, by_duckdb.parent / "spark", ["C1"]).differences()) == []
    (difference,) = Comparison(by_duckdb, by_duckdb.parent / "spark", ["C1", "C2"]).differences()
    assert difference.problem.startswith("1 rows of DuckDB and 0 of Spark")


def test_the_customers_compared_are_of_the_wide_mart(by_duckdb):
    assert parity._some_customers(by_duckdb) == [], "built without it: --select"
    with duckdb.connect(str(by_duckdb)) as con:
        con.execute("create table marts.customer_tags as select 'C' || range as customer_id from range(9)")
    chosen = parity._some_customers(by_duckdb)
    assert len(set(chosen)) == parity.CUSTOMERS
    assert parity._some_customers(by_duckdb) == chosen


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--vars", "CZK"), "name each variable"),
        (("--vars", "{"), "no YAML"),
        (("--folder", "."), "exists: both engines build from empty"),
        (("--nights", "0"), "--nights"),
    ],
)
def test_what_cannot_be_built_is_refused_at_once(monkeypatch, arguments, problem):
    monkeypatch.setattr(parity, "SPARK_DBT", Path(__file__))
    refused = CliRunner().invoke(app, ["parity", *arguments])
    assert refused.exit_code == 2
    assert problem in refused.output
