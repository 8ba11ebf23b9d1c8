"""The nightly run before it builds: which batch is complete, what it waits for, and who holds the warehouse."""

import datetime
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import read_contract
from banktags.demo_warehouse import is_of_demo_bank
from banktags.demo_warehouse import main as clean
from banktags.nightly.batches import UnreadableFile, batch_faults, delivered, delivery_digests
from banktags.nightly.command import _asked, _unpublished
from banktags.nightly.history import read_ledger
from banktags.nightly.project import as_parsed
from banktags.warehouse import WarehouseBusy, lock_wait, wait_until_free, work_file

CONTRACT = read_contract()
FIRST = datetime.date(2026, 6, 1)
HEADER = "system_name,table_name,expected,note\n"


def night(number: int) -> datetime.date:
    return FIRST + datetime.timedelta(days=number)


@pytest.fixture
def raw(tmp_path, monkeypatch) -> Path:
    """An empty landing zone, with a warehouse that is not there yet. Nothing here may come so far as to build."""
    monkeypatch.setenv("BANK_TAGS_RAW", str(tmp_path / "raw"))
    monkeypatch.setenv("BANK_TAGS_DB", str(tmp_path / "bank_tags.duckdb"))
    monkeypatch.setattr("banktags.nightly.command.Project", lambda console: pytest.fail("the run went on to build"))
    return tmp_path / "raw"


@pytest.fixture
def expectations(tmp_path, monkeypatch) -> Path:
    """The bank's own expectations, as a file that a test may write."""
    path = tmp_path / "delivery_expectations.csv"
    path.write_text(HEADER, encoding="utf-8")
    monkeypatch.setattr("banktags.nightly.batches.EXPECTATIONS", path)
    return path


def land(raw: Path, number: int, *tables: str, rows: int = 1) -> None:
    """The batch of a night: a file of so many rows of each of these tables of core, and its control row."""
    with duckdb.connect() as con:
        for table in tables:
            if rows:
                write(con, raw, number, table, f"select 'x' as key from range({rows})")
        delivered_tables = ", ".join(f"('core', '{table}', {rows}, 'B', 'hash')" for table in tables)
        columns = "system_name, table_name, row_count, batch_id, content_hash"
        write(con, raw, number, "batches", f"select * from (values {delivered_tables}) as control ({columns})")


def write(con: duckdb.DuckDBPyConnection, raw: Path, number: int, table: str, rows: str) -> None:
    folder = raw / "core" / table / f"dt={night(number)}"
    folder.mkdir(parents=True, exist_ok=True)
    con.execute(f"copy ({rows}) to '{folder}/{table}.parquet' (format parquet)")


def faults(raw: Path, number: int) -> list[str]:
    return batch_faults(raw, night(number), CONTRACT)


def truncate(file: Path) -> Path:
    """Half of a file, as while it is being copied."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    return file


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output, as one line, of ``banktags run``."""
    result = CliRunner().invoke(app, ["run", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, re.sub(r"[│╭╮╰╯─\s]+", " ", result.output)


# What a batch must have.


def test_on_the_first_night_the_batch_says_what_is_expected(raw):
    land(raw, 0, "customers")
    assert faults(raw, 0) == []


def test_what_was_never_delivered_is_not_waited_for(raw):
    for number in range(3):
        land(raw, number, "customers", "transactions")
    assert faults(raw, 2) == []


def test_a_daily_table_that_is_suddenly_missing_is_waited_for(raw):
    for number in range(3):
        land(raw, number, "customers", "transactions", "account_balances")
    land(raw, 3, "customers", "account_balances")
    (fault,) = faults(raw, 3)
    assert fault == (
        f"core.transactions: delivered in 3 of the last 3 batches, but the batch of {night(3)} does not have it"
    )


def test_a_table_delivered_once_is_not_daily(raw):
    land(raw, 0, "customers", "transactions")
    for number in range(1, 4):
        land(raw, number, "customers")
    assert faults(raw, 3) == []


def test_what_the_contract_does_not_call_daily_is_not_waited_for(raw):
    for number in range(3):
        land(raw, number, "customers", "products", "transactions")
    land(raw, 3, "transactions")
    assert faults(raw, 3) == []


def test_only_the_last_batches_count(raw):
    for number in range(4):
        land(raw, number, "customers", "transactions")
    for number in range(4, 9):
        land(raw, number, "customers")
    assert faults(raw, 8) == []
    assert len(faults(raw, 5)) == 1  # most of the batches before that night had it


def test_an_empty_file_with_its_header_is_a_delivery(raw):
    for number in range(2):
        land(raw, number, "customers", "transactions")
    land(raw, 2, "customers", "transactions", rows=0)
    assert faults(raw, 2) == []


def test_the_bank_sets_what_it_expects(raw, expectations):
    for number in range(3):
        land(raw, number, "customers", "transactions")
    land(raw, 3, "customers")
    expectations.write_text(HEADER + "core,transactions,no,weekly\ncore,branches,yes,\n", encoding="utf-8-sig")
    (fault,) = faults(raw, 3)
    assert "core.branches: expected by seed delivery_expectations" in fault


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("core,transaction,no,", "line 2: core.transaction is no table of the source contract"),
        ("core,transactions,maybe,", "line 2: expected is 'maybe'; write yes or no"),
        ("core,transactions", "line 2: expected is None; write yes or no"),
    ],
)
def test_a_wrong_expectation_names_its_line(raw, expectations, row, message):
    expectations.write_text(f"{HEADER}{row}\n", encoding="utf-8")
    land(raw, 0, "customers")
    code, output = run("--date", str(night(0)))
    assert code == 2
    assert message in output


