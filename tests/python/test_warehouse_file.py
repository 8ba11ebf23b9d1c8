"""The warehouse as a file: renamed, copied, in any folder; and one that is not where a setting says."""

import re
import shutil

import duckdb
import pytest
from dbt_warehouse import Warehouse
from deliveries import DATE, customers, deliver, landed
from typer.testing import CliRunner

from banktags.cli import COMMANDS, app, command

NAME = "it's [a] *{bank} 数据"


def answers(file) -> list[str]:
    """Names of the views of a warehouse; each must answer, at least with its columns."""
    with duckdb.connect(str(file), read_only=True) as con:
        views = con.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
        for schema, view in views:
            con.execute(f'describe select * from "{schema}"."{view}"')
    return [view for _, view in views]


@pytest.mark.slow
def test_copied_warehouse_answers(demo_warehouse, tmp_path):
    copy = tmp_path / f"{NAME}.duckdb"
    shutil.copy(demo_warehouse.database, copy)
    assert {"customer_tags_long", "tag_history", "stg_core__customers"} <= {*answers(copy)}


@pytest.mark.slow
@pytest.mark.long
def test_quotes_and_signs_of_patterns_in_every_path(tmp_path):
    folder = tmp_path / NAME
    warehouse = Warehouse(folder, folder / "raw")
    landed(deliver(folder / "from", {"core__customers.csv": customers("C1", branch_id="B1")}), warehouse.raw, *DATE)
    # The second run compares what has landed since with the contract, file by file.
    for _ in range(2):
        kinds = ("--exclude-resource-type", "test", "unit_test")
        warehouse.dbt("build", *kinds, "--select", "+stg_core__customers", "--vars", "as_of_date: 2026-06-30")
    assert warehouse.rows("select customer_id from staging.stg_core__customers") == [("C1",)]
    moved = warehouse.database.rename(folder / "moved.duckdb")
    assert "stg_core__customers" in answers(moved)


#: Each command that reads a warehouse, as it is called.
READING = (
    ("audience", "list"),
    ("audience", "estimate", "is_young_customer", "--product", "WP03", "--channel", "APP"),
    ("audience", "freeze", "new_card", "--campaign", "CAMP-NEW-CARD", "--reason", "a test"),
    ("audience", "export", "new_card", "--to", "export.csv", "--reason", "a test"),
    ("backup", "backup.tar", "--by", "Li"),
    ("campaign", "calibrate"),
    ("campaign", "report", "--out", "campaigns"),
    ("explain", "C100000001", "aum_tier", "--role", "risk"),
    ("freeze-rfm",),
    ("portrait", "customer", "C100000001", "--role", "risk"),
    ("portrait", "group", "is_young_customer", "--role", "risk"),
    ("publish", "--by", "Li"),
    ("publish", "--check"),
    ("publish", "--verify"),
    ("publish-postgres", "--by", "Li"),
    ("query", "select 1"),
    ("query", "--work", "select 1"),
    ("query", "select 1", "--to", "rows.csv", "--reason", "a test"),
    ("review", "--out", "review.html"),
    ("rollback", "--by", "Li", "--reason", "a test"),
    ("tiers", "simulate"),
    ("versions",),
    ("versions", "--json"),
)
#: Those that read none, or begin one.
OTHERS = {"load", "new", "parity", "restore", "run", "simulate", "tag"}
OTHERS |= {"catalogue certify", "catalogue conditions", "catalogue seal", "catalogue sync", "portrait log"}
#: They read what dbt has left in its target folder first, and the warehouse then.
AFTER_TARGET = {"catalogue site", "summary"}


def test_every_command_is_known_to_read_a_warehouse_or_not():
    found = {
        name if group is None or name in OTHERS else f"{name} {group}"
        for name in COMMANDS
        for group in getattr(command(name), "commands", {None: None})
    }
    reading = {
        " ".join(called[:2]) if called[0] in {"audience", "campaign", "portrait", "tiers"} else called[0]
        for called in READING
    }
    assert found == reading | OTHERS | AFTER_TARGET


@pytest.mark.parametrize("called", READING, ids=" ".join)
def test_a_file_that_is_not_where_a_setting_says_is_named_and_nothing_is_made(called, tmp_path, monkeypatch):
    """A mistyped name would leave folders, and pass for a bank of which nothing is published yet."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"DB": "typo/bank.duckdb", "LISTS": "lists", "PORTRAITS": "portraits"}.items():
        monkeypatch.setenv(f"BANK_TAGS_{name}", str(tmp_path / value))
    monkeypatch.delenv("BANK_TAGS_WORK", raising=False)
    result = CliRunner().invoke(app, called, env={"COLUMNS": "300"})
    said = re.sub(r"[│╭╮╰╯─\s]+", " ", result.output)
    assert result.exit_code in (1, 2), result.exception
    asks_work = "--work" in called or called == ("publish", "--by", "Li")
    place = "typo/building/bank.duckdb" if asks_work else "typo/bank.duckdb"
    assert f"{tmp_path / place} does not exist: correct BANK_TAGS_DB, by which it is named, or run make build" in said
    assert list(tmp_path.iterdir()) == []


def test_the_setting_of_the_working_file_is_named_where_it_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_DB", str(tmp_path / "bank.duckdb"))
    monkeypatch.setenv("BANK_TAGS_WORK", str(tmp_path / "typo" / "bank.duckdb"))
    result = CliRunner().invoke(app, ["query", "--work", "select 1"], env={"COLUMNS": "300"})
    assert result.exit_code == 2 and "correct BANK_TAGS_WORK, by which it is named" in result.output
    monkeypatch.delenv("BANK_TAGS_DB")
    monkeypatch.delenv("BANK_TAGS_WORK")
    monkeypatch.setattr("banktags.warehouse.PROJECT_ROOT", tmp_path)
    result = CliRunner().invoke(app, ["query", "select 1"], env={"COLUMNS": "300"})
    assert result.exit_code == 2 and "let BANK_TAGS_DB name another one, or run make build" in result.output
    assert list(tmp_path.iterdir()) == []
