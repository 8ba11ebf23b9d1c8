"""Every check that can fail a night is explained once, in both languages, and says what it has to look at."""

import csv
import re
import shutil

import duckdb
import pytest
import yaml
from dbt_warehouse import Warehouse

from banktags.contract import PROJECT_ROOT

CHECKS = PROJECT_ROOT / "seeds" / "governance" / "checks.csv"
#: Tests of dbt and dbt_utils that the project uses.
COMMON_TESTS = {"not_null", "unique", "unique_combination_of_columns", "accepted_values", "relationships"}
TAG_SYSTEM = "assert_no_tag_violations"


def rows() -> dict[str, dict[str, str]]:
    """The rows of seed checks by check."""
    with CHECKS.open(encoding="utf-8", newline="") as file:
        return {row["check_name"]: row for row in csv.DictReader(file)}


def named_in(*patterns: str) -> set[str]:
    """The checks that the SQL of models/checks names, in the files of these patterns."""
    files = [path for pattern in patterns for path in (PROJECT_ROOT / "models" / "checks").glob(pattern)]
    found = {name for path in files for name in re.findall(r"'(\w+)' as check_name", path.read_text(encoding="utf-8"))}
    return found | {
        name
        for path in files
        for name in re.findall(r"\('(\w+)', '\w+'\)", path.read_text(encoding="utf-8"))
        if path.stem.startswith("staging_damage")
    }


def dbt_tests() -> dict[str, str]:
    """The severity of each test of the project by its name: error, warn or by setting."""
    found = {}
    for path in (PROJECT_ROOT / "tests" / "dbt").rglob("*.sql"):
        if "fixtures" not in path.parts:
            said = re.search(r"severity='(\w+)'( if)?", path.read_text(encoding="utf-8"))
            found[path.stem] = "error" if said is None else "by setting" if said[2] else said[1]
    return found


def start_of_run() -> dict[str, str]:
    """The severity of each check at the start of a run."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    names = [re.search(r"(\w+)\(", hook)[1] for hook in project["on-run-start"]]
    return {name: "warn" if name.startswith("warn") else "error" for name in names if re.match("check_|warn_", name)}


def test_each_check_of_the_tag_system_is_explained():
    explained = {name for name, row in rows().items() if row["test_name"] == TAG_SYSTEM}
    assert named_in("check__*.sql", "tag_violations.sql") - dbt_tests().keys() == explained


def test_each_check_of_the_deliveries_is_explained():
    explained = {name for name, row in rows().items() if row["test_name"] == "assert_no_mass_damage"}
    assert named_in("staging_damage*.sql") == explained - {"assert_no_mass_damage"}


def test_each_test_and_each_check_before_a_run_is_explained_with_its_severity():
    alone = {name: row["severity"] for name, row in rows().items() if row["test_name"] == name}
    assert alone == (
        {name: severity for name, severity in dbt_tests().items() if name != TAG_SYSTEM}
        | dict.fromkeys(COMMON_TESTS, "error")
        | start_of_run()
    )


def test_each_scope_is_one_that_the_model_lists():
    text = (PROJECT_ROOT / "models" / "checks" / "check_scopes.sql").read_text(encoding="utf-8")
    listed = set(re.findall(r"'([a-z ]+)'(?: end)? as scope|then '([a-z ]+)'|else '([a-z ]+)'", text))
    scopes = {scope for found in listed for scope in found if scope}
    kinds = {f"{word} tags" for word in ("fact", "rule", "model", "derived")}
    states = {f"{word} tags" for word in ("draft", "certified", "deprecated", "retired")}
    assert {row["scope"] for row in rows().values()} - {""} <= scopes | kinds | states


def test_each_check_of_the_tag_system_has_a_scope():
    """The exceptions alone are judged by what the other checks find."""
    without = {name for name, row in rows().items() if row["test_name"] == TAG_SYSTEM and not row["scope"]}
    assert without == {"exception_needed"}


@pytest.mark.parametrize("check", rows())
def test_a_check_reads_in_both_languages(check):
    row = rows()[check]
    for part in ("what", "why", "remedy"):
        chinese, english = row[f"{part}_zh"], row[f"{part}_en"]
        assert re.search("[一-龥]", chinese) and chinese.endswith("。"), chinese
        assert not re.search(r"[,;:!?]", re.sub(r"[\w.<>]*\w[\w.]*: ?\w+|[\x20-\x7e]{12,}", "", chinese)), chinese
        assert re.match("[A-Z]", english) and english.endswith("."), english
        assert not re.search(r"\b(he|his|him)\b", english), english


#: What is taken from the view of a check in a built warehouse, and what the night says of it.
LEFT_OUT = {
    "check__references": (
        "check_name <> 'unit_given' and not (check_name = 'values_listed' and tag_code = 'gender')",
        ["unit_given: it left out", "values_listed: it left out 1 of the"],
    ),
    "check__glossary": ("false", ["glossary_resolves: it left out"]),
}


@pytest.mark.slow
def test_a_check_that_looks_at_less_than_all_fails_the_night(demo_warehouse, tmp_path):
    """A join that finds nothing makes a check pass in silence; what it had to look at tells."""
    copy = Warehouse(tmp_path / "warehouse", demo_warehouse.raw)
    shutil.copytree(demo_warehouse.folder, copy.folder, ignore=shutil.ignore_patterns("lists"))
    with duckdb.connect(str(copy.database)) as connection:
        for number, (view, (kept, _)) in enumerate(LEFT_OUT.items()):
            connection.execute(f"create table governance.kept_{number} as select * from governance.{view} where {kept}")
            connection.execute(f"create or replace view governance.{view} as select * from governance.kept_{number}")
    models = ("tag_violations", "tag_checks", "check_outcomes")
    copy.dbt("run", "--select", *models)
    run = copy.dbt("test", "--select", "assert_no_tag_violations", "assert_every_check_looks", check=False)
    outcomes = {node.split(".")[2]: status for node, status in copy.results().items() if node.startswith("test.")}
    assert outcomes == {
        "assert_no_tag_violations": "pass",
        "assert_every_check_looks": "fail",
    }
    for _, said in LEFT_OUT.values():
        for line in said:
            assert line in run.stdout, run.stdout
