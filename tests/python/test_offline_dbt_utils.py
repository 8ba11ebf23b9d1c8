"""offline_packages/dbt_utils passes and fails where the documentation of dbt_utils says, and so does the real package.

The real package is compared where a checkout is at hand: ``DBT_UTILS_PATH=/path/to/dbt-utils pytest -k offline``.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from banktags.contract import PROJECT_ROOT
from banktags.packages import DBT, provide

OFFLINE = PROJECT_ROOT / "offline_packages" / "dbt_utils"
REAL = os.environ.get("DBT_UTILS_PATH")


@dataclass(frozen=True)
class Case:
    """One data test of the package on one small table, and how many failing rows its documentation promises."""

    name: str
    test: str
    arguments: dict
    table: str
    failures: int


CASES = [
    Case(
        name="no_two_rows_agree",
        test="unique_combination_of_columns",
        arguments={"combination_of_columns": ["customer_id", "dt"]},
        table="select * from (values ('c1', 1), ('c1', 2), ('c2', 1)) as rows (customer_id, dt)",
        failures=0,
    ),
    Case(
        name="each_repeated_combination_once",
        test="unique_combination_of_columns",
        arguments={"combination_of_columns": ["customer_id", "dt"]},
        table="select * from (values ('c1', 1), ('c1', 1), ('c1', 1), ('c2', 2), ('c2', 2)) as rows (customer_id, dt)",
        failures=2,
    ),
    Case(
        name="nulls_agree_with_nulls",
        test="unique_combination_of_columns",
        arguments={"combination_of_columns": ["customer_id", "dt"]},
        table="select * from (values ('c1', null), ('c1', null)) as rows (customer_id, dt)",
        failures=1,
    ),
    Case(
        name="quoted_names",
        test="unique_combination_of_columns",
        arguments={"combination_of_columns": ["customer id", "dt"], "quote_columns": True},
        table="select * from (values ('c1', 1), ('c1', 1)) as rows (\"customer id\", dt)",
        failures=1,
    ),
    Case(
        name="an_empty_table",
        test="unique_combination_of_columns",
        arguments={"combination_of_columns": ["customer_id"]},
        table="select 'c1' as customer_id where false",
        failures=0,
    ),
]


def outcomes(package: Path, project: Path) -> dict[str, int]:
    """Failing rows by case, from a dbt project of its own that has ``package`` as dbt_utils."""
    shutil.copytree(package, project / "dbt_packages" / "dbt_utils", ignore=shutil.ignore_patterns("integration_tests"))
    shutil.copy(PROJECT_ROOT / "packages.yml", project)
    (project / "models").mkdir()
    for case in CASES:
        (project / "models" / f"{case.name}.sql").write_text(case.table)
    files = {
        "dbt_project.yml": {
            "name": "cases",
            "profile": "cases",
            "flags": {"require_generic_test_arguments_property": True, "send_anonymous_usage_stats": False},
        },
        "profiles.yml": {"cases": {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": ":memory:"}}}},
        "models/cases.yml": {
            "models": [
                {"name": case.name, "data_tests": [{f"dbt_utils.{case.test}": {"arguments": case.arguments}}]}
                for case in CASES
            ]
        },
    }
    for name, content in files.items():
        (project / name).write_text(yaml.safe_dump(content))
    subprocess.run([DBT, "--quiet", "build", "--target-path", "target"], cwd=project, capture_output=True)
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    tests = [result for result in results if result["unique_id"].startswith("test.")]
    return {
        manifest["nodes"][test["unique_id"]]["attached_node"].removeprefix("model.cases."): test["failures"]
        for test in tests
    }


EXPECTED = {case.name: case.failures for case in CASES}


def test_offline_package_does_what_the_documentation_says(tmp_path):
    assert outcomes(OFFLINE, tmp_path) == EXPECTED


@pytest.mark.skipif(not REAL, reason="DBT_UTILS_PATH does not point to a checkout of dbt-labs/dbt-utils")
def test_real_package_does_the_same(tmp_path):
    assert outcomes(Path(REAL), tmp_path) == EXPECTED


def test_every_offline_macro_has_a_case_and_stands_in_the_readme():
    macros = {path.stem for path in (OFFLINE / "macros").glob("*.sql")}
    assert macros == {case.test for case in CASES}
    readme = (OFFLINE / "README.md").read_text(encoding="utf-8")
    assert [macro for macro in sorted(macros) if f"| `{macro}(" not in readme] == []


def project_with_offline_package(root: Path) -> Path:
    shutil.copytree(OFFLINE, root / "offline_packages" / "dbt_utils")
    return root


def test_without_the_hub_the_offline_package_is_installed(tmp_path):
    root = project_with_offline_package(tmp_path)
    unreachable = (sys.executable, "-c", "import shutil, sys; shutil.rmtree('dbt_packages', True); sys.exit(2)")
    assert "offline_packages/dbt_utils" in provide(root, unreachable)
    assert (root / "dbt_packages" / "dbt_utils" / "dbt_project.yml").exists()


def test_with_the_hub_the_real_package_stays(tmp_path):
    root = project_with_offline_package(tmp_path)
    reachable = (sys.executable, "-c", "from pathlib import Path; Path('dbt_packages/dbt_utils').mkdir(parents=True)")
    assert provide(root, reachable) == "dbt_utils: installed from the dbt hub."
    assert list((root / "dbt_packages" / "dbt_utils").iterdir()) == []
