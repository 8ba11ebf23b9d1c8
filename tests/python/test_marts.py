"""The marts: every tag wide and long, the customer at a glance, and the pyramid against its plan."""

import pytest
from dbt_warehouse import Warehouse
from typer.testing import CliRunner

from banktags.catalogue import GRAIN, tag_entries
from banktags.catalogue.sync import WIDE_MART, customer_tags_yaml
from banktags.cli import app

# customer_tags


def test_the_wide_mart_says_what_the_tag_models_say(manifest):
    assert WIDE_MART.read_text(encoding="utf-8") == customer_tags_yaml(manifest), "run: banktags catalogue sync"


def test_the_wide_mart_joins_every_tag_model(manifest):
    nodes = [manifest["nodes"][f"model.bank_tags.{name}"] for name in ("standard_tags", "customer_tags")]
    joined = {reference["name"] for node in nodes for reference in node["refs"]} - {"standard_tags"}
    assert joined == {entry.model for entry in tag_entries(manifest)}, "join the tag model in standard_tags.sql"


def test_the_wide_mart_has_the_values_of_the_tag_models(demo_warehouse, manifest):
    for model in sorted({entry.model for entry in tag_entries(manifest)}):
        columns = ", ".join([*GRAIN, *(entry.code for entry in tag_entries(manifest) if entry.model == model)])
        schema = "segments" if model.startswith("segment__") else "tags"
        source, wide = f"{schema}.{model}", "marts.customer_tags"
        (difference,) = demo_warehouse.rows(
            f"select count(*) from ((select {columns} from {source} except all select {columns} from {wide}) "
            f"union all (select {columns} from {wide} except all select {columns} from {source}))"
        )[0]
        assert difference == 0, model


def test_sql_clients_show_definitions(demo_warehouse):
    comments = dict(
        demo_warehouse.rows("""
        select table_name || '.' || column_name, comment from duckdb_columns()
        where (table_name, column_name) in (('customer_tags', 'aum_month_avg'), ('customer_360', 'aum_tier_name'),
            ('customer_tags_long', 'tag_code'))
    """)
    )
    assert comments["customer_tags.aum_month_avg"].startswith("月日均AUM: ")
    assert comments["customer_360.aum_tier_name"].startswith("客户层级")
    assert comments["customer_tags_long.tag_code"].startswith("标签编码")
    (missing,) = demo_warehouse.rows(
        """
        select count(*) from duckdb_columns()
        where schema_name in ('tags', 'segments', 'marts') and table_name <> 'standard_tags' and comment is null
        """  # standard_tags is a view of columns that have a comment each where they are made
    )[0]
    assert missing == 0


# customer_tags_long


def test_long_pivots_exactly_back_to_wide(demo_warehouse):
    columns = demo_warehouse.rows(
        "select column_name, data_type from duckdb_columns() where table_name = 'customer_tags' order by column_index"
    )
    tags = [(name, data_type) for name, data_type in columns if name not in GRAIN]
    pivoted = ", ".join(
        f"cast(max(case when tag_code = '{name}' then tag_value end) as {data_type}) as {name}"
        for name, data_type in tags
    )
    back = f"select customer_id, as_of_date, {pivoted} from marts.customer_tags_long group by customer_id, as_of_date"
    wide = "select * from marts.customer_tags"
    difference = f"select * from ((({back}) except all ({wide})) union all (({wide}) except all ({back})))"
    assert demo_warehouse.rows(difference) == []
    not_null = " + ".join(f"count({name})" for name, _ in tags)
    assert demo_warehouse.rows("select count(*) from marts.customer_tags_long") == demo_warehouse.rows(
        f"select {not_null} from marts.customer_tags"
    )


# pyramid_benchmark


def test_single_product_ratio_and_shares_by_hand(demo_warehouse):
    by_hand = demo_warehouse.rows("""
        select aum_tier, count(*), cast(count(*) filter (where is_single_product) as double) / count(*)
        from marts.customer_tags where aum_tier is not null group by all order by 1
    """)
    assert by_hand == demo_warehouse.rows(
        "select tier, customers, single_product_ratio from marts.pyramid_benchmark where customers > 0 order by 1"
    )
    sums = (
        "sum(customer_share), sum(aum_share), sum(profit_share), sum(target_customer_share), sum(target_profit_share)"
    )
    assert demo_warehouse.rows(f"select {sums} from marts.pyramid_benchmark")[0] == pytest.approx((1, 1, 1, 1, 1))


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory) -> dict[str, tuple]:
    """The benchmark of a demo bank that is large enough to have a private-banking tier: a year of 4,000 customers."""
    folder = tmp_path_factory.mktemp("benchmark_bank")
    arguments = ["simulate", "--customers", "4000", "--days", "365", "--out", str(folder / "raw")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    warehouse = Warehouse(folder, folder / "raw")
    warehouse.dbt("build", "--resource-type", "seed", "model", "--select", "+pyramid_benchmark")
    columns = "tier, customer_share, target_customer_share, profit_share, target_profit_share, single_product_ratio"
    return {row[0]: row[1:] for row in warehouse.rows(f"select {columns} from marts.pyramid_benchmark")}


@pytest.mark.slow
def test_the_demo_bank_has_the_shares_of_the_documents(benchmark):
    assert len(benchmark) == 5
    for tier, (customers, target_customers, profit, target_profit, _) in benchmark.items():
        assert customers == pytest.approx(target_customers, rel=0.05), tier
        # Four private-banking customers make a quarter of the profit, so a small bank scatters by some points.
        assert profit == pytest.approx(target_profit, abs=0.05), tier


@pytest.mark.slow
def test_a_quarter_of_private_banking_customers_hold_one_product(benchmark):
    assert benchmark["private_banking"][-1] == pytest.approx(0.25, abs=0.05)
