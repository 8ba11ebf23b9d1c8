"""The commands a newcomer meets first: ``make help``, ``banktags --help``, ``query`` and ``summary``."""

import json
import os
import re
import subprocess
import sys

import duckdb
import pytest
from typer.testing import CliRunner

from banktags.cli import COMMANDS, app, command
from banktags.contract import PROJECT_ROOT
from banktags.query import MAX_ROWS
from banktags.summary import built


@pytest.fixture
def warehouse(tmp_path, monkeypatch):
    """A tiny warehouse that ``banktags query`` finds."""
    path = tmp_path / "bank_tags.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table tags as select * from (values ('c1', '高净值'), ('c2', null)) as t (id, tier)")
    monkeypatch.setenv("BANK_TAGS_DB", str(path))
    return path


def query(sql: str) -> tuple[int, str]:
    """Exit code and output of ``banktags query``, with the frame of error messages taken away."""
    result = CliRunner().invoke(app, ["query", sql])
    return result.exit_code, re.sub(r"[│╭╮╰╯─\s]+", " ", result.output)


def test_make_help_lists_each_target_with_what_it_does():
    output = subprocess.run(["make", "help"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("build", "test", "docs", "clean", "help", "setup", "lint", "lock", "bench"):
        assert re.search(rf"^  make {target} +\S+", output, re.MULTILINE), target


def make(*arguments: str) -> str:
    return subprocess.run(["make", *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout


def test_make_hands_on_the_date_and_the_currency():
    assert "BASE_CURRENCY=CZK" in make("help")
    # In quotes, so that a date that is none reaches the check of the variables and not YAML's own.
    assert """--vars '{as_of_date: "2026-02-30"}'""" in make("--dry-run", "build", "AS_OF=2026-02-30")
    shown = ("--eval", "shown: ; @echo currency=$$BANK_TAGS_CURRENCY", "shown")
    assert "currency=CZK\n" in make(*shown, "BASE_CURRENCY=CZK")


def test_make_clean_asks_whether_the_warehouse_is_of_the_demo_bank():
    said = make("--dry-run", "clean", "BANK_TAGS_DB=own.duckdb")
    assert "banktags.demo_warehouse" in said
    assert not re.search(r"rm [^;]*own\.duckdb", said)


def test_help_lists_each_command():
    output = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "300", "TERMINAL_WIDTH": "300"}).output
    for name, (_, line) in COMMANDS.items():
        assert re.search(rf"\b{name} +{re.escape(line)}", output), name
        # What the list says of a command is what its own help begins with.
        assert " ".join((command(name).help or "").split("\n\n")[0].split()) == line


#: What takes longest to import, of which these commands need nothing: dbt, and what only some of them need.
HEAVY = {"dbt", "agate", "pandas", "numpy", "pyarrow", "sqlfluff", "sqlglot", "jinja2", "pyspark"}
#: Runs a command, and says on its last line what it has imported.
IMPORTED = """
import sys
from banktags.cli import app
try:
    app()
finally:
    print()
    print(*(name for name in sys.modules if "." not in name))
"""


@pytest.mark.parametrize(
    ("arguments", "may_need"),
    [
        ("--help", set()),
        ("query --help", set()),
        ("query select(1)", set()),
        ("explain C1 aum_tier --role compliance", set()),
        ("freeze-rfm --help", set()),
        ("load --help", set()),
        ("parity --help", set()),
        ("summary --help", set()),
        ("tag advance --help", set()),
        ("tiers simulate --help", set()),
        ("new mapping --help", {"sqlglot"}),
        ("simulate --help", {"jinja2"}),
        ("portrait log", {"jinja2"}),
        ("campaign report", {"jinja2"}),
        ("review", {"jinja2"}),
        ("audience list", {"jinja2", "sqlglot"}),
        ("catalogue conditions --check", {"jinja2", "sqlglot"}),
        ("catalogue sync --help", {"jinja2", "sqlglot"}),
    ],
)
def test_commands_that_need_no_dbt_do_not_import_it(arguments, may_need, warehouse, tmp_path):
    """Whether they end well or not: dbt alone would take three times the half second in which they start."""
    run = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments.split()],
        env={**os.environ, "BANK_TAGS_LISTS": str(tmp_path / "lists")},
        capture_output=True,
        text=True,
    )
    imported = set(run.stdout.splitlines()[-1].split())
    assert "typer" in imported
    assert not imported & (HEAVY - may_need)


def test_query_prints_a_table(warehouse):
    code, output = query("select * from tags order by id")
    assert code == 0
    assert "c1" in output and "高净值" in output and "None" not in output


def test_query_prints_a_wide_row_column_by_column(warehouse):
    code, output = query("select " + ", ".join(f"{n} as column_{n}" for n in range(30)))
    assert code == 0
    assert "column_0 0 column_1 1" in output.replace("┃", "")


def test_query_says_when_there_are_more_rows(warehouse):
    assert f"these are the first {MAX_ROWS}" in query(f"select * from range({MAX_ROWS + 1})")[1]
    assert "first" not in query(f"select * from range({MAX_ROWS})")[1]


def test_query_cannot_change_the_warehouse(warehouse):
    code, output = query("drop table tags")
    assert code == 2
    assert "read-only" in output


def test_a_wrong_query_names_the_place(warehouse):
    code, output = query("select teir from tags")
    assert code == 2
    assert 'Candidate bindings: "tier"' in output


def test_a_missing_warehouse_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_DB", str(tmp_path / "none.duckdb"))
    code, output = query("select 1")
    assert code == 2
    assert "run make build" in output


def test_a_file_that_is_no_warehouse_is_named(tmp_path, monkeypatch):
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 1000)
    monkeypatch.setenv("BANK_TAGS_DB", str(path))
    code, output = query("select 1")
    assert code == 2
    assert "cannot be opened for reading" in output


def test_summary_reads_where_dbt_writes(tmp_path, monkeypatch):
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    result = CliRunner().invoke(app, ["summary"])
    assert result.exit_code == 2 and re.sub(r"\W", "", str(tmp_path)) in re.sub(r"\W", "", result.stderr)


def test_summary_counts_kinds_and_names_what_was_not_plain_success(tmp_path):
    statuses = {"model.a.x": "success", "model.a.y": "success", "seed.a.z": "success", "test.a.t": "warn"}
    results = [{"unique_id": node, "status": status} for node, status in statuses.items()]
    run_results = tmp_path / "run_results.json"
    run_results.write_text(json.dumps({"results": results}))
    assert built(run_results) == "2 models, 1 seeds, 1 data tests: 1 warn"


def test_dbt_on_spark_finds_the_guard_of_seeds_and_settings_too():
    """The environment of Spark has not installed this project; a line puts it on the path there."""
    said = make("--dry-run", "spark-setup")
    assert f"echo '{PROJECT_ROOT}' > " in said
    assert "/bank_tags.pth" in said
