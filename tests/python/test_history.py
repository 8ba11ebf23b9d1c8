"""History is what the nights made of it, and the same again when it is rebuilt from the extracts.

BANK_TAGS_TEST_NIGHTS sets how many nights are run (default 2); 60 take some two hours.
"""

import datetime
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import Warehouse, contents

from banktags.contract import PROJECT_ROOT

pytestmark = pytest.mark.slow

NIGHTS = int(os.environ.get("BANK_TAGS_TEST_NIGHTS", "2"))
LAST = datetime.date(2026, 6, 30)
ONE_DAY = datetime.timedelta(days=1)
FIRST = LAST - ONE_DAY * (NIGHTS - 1)


def run(warehouse: Warehouse, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "banktags", "run", *arguments]
    return subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        env=warehouse.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen, exit_code: int = 0) -> str:
    """What a run printed, as one line; the test fails when it ended otherwise than expected."""
    output = re.sub(r"[\s│]+", " ", process.communicate()[0])
    assert process.returncode == exit_code, output[-4000:]
    return output


def copy(warehouse: Warehouse, folder: Path) -> Warehouse:
    twin = Warehouse(folder, warehouse.raw)
    shutil.copytree(warehouse.target, twin.target)
    shutil.copy(warehouse.database, twin.database)
    return twin


def deliver(bank: Path, raw: Path, date: datetime.date) -> None:
    """Land the batch of one business date."""
    for part in bank.glob(f"*/*/dt={date}"):
        shutil.copytree(part, raw / part.relative_to(bank), dirs_exist_ok=True)


def spoil(raw: Path, date: datetime.date) -> None:
    """Take a transaction out of the batch of a date, in its control row too."""
    control = next((raw / "core/batches" / f"dt={date}").glob("*.parquet"))
    transactions = next((raw / "core/transactions" / f"dt={date}").glob("*.parquet"))
    correction = """
        * replace (
            row_count - cast(table_name = 'transactions' as int) as row_count, reverse(content_hash) as content_hash
        )
    """
    with duckdb.connect() as con:
        for file, columns, offset in ((control, correction, 0), (transactions, "*", 1)):
            source = f"read_parquet('{file}', hive_partitioning = false)"
            con.execute(f"copy (select {columns} from {source} offset {offset}) to '{file}.new' (format parquet)")
            Path(f"{file}.new").replace(file)


@pytest.fixture(scope="module")
def nights(demo_bank, tmp_path_factory) -> Warehouse:
    """Nights in order, each with only the batches that had been delivered by then; that of the last one lacks a row.

    The wide mart of the last night but one is kept in ``before.parquet``.
    """
    folder = tmp_path_factory.mktemp("nights")
    warehouse = Warehouse(folder, folder / "raw")
    shutil.copytree(
        demo_bank,
        warehouse.raw,
        ignore=lambda at, names: [name for name in names if name[:3] == "dt=" and name[3:] >= str(FIRST)],
    )
    for night in range(NIGHTS):
        date = FIRST + ONE_DAY * night
        deliver(demo_bank, warehouse.raw, date)
        if date == LAST:
            spoil(warehouse.raw, date)
            with duckdb.connect(str(warehouse.database), read_only=True) as con:
                con.table("marts.customer_tags").write_parquet(str(folder / "before.parquet"))
        finish(run(warehouse, "--date", str(date), "--no-checks"))
    return warehouse


@pytest.fixture(scope="module")
def nightly(nights, demo_bank) -> Warehouse:
    """The same nights after the last batch was delivered anew, whole, and replayed."""
    shutil.rmtree(nights.raw / "core/transactions" / f"dt={LAST}")
    deliver(demo_bank, nights.raw, LAST)
    output = finish(run(nights, "--date", str(LAST + ONE_DAY)), exit_code=2)
    assert f"the batch of {LAST} has been delivered anew since its run" in output
    output = finish(run(nights, "--replay-from", str(LAST), "--no-checks"))
    assert f"If interrupted, go on with: banktags run --from {LAST} --to {LAST}" in output
    return nights


