"""Settings BANK_TAGS_…: what each admits, and names that nobody reads."""

import re

import pytest
from dbt.cli.main import dbtRunner
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.settings import SETTINGS, setting_faults, unknown_settings, warn_unknown_settings

FOLDERS = ("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT))
#: Where settings are read: files of the repository.
READERS = (
    "banktags/**/*.py",
    "dbt_bank_tags/*.py",
    "macros/**/*.sql",
    "*.yml",
    "Makefile",
    "tests/**/*.py",
    "benchmarks/**/*.py",
)


def test_every_setting_that_is_read_is_known():
    files = [path for pattern in READERS for path in PROJECT_ROOT.glob(pattern)]
    read = {
        name
        for path in files
        if path.name not in ("test_settings.py", "settings.py")
        for name in re.findall(r"\bBANK_TAGS_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    assert read - SETTINGS.keys() == set(), "add it to SETTINGS of banktags/settings.py, with what it admits"
    assert SETTINGS.keys() - read == set(), "nobody reads it: delete it from SETTINGS"


SAID = {
    "BANK_TAGS_THREADS": ["abc", "0", "-2", "2.5", "1e3", "٢", "", "10000"],
    "BANK_TAGS_MEMORY": ["3", "3 potatoes", "-3GB", "0GB", "GB", "1e3GB", "80%", "3MB", "5000TB", "", "3GBB"],
    "BANK_TAGS_LOCK_WAIT": ["abc", "-1", "ten", "", "1e9", "nan", "99999"],
    "BANK_TAGS_CURRENCY": ["cny", "RMB¥", "CNY ", "CN", "x' or 1=1"],
    "BANK_TAGS_DB": ["", " ", " warehouse/a.duckdb"],
    "BANK_TAGS_RAW": ["", "data/raw "],
    "BANK_TAGS_SPARK_PORT": ["0", "70000", "abc"],
    "BANK_TAGS_SPARK_METHOD": ["thrfit", "session"],
    "BANK_TAGS_SPARK_PARTITIONS": ["0", "many"],
}


@pytest.mark.parametrize("name", SAID)
def test_what_a_setting_does_not_admit_is_named(name):
    for value in SAID[name]:
        (line,) = setting_faults({name: value})
        assert line.startswith(f"{name} is {value!r}, and must be "), line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BANK_TAGS_THREADS", "8"),
        ("BANK_TAGS_MEMORY", "3GB"),
        ("BANK_TAGS_MEMORY", "512MB"),
        ("BANK_TAGS_MEMORY", "3g"),
        ("BANK_TAGS_MEMORY", "1.5 GiB"),
        ("BANK_TAGS_LOCK_WAIT", "0"),
        ("BANK_TAGS_LOCK_WAIT", "0.5"),
        ("BANK_TAGS_CURRENCY", ""),
        ("BANK_TAGS_CURRENCY", "CZK"),
        ("BANK_TAGS_DB", "/tmp/a folder/b.duckdb"),
        ("BANK_TAGS_PII_KEY", ""),
    ],
)
def test_what_it_admits_is_not_refused(name, value):
    assert setting_faults({name: value}) == []


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("BANK_TAGS_THREAD", "BANK_TAGS_THREADS"),
        ("BANK_TAGS_MEMROY", "BANK_TAGS_MEMORY"),
        ("BANK_TAGS_LOCKWAIT", "BANK_TAGS_LOCK_WAIT"),
        ("BANKTAGS_DB", "BANK_TAGS_DB"),
        ("BANK_TAG_CURRENCY", "BANK_TAGS_CURRENCY"),
        ("bank_tags_currency", "BANK_TAGS_CURRENCY"),
        ("BANK_TAGS_PIIKEY", "BANK_TAGS_PII_KEY"),
    ],
)
def test_a_mistyped_name_is_told_with_the_nearest(mistyped, meant):
    said = unknown_settings({mistyped: "x", "PATH": "/bin", "BANK": "y"})
    assert said == [f"{mistyped} is no setting of bank-tags and does nothing: did you mean {meant}?"]


def test_banktags_refuses_before_a_command_and_warns_of_a_name(monkeypatch):
    warn_unknown_settings.cache_clear()
    monkeypatch.setenv("BANK_TAGS_THREADS", "abc")
    monkeypatch.setenv("BANK_TAGS_MEMROY", "3GB")
    result = CliRunner().invoke(app, ["summary"], env={"COLUMNS": "300"})
    warn_unknown_settings.cache_clear()
    assert result.exit_code == 2
    assert "BANK_TAGS_THREADS is 'abc', and must be a whole number from 1 to 999" in result.output
    assert "BANK_TAGS_MEMROY is no setting of bank-tags" in result.output


def test_dbt_refuses_before_it_reads_the_project(monkeypatch):
    """Whatever else the profile would make of it."""
    monkeypatch.setenv("BANK_TAGS_THREADS", "abc")
    monkeypatch.setenv("BANK_TAGS_MEMORY", "3 potatoes")
    result = dbtRunner().invoke(["--quiet", "--log-level", "none", "parse", *FOLDERS])
    assert not result.success
    said = str(result.exception)
    assert "BANK_TAGS_THREADS is 'abc', and must be a whole number" in said
    assert "BANK_TAGS_MEMORY is '3 potatoes', and must be a number with its unit" in said