def test_the_message_of_an_incomplete_batch_names_the_ways_out(raw):
    for number in range(3):
        land(raw, number, "customers", "transactions")
    land(raw, 3, "customers")
    code, output = run("--date", str(night(3)))
    assert code == 75
    assert "core.transactions: delivered in 3 of the last 3 batches" in output
    for way in ("--wait MINUTES", "a file with its header alone", "seeds/policy/sources/delivery_expectations.csv"):
        assert way in output


# Files that can't be read.


@pytest.mark.parametrize("table", ["customers", "batches"])
def test_a_half_copied_file_of_the_night_is_an_incomplete_batch(raw, table):
    land(raw, 0, "customers")
    land(raw, 1, "customers")
    file = truncate(next(raw.glob(f"core/{table}/dt={night(1)}/*.parquet")))
    code, output = run("--date", str(night(1)))
    assert code == 75
    assert f"{file}: not readable yet" in output
    assert delivered(raw).last == night(0)
    assert str(file) in delivered(raw).lacking


@pytest.mark.parametrize("content", [b"", b"PAR1", b"customer_id,name\n1,x\n", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_foreign_file_of_the_night_is_named(raw, content):
    land(raw, 0, "customers")
    file = next(raw.glob(f"core/customers/dt={night(0)}/*.parquet")).with_name("other.parquet")
    file.write_bytes(content)
    code, output = run("--date", str(night(0)))
    assert code == 75
    assert f"{file}: not readable yet" in output


def test_control_rows_of_other_columns_are_named(raw):
    land(raw, 0, "customers")
    file = next(raw.glob(f"core/batches/dt={night(0)}/*.parquet"))
    duckdb.sql("select 1 as one").write_parquet(str(file))
    code, output = run("--date", str(night(0)))
    assert code == 75
    assert f"{file}: not readable yet (Binder Error)" in output


def test_a_damaged_control_file_of_an_older_batch_is_named(raw):
    for number in range(3):
        land(raw, number, "customers")
    file = truncate(next(raw.glob(f"core/batches/dt={night(0)}/*.parquet")))
    with pytest.raises(UnreadableFile, match=re.escape(str(file))):
        delivery_digests(raw)
    code, output = run("--date", str(night(2)))
    assert code == 75
    assert f"{file}: not readable yet" in output


def test_a_folder_that_is_no_business_date_is_no_batch(raw):
    land(raw, 0, "customers")
    folder = raw / "core" / "batches" / f"dt={night(0)}"
    shutil.copytree(folder, folder.with_name("dt=latest"))
    assert (delivered(raw).first, delivered(raw).last) == (night(0), night(0))


# The warehouse in another program's hands.


def held(path: Path, seconds: float, read_only: bool) -> subprocess.Popen:
    """A program that has the warehouse open."""
    code = f"""
import duckdb, time
con = duckdb.connect({str(path)!r}, read_only={read_only})
print('open', flush=True)
time.sleep({seconds})
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "open\n"
    return process


@pytest.fixture
def warehouse(raw) -> Path:
    path = raw.parent / "bank_tags.duckdb"
    duckdb.connect(str(path)).close()
    return path


@pytest.mark.parametrize("read_only", [True, False])
def test_a_client_that_has_the_warehouse_open_is_named_and_waited_for(warehouse, capsys, read_only):
    client = held(warehouse, 60, read_only)
    threading.Timer(1.5, client.kill).start()
    started = time.monotonic()
    wait_until_free(warehouse)
    assert time.monotonic() - started > 1
    said = capsys.readouterr().err
    assert re.search(rf"is held by \S*python\S* \(process {client.pid}\): waiting up to 10 minutes", said)
    duckdb.connect(str(warehouse)).close()
    client.wait()


def test_a_client_that_stays_is_named_when_the_time_is_up(warehouse, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_LOCK_WAIT", "0.01")
    client = held(warehouse, 60, read_only=False)
    try:
        with pytest.raises(WarehouseBusy, match=rf"\(process {client.pid}\) after 0.01 minutes: close it there"):
            wait_until_free(warehouse)
        code, output = run("--date", str(FIRST))
        assert code == 75
        assert f"(process {client.pid})" in output
        assert CliRunner().invoke(app, ["query", "select 1"]).exit_code == 2
    finally:
        client.kill()
        client.wait()


def test_dbt_waits_for_the_warehouse_too_and_knows_the_batches(warehouse, raw, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_LOCK_WAIT", "0.01")
    land(raw, 0, "customers")
    credentials = DuckDBCredentials(path=str(warehouse), schema="main")
    plugin = BasePlugin.create("banktags.nightly.dbt_batches", config={}, credentials=credentials)
    client = held(warehouse, 60, read_only=True)
    try:
        with pytest.raises(DbtRuntimeError, match=rf"\(process {client.pid}\)"):
            plugin.update_connection_config(credentials, {})
    finally:
        client.kill()
        client.wait()
    plugin.update_connection_config(credentials, {})
    with duckdb.connect() as con:
        plugin.configure_cursor(con)
        told = con.execute("select getvariable('first_batch'), getvariable('last_complete_batch')").fetchone()
    assert told == (str(night(0)), str(night(0)))


def test_a_reader_does_not_hold_up_a_reader(warehouse):
    client = held(warehouse, 60, read_only=True)
    try:
        started = time.monotonic()
        wait_until_free(warehouse, read_only=True)
        assert time.monotonic() - started < 1
    finally:
        client.kill()
        client.wait()


def test_a_wrong_time_to_wait_is_named(monkeypatch):
    monkeypatch.setenv("BANK_TAGS_LOCK_WAIT", "ten")
    with pytest.raises(WarehouseBusy, match="BANK_TAGS_LOCK_WAIT is 'ten', and must be a number of minutes"):
        lock_wait()


# What a scheduler reads.


def said_of_run(tmp_path: Path, *arguments: str) -> tuple[int, dict]:
    record = tmp_path / "run.json"
    code, _ = run(*arguments, "--record", str(record))
    return code, json.loads(record.read_text(encoding="utf-8"))


def test_a_run_says_on_file_that_the_batch_is_not_there_yet(raw, tmp_path):
    land(raw, 0, "customers")
    code, said = said_of_run(tmp_path, "--date", str(night(1)))
    assert (code, said["exit_code"], said["outcome"], said["dates"]) == (75, 75, "not_yet", [])
    assert said["ended_at"] >= said["started_at"]


def test_a_run_says_on_file_what_was_refused(raw, tmp_path):
    code, said = said_of_run(tmp_path, "--date", str(night(0)), "--to", str(night(1)))
    assert (code, said["outcome"]) == (2, "refused")
    assert "give either one date or a range" in said["message"]


def test_a_record_that_cannot_be_written_stops_the_run_before_it_begins(raw, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    code, said = run("--date", str(night(0)), "--record", str(tmp_path / "file" / "run.json"))
    assert code == 2 and "can't be written" in said


def test_a_date_that_was_recorded_and_not_published_is_run_again(raw, warehouse_of_a_night):
    """A kill between the ledger and the publication: the next command publishes it, if its day has not come yet."""
    assert _unpublished(read_ledger()) == night(0)
    assert _asked(read_ledger(), None, None, None, night(0)) == [night(0)]
    land(raw, 1, "customers")
    assert _asked(read_ledger(), None, None, None, night(0)) == [night(0), night(1)]
    last = datetime.datetime.combine(night(0), datetime.time())
    assert _asked(read_ledger(), None, None, last, night(0)) == []
    assert _asked(read_ledger(), None, last, last, night(0)) == [night(0)]


@pytest.fixture
def warehouse_of_a_night(raw) -> Path:
    """A working file whose ledger has a night, and no published file."""
    land(raw, 0, "customers")
    work_file().parent.mkdir()
    with duckdb.connect(str(work_file())) as con:
        con.execute(
            f"""
            create schema history;
            create table history.observed_dates as select date '{night(0)}' as as_of_date;
            create table history.business_dates as select as_of_date, 'd' as batch_digest from history.observed_dates
            """
        )
    return work_file()


# What `make clean` removes.


@pytest.mark.parametrize(
    ("batches", "is_demo"),
    [(["DEMO-20260630", "DEMO-20260629"], True), (["DEMO-20260630", "20260630-1"], False), ([], False), (None, False)],
)
def test_clean_removes_a_warehouse_of_the_demo_bank_only(warehouse, capsys, batches, is_demo):
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema staging")
        if batches is not None:
            con.execute("create table staging.base_core__batches (batch_id varchar)")
            for batch in batches:
                con.execute("insert into staging.base_core__batches values (?)", [batch])
    assert is_of_demo_bank(warehouse) == is_demo
    clean()
    assert warehouse.exists() != is_demo
    assert ("is kept" in capsys.readouterr().out) != is_demo


def test_a_second_night_compiles_anew():
    """An ephemeral model is written into its readers once for each manifest; each night is a run of its own."""
    nodes = {
        "model.p.read": SimpleNamespace(compiled=True, compiled_code="x", extra_ctes=["y"], extra_ctes_injected=True),
        "seed.p.policy": SimpleNamespace(),
    }
    node = as_parsed(SimpleNamespace(nodes=nodes)).nodes["model.p.read"]
    assert (node.compiled, node.compiled_code, node.extra_ctes, node.extra_ctes_injected) == (False, None, [], False)
