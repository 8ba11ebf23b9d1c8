"""A planted fault of each kind that a merged data test looks for is found, and said with its column."""

import shutil

import duckdb
import pytest
from dbt_warehouse import Warehouse

#: What is planted, one fault a kind; the test that must find it, and what it prints (nothing of what only warns).
FAULTS = {
    "a null in a column that has none": (
        "update marketing.campaign_readout set reason = null where rowid = 0",
        "column_rules_campaign_readout",
        "reason is null. Remedy: see such a row",
    ),
    "a value that is none of those listed": (
        "update marketing.campaign_tag_effect set finding = 'luck' where rowid = 0",
        "column_rules_campaign_tag_effect",
        "finding is none of uplift, response, unproven, none. Remedy: see such a row",
    ),
    "a key twice": (
        "insert into tags.fact_tags__service select * from tags.fact_tags__service limit 1",
        "dbt_utils_unique_combination_of_columns_fact_tags__service_customer_id",
        "",
    ),
    "a customer who is missing from a tag model, and one without number": (
        "update tags.fact_tags__value set customer_id = null where rowid = 0",
        "covers_spine_fact_tags__value_",
        "is missing",
    ),
    "rows that refer to what was never delivered, in the mass": (
        """
        update policy.staging_damage_thresholds set warn_share = 0, smallest_rows = 1
        where check_name = 'rows_without_parent'
        """,
        "warn_rows_without_parent",
        "",
    ),
}


@pytest.fixture(scope="module")
def warehouse(demo_warehouse, tmp_path_factory) -> Warehouse:
    """A copy of the small demo bank, with all of the faults."""
    copy = Warehouse(tmp_path_factory.mktemp("merged") / "warehouse", demo_warehouse.raw)
    shutil.copytree(demo_warehouse.folder, copy.folder, ignore=shutil.ignore_patterns("lists"))
    with duckdb.connect(str(copy.database)) as connection:
        # The drills of the campaigns have rows on any demo bank; the rule is the same for one that has none.
        for fault, _, _ in FAULTS.values():
            assert connection.execute(fault).fetchone()[0] >= 1, fault
    return copy


@pytest.fixture(scope="module")
def told(warehouse) -> tuple[dict[str, str], str]:
    """Outcome by test, and what ``dbt test`` prints."""
    run = warehouse.dbt("test", "--select", *(f"{test}*" for _, test, _ in FAULTS.values()), check=False)
    return {node.split(".")[2]: status for node, status in warehouse.results().items()}, run.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_found(fault, told):
    outcomes, printed = told
    _, test, line = FAULTS[fault]
    assert {outcomes[name] for name in outcomes if name.startswith(test)} == {"warn" if "warn_" in test else "fail"}
    assert line in printed
