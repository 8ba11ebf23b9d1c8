"""A command that is told to end, at whatever moment, does so with one line and exit code 128 + the signal's number."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import duckdb
import pytest
import typer
from dbt_warehouse import KEY
from published_bank import DATE, build, published, read
from tiny_bank import accounts, customers, deliver

from banktags import stopping
from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file
from banktags.warehouse import warehouse_file, work_file

#: Commands that run dbt in their own process, as they are called.
COMMANDS = {
    "run": ("run", "--date", str(DATE)),
    "publish": ("publish", "--by", "Li"),
    "tiers": ("tiers", "simulate", "--grace-days", "60"),
    "calibrate": ("campaign", "calibrate", "--campaigns", "20"),
}
#: How a line of ``python -X importtime`` begins, which tells on stderr what has just been imported.
IMPORTED = "import time:"


@pytest.fixture
def bank(publishing_places, monkeypatch) -> Path:
    """A bank of a few rows with a batch, built and published; its date is to be run, or published, again."""
    monkeypatch.setenv("BANK_TAGS_RAW", str(publishing_places / "raw"))
    monkeypatch.setenv("BANK_TAGS_PII_KEY", KEY)
    deliver(
        publishing_places / "batch",
        publishing_places / "raw",
        DATE,
        {"core.customers": customers("1"), "core.accounts": accounts("1")},
    )
    build()
    with duckdb.connect(str(work_file())) as con:
        con.execute(f"create table policy.tier_policy as from read_csv('{seed_file('tier_policy')}')")
        con.execute("alter table policy.tier_policy alter valid_to type date")
    published()
    return publishing_places


def told_to_end(number: int, after: str, seconds: float, *arguments: str) -> tuple[int, list[str]]:
    """Exit code and lines of a command that gets a signal so long after it has imported a module."""
    command = [sys.executable, "-X", "importtime", "-m", "banktags", *arguments]
    environment = os.environ | {"COLUMNS": "200", "DBT_LOG_LEVEL_FILE": "none"}
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        before = []
        for line in process.stderr:
            before.append(line)
            if line.startswith(IMPORTED) and line.split("|")[-1].strip() == after:
                break
        else:
            pytest.fail(f"{after} is not imported: {before[-5:]}")
        time.sleep(seconds)
        process.send_signal(number)
        printed, said = process.communicate(timeout=120)
    lines = [*before, *said.splitlines(), *printed.splitlines()]
    return process.returncode, [line for line in lines if line.strip() and not line.startswith(IMPORTED)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_before_it_has_read_what_it_needs(bank, number):
    """While the library of commands is read, and while the command is."""
    for after in ("typer.colors", "typer", "banktags.cli"):
        code, lines = told_to_end(number, after, 0, *COMMANDS["publish"])
        assert (code, lines) == (128 + number, [stopping.LINE]), after


@pytest.mark.parametrize(
    "command", ["publish", *(pytest.param(name, marks=pytest.mark.slow) for name in COMMANDS if name != "publish")]
)
def test_in_the_midst_of_dbt(bank, command):
    """While dbt is imported, begins, and reads the project: it would print a traceback."""
    version = warehouse_file().stat().st_ino
    moments = (
        (signal.SIGINT, "dbt.cli.params", 0),
        (signal.SIGTERM, "banktags.rendered_texts", 0),  # by our plugin of dbt, after it has begun
        (signal.SIGINT, "banktags.rendered_texts", 2),
    )
    for number, after, seconds in moments:
        code, lines = told_to_end(number, after, seconds, *COMMANDS[command])
        assert code == 128 + number and len(lines) == 1, (after, lines)
        assert re.fullmatch(r"Stopped.*\. Run (this|the same command) again\.", lines[0])
    assert warehouse_file().stat().st_ino == version
    assert read("select max(as_of_date) from marts.customer_tags") == [(DATE,)]
    # The file is free for whoever comes next.
    duckdb.connect(str(work_file())).close()


def test_dbt_runs_in_one_place_only():
    """A command that ran it otherwise would not end so."""
    package = PROJECT_ROOT / "banktags"
    found = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if re.search(r"\bdbtRunner\b|signal\.signal\(", file.read_text(encoding="utf-8"))
    }
    # Records end by a closed terminal too, in the moment in which a list and its record get their names.
    assert found == {"dbt_runs.py", "stopping.py", "records.py"}


def test_whatever_the_signal_has_become_on_its_way_one_line_is_said(capsys):
    for become in (KeyboardInterrupt(), RuntimeError("Query interrupted"), ImportError("half there"), duckdb.Error()):
        with pytest.raises(SystemExit) as ended, stopping.ending_with("Stopped: all is whole."), stopping.listening():
            with pytest.raises(stopping.Stopped):
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(1)
            raise become
        assert ended.value.code == 143
        assert capsys.readouterr().err == "Stopped: all is whole.\n"


@pytest.mark.parametrize("number", stopping.SIGNALS)
def test_a_signal_while_the_command_begins_to_listen_is_told_too(capsys, monkeypatch, number):
    """It may come between two of its lines, as soon as there is who hears it."""
    install, before = signal.signal, [signal.getsignal(each) for each in stopping.SIGNALS]

    def heard_at_once(each: int, handler: Any) -> None:
        install(each, handler)
        if each == number and handler is not before[stopping.SIGNALS.index(number)]:
            signal.raise_signal(number)

    monkeypatch.setattr(stopping.signal, "signal", heard_at_once)
    with pytest.raises(SystemExit) as ended, stopping.ending_with("Stopped: all is whole."), stopping.listening():
        pytest.fail("it goes on")
    assert ended.value.code == 128 + number
    assert capsys.readouterr().err == "Stopped: all is whole.\n"
    assert [signal.getsignal(each) for each in stopping.SIGNALS] == before


def test_a_signal_while_the_command_line_is_read_is_told_too(capsys):
    """Typer makes a silent end of it there."""
    app = typer.Typer()

    @app.command()
    def told(option: Annotated[str, typer.Option(callback=lambda _: signal.raise_signal(signal.SIGTERM))] = "") -> None:
        pytest.fail("it goes on")

    with pytest.raises(SystemExit) as ended, stopping.ending_with("Stopped: all is whole."), stopping.listening():
        app([])
    assert ended.value.code == 143
    assert capsys.readouterr().err == "Stopped: all is whole.\n"


def test_what_has_been_said_is_said_once(capsys):
    with pytest.raises(SystemExit), stopping.ending_with(), stopping.listening(), stopping.ending_with("Stopped: it."):
        signal.raise_signal(signal.SIGINT)
    assert capsys.readouterr().err == "Stopped: it.\n"


def test_a_fault_of_a_command_that_nobody_told_to_end_stays_what_it_is():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError, match="a fault"), stopping.ending_with(), stopping.listening():
        raise RuntimeError("a fault")
    assert signal.getsignal(signal.SIGINT) is before
