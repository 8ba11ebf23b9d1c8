"""The benchmark's own parts on the small bank: what it compares with must stay right, and its table must be written."""

import dataclasses
import sys

import duckdb
import pytest

from banktags.contract import PROJECT_ROOT

sys.path.insert(0, str(PROJECT_ROOT / "benchmarks"))

import bench
import engines
from results import Report, Result

LIMIT = Result("the limit", "极限", 20, 1.5, 3_000_000)
BUILD = Result("build", "构建", 50, 3.25, 3_000_000, ("the limit", "极限", 20.0))
PEER = Result("peer", "同类", 7, 14.0, 10, ("the limit", "极限", 20.0), finished=False)


def test_tags_by_hand_are_the_built_ones(demo_warehouse, tmp_path):
    """Forty tags calculated a second time, in one script from extracts of more than a year: the windows count."""
    database = tmp_path / "tags.duckdb"
    variables = {"raw": demo_warehouse.raw, "seeds": bench.SEEDS, "as_of": "2026-06-30"}
    values = [f"{name}={value}" for name, value in variables.items()]
    bench.measured({}, sys.executable, bench.PEERS / "run_sql.py", bench.PEERS / "by_hand.sql", database, *values)
    with bench.opened(demo_warehouse.database, hand=database) as con:
        assert bench.check_same_tags(con, "hand.tags", "by_hand.sql") == 40
    with duckdb.connect(str(database)) as con:
        con.execute(
            "update tags set aum_spot = aum_spot + 0.01 where customer_id = (select max(customer_id) from tags)"
        )
    with bench.opened(demo_warehouse.database, hand=database) as con, pytest.raises(SystemExit, match="aum_spot"):
        bench.check_same_tags(con, "hand.tags", "by_hand.sql")


def test_the_limit_makes_the_same_tags(demo_warehouse, tmp_path):
    """The script of a first build, run without dbt, gives the table that dbt built."""
    first_build = bench.FirstBuild(demo_warehouse.target, demo_warehouse.database)
    script, database = tmp_path / "limit.sql", tmp_path / "bank_tags.duckdb"
    script.write_text(first_build.script(first_build.leading_to("customer_tags")), encoding="utf-8")
    runner = (sys.executable, bench.PEERS / "run_sql.py")
    bench.measured({}, *runner, script, database, "pii_key=key-of-the-tests")
    with bench.opened(demo_warehouse.database, peer=database) as con:
        bench.check_same_table(con, "marts.customer_tags")
    with duckdb.connect(str(database)) as con:
        con.execute(
            "delete from marts.customer_tags where customer_id = (select max(customer_id) from marts.customer_tags)"
        )
    with bench.opened(demo_warehouse.database, peer=database) as con, pytest.raises(SystemExit, match="customer_tags"):
        bench.check_same_table(con, "marts.customer_tags")


def test_the_table_is_written_between_its_markers(tmp_path):
    report = Report(1000, 365, 3_000_000, "2 cores", 9.6, (LIMIT, BUILD, PEER))
    page = tmp_path / "benchmarks.md"
    before = "# Measured\n\n<!-- make bench, {} customers -->\nold\n<!-- end -->\n\nafter\n"
    page.write_text(before.format(1000) + before.format(10000), encoding="utf-8")
    assert report.write_into(page)
    written = page.read_text(encoding="utf-8")
    assert "| build | 50 s | 2.50 × the limit | 3.25 GiB | 60,000 |" in written
    assert "| peer | did not finish |  | 14.00 GiB |  |" in written
    assert written.endswith(before.format(10000)), "the table of another size stays"
    assert report.write_into(page) and page.read_text(encoding="utf-8") == written, "written again, the same"
    assert "| 构建 | 50 秒 | 2.50 × 极限 | 3.25 GiB | 60,000 |" in report.markdown(chinese=True)
    page.write_text("no marker", encoding="utf-8")
    assert not report.write_into(page)


def test_every_page_of_the_tables_has_a_place_for_each_size():
    """A page without the marker of a size would keep its old figures in silence."""
    for page in bench.PAGES:
        text = (PROJECT_ROOT / page).read_text(encoding="utf-8")
        for customers in (100_000, 1_000_000):
            assert text.count(f"<!-- make bench, {customers} customers -->\n") == 1, page


def test_what_a_large_bank_needs_follows_from_two_sizes():
    """180 s more for 0.9 million are 200 s a million, and 80 of 100 s are fixed; a night has 4 hours less that."""
    measured = [
        engines.Measured(engine, customers, full, night, 3.0, gib)
        for engine, customers, full, night, gib in (
            ("duckdb", 100_000, 120, 90, 1.0),
            ("spark", 100_000, 400, 100, 0.5),
            ("duckdb", 1_000_000, 1200, 450, 10.0),
            ("spark", 1_000_000, 2000, 280, 5.0),
        )
    ]
    cost = engines.NightlyCost.between(measured[1], measured[3])
    assert (cost.fixed_seconds, cost.seconds_a_million, cost.gib_a_million) == pytest.approx((80, 200, 5))
    assert cost.cores(100, measured_on=2) == pytest.approx(100 * 200 * 2 / 0.5 / (4 * 3600 - 80))
    assert "| 1,000,000 | spark | 2,000 s | 280 s | 0.50 full, 0.28 night | 3.00 GiB | 5.00 GiB |" in engines.table(
        measured
    )
    assert "= **6 cores**; with 4 GiB each 22 GiB of memory; and 0.5 TiB" in engines.sizing(measured, cores=2)
    same = [dataclasses.replace(one, night=90) for one in measured]
    assert engines.sizing(same, cores=2).startswith("The larger bank took duckdb no longer")
    assert f"{engines.MARKER}\n" in engines.PAGE.read_text(encoding="utf-8")


def test_a_stopped_benchmark_goes_on_where_it_was(tmp_path, monkeypatch):
    """What was measured of the same project stands; a night that was stopped takes its full build with it."""
    monkeypatch.setattr(bench, "BENCH", tmp_path)
    (tmp_path / "10x1" / "raw" / "core" / "batches" / "dt=2026-01-02").mkdir(parents=True)
    bank = engines.Engines(10, 1)
    warehouses = {"duckdb": bank.built, "spark": bank.spark}
    built = []

    def build(engine, dbt, date, stop_at=None):
        if (engine, date) == stop_at:
            raise KeyboardInterrupt
        built.append((engine, date))
        warehouses[engine].write_bytes(b"tables")
        return 10.0 * len(built), 1.0

    monkeypatch.setattr(bank, "_build", lambda *step: build(*step, stop_at=("spark", bank.last)))
    with pytest.raises(KeyboardInterrupt):
        list(bank.measure())
    assert built == [("duckdb", bank.as_of), ("duckdb", bank.last), ("spark", bank.as_of)]
    built.clear()
    monkeypatch.setattr(bank, "_build", build)
    duckdb, spark = bank.measure()
    assert built == [("spark", bank.as_of), ("spark", bank.last)]
    assert (duckdb.full, duckdb.night, spark.full, spark.night) == (10, 20, 10, 20)
    assert list(bank.measure()) == [duckdb, spark] and len(built) == 2, "nothing is measured twice"
    monkeypatch.setattr(engines, "project_digest", lambda: "another")
    list(bank.measure())
    assert len(built) == 6, "another project is measured anew"
