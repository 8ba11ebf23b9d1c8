"""What a source that was never delivered, and extracts that begin late, leave unknown, on whole small banks."""

import datetime
import os
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import Warehouse
from tiny_bank import PRODUCTS, accounts, balances, customers, deliver

from banktags.contract import read_contract
from banktags.landing import EMPTY_PARTITION

AS_OF = datetime.date(2026, 6, 30)
BUILD = ("build", "--exclude-resource-type", "unit_test")


def built(folder: Path, raw: Path, *arguments: str, as_of: datetime.date = AS_OF) -> Warehouse:
    warehouse = Warehouse(folder, raw)
    warehouse.dbt(*arguments, "--vars", f"as_of_date: {as_of}")
    return warehouse


def tags_of(warehouse: Warehouse, customer: str) -> dict[str, object]:
    with duckdb.connect(str(warehouse.database), read_only=True) as con:
        found = con.execute("select * from marts.customer_tags where customer_id = ?", [customer])
        names = [column[0] for column in found.description]
        return dict(zip(names, found.fetchone(), strict=True))


# A bank whose first extracts begin ten days before: balances and postings since 20 June, customers since 2015.


@pytest.fixture(scope="module")
def late(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("late")
    first = datetime.date(2026, 6, 20)
    payments = [
        {
            "transaction_id": f"T-{day}",
            "account_id": "A-PAYS",
            "transaction_date": first + datetime.timedelta(days=day),
            "direction": "OUT",
            "amount": "100.00",
            "transaction_type": "TRANSFER",
            "channel": "APP",
        }
        for day in range(7)
    ]
    opened_lately = {"opened_date": "2026-06-24"}
    tables = {
        "core.products": PRODUCTS,
        "core.customers": [*customers("PAYS", "QUIET"), customers("NEW")[0] | opened_lately],
        "core.accounts": [*accounts("PAYS", "QUIET"), accounts("NEW")[0] | opened_lately],
        "core.account_balances": [row | {"balance": "400000.00"} for row in balances(first, "PAYS", "QUIET")]
        + [row | {"balance": "300000.00"} for row in balances(datetime.date(2026, 6, 26), "NEW")],
        "core.transactions": payments,
    }
    deliver(folder / "in", folder / "raw", AS_OF, tables)
    return built(folder, folder / "raw", *BUILD)


@pytest.mark.slow
def test_averages_are_of_the_days_that_are_known(late):
    for customer in ("PAYS", "QUIET"):
        found = tags_of(late, customer)
        assert found["aum_month_avg"] == Decimal("400000.00")
        assert found["aum_tier"] == "vip"
    # 300,000 for five days of a month that is known whole, because they came in it.
    assert tags_of(late, "NEW")["aum_month_avg"] == Decimal("50000.00")


@pytest.mark.slow
def test_a_change_from_before_the_extracts_is_unknown(late):
    for customer in ("PAYS", "QUIET"):
        found = tags_of(late, customer)
        assert found["aum_change_1d"] == 0
        assert [found[f"aum_change_{days}d"] for days in (30, 90, 365)] == [None] * 3
    assert tags_of(late, "NEW")["aum_change_30d"] == Decimal("300000.00")


@pytest.mark.slow
def test_windows_longer_than_the_extracts_are_unknown_and_shorter_ones_stand(late):
    pays, quiet = tags_of(late, "PAYS"), tags_of(late, "QUIET")
    assert (pays["transaction_count_7d"], quiet["transaction_count_7d"]) == (3, 0)
    for window in ("30d", "90d", "365d"):
        assert pays[f"transaction_count_{window}"] is None
    assert (pays["activity_recency_days"], quiet["activity_recency_days"]) == (4, None)


@pytest.mark.slow
def test_nobody_is_lost_dormant_or_alerted_by_ten_days(late):
    for customer in ("PAYS", "QUIET"):
        found = tags_of(late, customer)
        assert found["lifecycle_stage"] is None
        assert found["rfm_eligibility"] == "no_data"
    # Who paid four days ago is not dormant, whatever was before; of the other nobody knows.
    assert tags_of(late, "PAYS")["is_dormant_customer"] is False
    assert tags_of(late, "QUIET")["is_dormant_customer"] is None
    assert tags_of(late, "NEW")["lifecycle_stage"] == "new"
    # The month of the new customer is known whole, and they hold what the next tier asks for.
    assert late.rows("select customer_id, alert_type from history.tier_alerts") == [("NEW", "near_upgrade")]
    assert late.rows("select members from audiences.audiences where audience = 'dormant_recall'") == [(0,)]


@pytest.mark.slow
def test_the_warehouse_says_what_is_covered(late):
    covered = dict(late.rows("select source_table, covered_from from governance.source_coverage where is_delivered"))
    assert covered["core.transactions"] == covered["core.account_balances"] == datetime.date(2026, 6, 20)
    ((share, coverage),) = late.rows(
        "select covered_share, coverage from governance.tag_coverage where tag_code = 'aum_month_avg'"
    )
    assert (share, coverage) == (Decimal("0.3667"), "part")
    ((confidence,),) = late.rows(
        "select max(confidence) from marts.customer_tags_long where tag_code = 'aum_month_avg'"
    )
    assert confidence <= Decimal("0.3667")


# The demo bank without one of its tables, each in turn.


def without(raw: Path, folder: Path, *tables: str) -> Path:
    """The landed extracts as if these tables had never been delivered."""
    shutil.copytree(raw, folder, copy_function=os.link)
    for table in tables:
        for partition in (folder / table.replace(".", "/")).iterdir():
            if partition.name != f"dt={EMPTY_PARTITION}":
                shutil.rmtree(partition)
    names = ", ".join(f"'{table}'" for table in tables)
    for file in (folder / "core" / "batches").glob("dt=*/*.parquet"):
        kept = f"from read_parquet('{file}') where system_name || '.' || table_name not in ({names})"
        with duckdb.connect() as con:
            ((rows,),) = con.execute(f"create table kept as {kept}").fetchall()
            file.unlink()
            con.table("kept").write_parquet(str(file)) if rows else file.parent.rmdir()
    return folder


#: Without it there is no bank to build.
INDISPENSABLE = {"core.customers", "core.batches"}
DROPPABLE = [name for name in read_contract() if name not in INDISPENSABLE and not name.startswith("governance.")]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("table", DROPPABLE)
def test_no_tag_that_rests_on_a_table_has_a_value_without_it(table, demo_bank, demo_warehouse, tmp_path):
    """Whoever reads the table by the recorded lineage is unknown, or has the value that all sources gave.

    A tag of seed coverage_exceptions, and what is made of it, may have another: the seed says why.
    """
    raw = without(demo_bank, tmp_path / "raw", table)
    warehouse = built(tmp_path, raw, *BUILD, "--exclude-resource-type", "test", "--select", "+customer_tags")
    readers = demo_warehouse.rows(
        f"""
        select distinct tag_code from governance.tag_rule_inputs
        where input_kind = 'source' and input_name like '{table}.%' order by 1
        """
    )
    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse.database}' as dropped (read_only)")
        con.execute(f"attach '{demo_warehouse.database}' as whole (read_only)")
        lies = {code for (code,) in readers if con.execute(LIES.format(code=code)).fetchone()[0]}
    assert lies <= exempted(demo_warehouse, table), sorted(lies - exempted(demo_warehouse, table))


#: Customers of whom a tag says something else than with all sources; that there is no data, or so no class, is no lie.
LIES = """
    select count(*)
    from dropped.marts.customer_tags as dropped
    inner join whole.marts.customer_tags as whole using (customer_id)
    where dropped.{code} is distinct from whole.{code}
        and coalesce(cast(dropped.{code} as varchar), 'no_data') not in ('no_data', 'not_applicable')
"""


def exempted(warehouse: Warehouse, table: str) -> set[str]:
    """The tags that seed coverage_exceptions names for a table, and those that are made of them."""
    found = {
        row[0]
        for row in warehouse.rows(f"select tag_code from governance.coverage_exceptions where source_table = '{table}'")
    }
    edges = warehouse.rows("select tag_code, input_name from governance.tag_rule_inputs where input_kind = 'tag'")
    while more := {tag for tag, read in edges if read in found} - found:
        found |= more
    return found
