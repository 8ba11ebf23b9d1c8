"""Tests that write into the project are refused: the run record of the last night is not a test's to replace."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from own_folders import LOGS, TARGET, WritesInProject, watched
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.nightly.run_record import record_file

WRITES: dict[str, Callable[[Path], object]] = {
    "open": lambda folder: (folder / "new").open("w"),
    "append": lambda folder: (folder / "kept").open("a"),
    "os.open": lambda folder: os.open(folder / "new", os.O_CREAT | os.O_WRONLY),
    "mkdir": lambda folder: (folder / "more").mkdir(),
    "remove": lambda folder: (folder / "kept").unlink(),
    "rename": lambda folder: (folder / "kept").rename(folder / "other"),
    "link": lambda folder: os.link(folder / "kept", folder / "other"),
    "relative": lambda folder: Path("new").write_text("x", encoding="utf-8"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_refused_and_does_nothing(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").write_text("kept", encoding="utf-8")
    with watched(tmp_path), pytest.raises(WritesInProject, match="folders of its own only"):
        WRITES[write](tmp_path)
    assert {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()} == {"kept": "kept"}


def test_what_is_read_and_what_is_of_the_tests_or_their_tools_is_not(tmp_path):
    (tmp_path / TARGET).mkdir(parents=True)
    (tmp_path / "__pycache__").mkdir()
    with watched(tmp_path):
        for place in (TARGET, "__pycache__"):
            (tmp_path / place / "new").write_text("x", encoding="utf-8")
        assert (tmp_path / TARGET / "new").read_text(encoding="utf-8") == "x"


def test_every_test_of_this_session_is_watched():
    with pytest.raises(WritesInProject):
        (PROJECT_ROOT / "target" / "banktags_run.json").write_text("{}", encoding="utf-8")


def test_dbt_and_runs_have_folders_of_their_own_here_and_in_children():
    assert record_file().parent == PROJECT_ROOT / TARGET
    told = "import os; print(os.environ['DBT_TARGET_PATH'], os.environ['DBT_LOG_PATH'])"
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    assert said.split() == [TARGET, LOGS]


def test_a_run_that_is_refused_leaves_its_record_with_the_tests(tmp_path, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_DB", str(tmp_path / "bank.duckdb"))
    monkeypatch.setenv("BANK_TAGS_RAW", str(tmp_path / "raw"))
    assert CliRunner().invoke(app, ["run"]).exit_code == 2
    assert (PROJECT_ROOT / TARGET / "banktags_run.json").exists()