@pytest.mark.long
def test_killed_and_resumed_from_all_the_extracts_gives_the_tables_of_the_nights(nightly, demo_bank, tmp_path):
    killed = Warehouse(tmp_path, nightly.raw)
    shutil.copytree(nightly.target, killed.target)
    whole_range = ("--from", str(FIRST), "--to", str(LAST), "--no-checks")
    moment = random.Random(4)
    for kill in range(1 + NIGHTS // 4):
        process = run(killed, *whole_range)
        time.sleep(moment.uniform(10, 30 + 20 * kill))
        process.send_signal(signal.SIGKILL)
        process.wait()
    finish(run(killed, *whole_range))
    first, again = contents(nightly.database), contents(killed.database)
    assert {name for name in first.keys() | again.keys() if first.get(name) != again.get(name)} == set()
    assert first["history.tag_changes"][0] > 20 * (NIGHTS - 1)


@pytest.mark.long
def test_a_date_run_again_changes_nothing_but_follows_a_tag_certified_since(nightly, tmp_path):
    again = copy(nightly, tmp_path)
    with duckdb.connect(str(again.database)) as con:
        con.execute("delete from history.tag_changes where tag_code = 'gender'")
    before = contents(again.database)
    with duckdb.connect(str(again.database)) as con:
        con.execute("delete from history.tag_versions where tag_code = 'gender'")
        con.execute("alter table history.tag_state drop column gender")
    finish(run(again, "--date", str(LAST), "--no-checks"))
    after = contents(again.database)
    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    # A portrait says since when a value stands, as the history does.
    history = {"history.tag_state", "history.tag_versions", "history.tag_history"}
    assert differing == history | {"portraits.portrait_customer"}
    assert again.rows("select as_of_date, is_first from history.tag_versions where tag_code = 'gender'") == [
        (LAST, True)
    ]
    assert again.rows("select distinct valid_from from history.tag_history where tag_code = 'gender'") == [(LAST,)]


def test_the_log_says_what_changed_between_the_wide_marts(nightly):
    with duckdb.connect() as con:
        con.execute(f"attach '{nightly.database}' as today (read_only)")
        con.execute(f"create view before as from '{nightly.folder / 'before.parquet'}'")
        tracked = [row[0] for row in con.execute("select tag_code from today.history.tag_versions").fetchall()]
        assert len(tracked) > 20
        expected = set()
        for tag in tracked:
            differing = con.execute(
                f"""
                select customer_id, '{tag}', cast(before."{tag}" as varchar), cast(today."{tag}" as varchar)
                from today.marts.customer_tags as today
                full join before using (customer_id)
                where today."{tag}" is distinct from before."{tag}"
                """
            )
            expected |= set(differing.fetchall())
        logged = con.execute(
            f"""
            select customer_id, tag_code, old_value, new_value
            from today.history.tag_changes
            where as_of_date = '{LAST}'
            """
        ).fetchall()
    assert len(logged) == len(expected) > 0
    assert set(logged) == expected


def test_history_answers_for_each_covered_date(nightly):
    """On the last date it is the wide mart; each stretch ends where the next begins, or with the customer."""
    standing = nightly.rows(
        """
        select history.tag_code, count(*)
        from history.tag_history as history
        inner join marts.customer_tags_long as today using (customer_id, tag_code)
        where history.valid_to is null and history.tag_value = today.tag_value
        group by 1
        """
    )
    known = nightly.rows(
        """
        select tag_code, count(*)
        from marts.customer_tags_long
        where tag_code in (select tag_code from history.tag_versions)
        group by 1
        """
    )
    assert sorted(standing) == sorted(known)
    overlapping = """
        select count(*)
        from history.tag_history as one
        inner join history.tag_history as other using (customer_id, tag_code)
        where one.valid_from < other.valid_from and (one.valid_to is null or one.valid_to > other.valid_from)
    """
    assert nightly.rows(overlapping) == [(0,)]


def test_a_window_moves_a_tag_on_a_day_without_an_event(nightly):
    """The customer did nothing that day: the last activity has left the window of the rule."""
    moved = nightly.rows(
        """
        select changes.customer_id
        from history.tag_changes as changes
        inner join tags.fact_tags__transactions as facts using (customer_id)
        where
            changes.tag_code in ('transaction_activity_level', 'app_login_activity_7d')
            and changes.as_of_date = facts.as_of_date
            and changes.old_value = 'active'
            and facts.transaction_amount_1d = 0
        """
    )
    assert moved


def test_a_date_out_of_order_is_refused(nightly):
    output = finish(run(nightly, "--date", str(LAST + 2 * ONE_DAY)), exit_code=2)
    assert f"{LAST + ONE_DAY} has not been run" in output
    output = finish(run(nightly, "--date", str(LAST - ONE_DAY)), exit_code=2)
    assert f"--replay-from {LAST - ONE_DAY}" in output


def test_an_incomplete_batch_is_refused(nightly):
    before = contents(nightly.database)
    output = finish(run(nightly), exit_code=75)
    assert f"core.batches has no rows for {LAST + ONE_DAY}" in output
    assert contents(nightly.database) == before


def test_what_does_not_fit_into_memory_names_the_setting(demo_bank, tmp_path, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_MEMORY", "30MB")
    output = finish(run(Warehouse(tmp_path, demo_bank), "--date", str(LAST)), exit_code=1)
    assert "What DuckDB may use is the setting BANK_TAGS_MEMORY" in output
    assert f"{LAST} is not recorded" in output
