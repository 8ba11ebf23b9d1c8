"""What Spark forgets rows by in each format of its tables. `banktags parity` runs Parquet; no test runs the others."""

from types import SimpleNamespace

import jinja2
import pytest

from banktags.contract import PROJECT_ROOT


@pytest.mark.parametrize(
    ("config", "forgets_date", "forgets_all"),
    [
        ({}, "alter table t drop if exists partition (dt = '2026-06-30')", "truncate table t"),
        ({"file_format": "parquet"}, "alter table t drop if exists partition (dt = '2026-06-30')", "truncate table t"),
        ({"file_format": "delta"}, "delete from t where dt = '2026-06-30'", "delete from t"),
        ({"file_format": "iceberg"}, "delete from t where dt = '2026-06-30'", "delete from t"),
    ],
)
def test_rows_are_forgotten_as_the_format_can(config, forgets_date, forgets_all):
    ran = []

    def run_query(sql):
        ran.append(sql)
        return SimpleNamespace(rows=[("2026-06-30",)])

    macros = PROJECT_ROOT / "macros" / "engine"
    source = "".join((macros / f"{name}.sql").read_text(encoding="utf-8") for name in ("forget_rows", "forget_table"))
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {"execute": True, "this": "t", "config": config, "run_query": run_query}
    spark = environment.from_string(source).module
    spark.spark__forget_rows("dt", "dt >= (select max(dt) from batches)", "t", config)
    assert ran == ["select distinct dt from t where dt >= (select max(dt) from batches)", forgets_date]
    assert spark.spark__forget_table("true").strip() == forgets_all
