"""What the plans of Spark prove: no join compares every pair of rows, each model opens the partitions of its window.

Needs Spark (`make spark-setup`), and builds a small bank with it, which takes minutes; BANK_TAGS_TEST_SPARK names a
folder that `banktags parity --folder` has built already.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from test_query_plans import WHOLE_EVENT_TABLES
from typer.testing import CliRunner

from banktags.cli import app
from banktags.clock import DEMO_DATE
from banktags.parity import SPARK_DBT, build

pytestmark = [pytest.mark.slow, pytest.mark.long]

#: A partitioned table of staging in a plan, with its filters; the paragraph of a scan ends with an empty line.
EVENT_SCANS = re.compile(
    r"Scan parquet \w+\.staging\.(base_\w+)\n(?:(?!\n\n).)*?PartitionFilters: (\[.*?\])\n", re.DOTALL
)
LOWER_BOUND = re.compile(r"\(dt#\d+ (?:>=?|=) ")
OUTER_PAIRS = re.compile(r"BroadcastNestedLoopJoin (?!Inner|Cross)")

#: Joins that compare every pair of rows of two sides that Spark does not broadcast, with what bounds them.
PAIRWISE_JOINS = {"definition_conflicts": "rules by rules"}
#: Outer joins that broadcast one side however large it is, with what it holds; inner ones are broadcast if small.
BROADCAST_PAIRS = {
    "check__sources": "columns of sources that no tag reads",
    "customer_tier_outlook": "tiers",
    "int_aum__quarter_ends": "tiers",
    "int_campaign__members": "tiers",
    "segment__lifecycle": "rules of the life cycle",
    "segment__pyramid": "tiers",
    "segment__rfm": "cut points of the scores",
    "segment__rfm_measures": "the parameters of RFM, one row",
    "source_confidence": "the last batch of all, one row",
    "tag_checks": "columns of sources that no tag reads",
    "tag_tree": "tags",
    "tag_violations": "columns of sources that no tag reads",
    "tier_reassessments": "tiers",
}
#: What opens partitions of any age beside the models of DuckDB: views that others read by window, and revisions.
OPEN_TO_ALL = {
    "int_campaign__events": {"base_core__account_balances": "which balances have been revised, of any age"},
    "int_customer__touches": {"base_marketing__touches": "a view"},
    "int_transactions__customer": {"base_core__transactions": "a view"},
    "quarantined_rows": WHOLE_EVENT_TABLES["staging_quality"],
}


@pytest.fixture(scope="module")
def plans(tmp_path_factory) -> dict[str, str]:
    """The physical plan of each model by name."""
    if not SPARK_DBT.exists():
        pytest.skip(f"no Spark: {SPARK_DBT} is made by make spark-setup")
    folder = Path(os.environ.get("BANK_TAGS_TEST_SPARK", tmp_path_factory.mktemp("spark") / "built"))
    if not folder.exists():
        raw = folder.parent / "raw"
        simulated = CliRunner().invoke(app, ["simulate", "--customers", "150", "--days", "40", "--out", str(raw)])
        assert simulated.exit_code == 0, simulated.output
        build(folder, raw, [DEMO_DATE], {})
    compiled = folder / "target" / "spark" / "compiled" / "bank_tags" / "models"
    explain = (SPARK_DBT.parent / "python", Path(__file__).with_name("explain_on_spark.py"))
    found = subprocess.run([*explain, folder / "spark", compiled], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr[-4000:]
    return json.loads(found.stdout)


def test_no_model_multiplies_two_large_sides(plans):
    assert len(plans) > 200
    assert {name for name, plan in plans.items() if "CartesianProduct" in plan} == PAIRWISE_JOINS.keys()
    assert {name for name, plan in plans.items() if OUTER_PAIRS.search(plan)} == BROADCAST_PAIRS.keys()


def test_partitions_before_the_window_are_not_opened(plans):
    opened = {
        name: {table for table, filters in EVENT_SCANS.findall(plan) if not LOWER_BOUND.search(filters)}
        for name, plan in plans.items()
        if not name.startswith(("base_", "stg_"))
    }
    expected = {name: set(tables) for name, tables in (WHOLE_EVENT_TABLES | OPEN_TO_ALL).items()}
    assert {name: tables for name, tables in opened.items() if tables} == {
        name: tables for name, tables in expected.items() if not name.startswith("base_")
    }
