"""The field's own inspector on this project: ``python benchmarks/project_evaluator.py --packages DIR``.

DIR holds checkouts of dbt-labs/dbt-project-evaluator (as ``dbt_project_evaluator``) and dbt-labs/dbt-utils (as
``dbt_utils``): from ``dbt deps`` where the hub can be reached, else from GitHub. The evaluator is no part of the
project: it is built in a copy, in a warehouse of its own, and reads the graph alone, no data. What it calls a layer is
told to it from seed ``naming_conventions``. Findings that are meant stand in ``project_evaluator_exceptions.csv``
beside this file, each with its reason; any other is printed, and the script ends with 1.

Its model of all paths through the graph grows with the number of paths, and not of models; ``--paths`` builds it too.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import yaml

from banktags.contract import PROJECT_ROOT
from banktags.naming import read_conventions
from banktags.packages import DBT

EVALUATOR, UTILS = "dbt_project_evaluator", "dbt_utils"
EXCEPTIONS = Path(__file__).with_name("project_evaluator_exceptions.csv")
COPIED = ("models", "macros", "seeds", "tests/dbt", "analyses", "profiles.yml")
ALL_PATHS = "int_all_dag_relationships"


def evaluator_project(packages: Path, project: Path) -> None:
    """Write a copy of this project that has the evaluator among its packages.

    Raises:
        SystemExit: a checkout is missing.
    """
    for name in (EVALUATOR, UTILS):
        if not (packages / name / "dbt_project.yml").exists():
            raise SystemExit(f"{packages / name} is no dbt package: check out dbt-labs/{name.replace('_', '-')} there")
        shutil.copytree(
            packages / name,
            project / "dbt_packages" / name,
            ignore=shutil.ignore_patterns("integration_tests*", ".git"),
        )
    # As its own defaults: the project's guard knows its variables, and refuses others.
    own = project / "dbt_packages" / EVALUATOR / "dbt_project.yml"
    defaults = yaml.safe_load(own.read_text(encoding="utf-8"))
    defaults["vars"] |= layers()
    own.write_text(yaml.safe_dump(defaults), encoding="utf-8")
    for name in COPIED:
        source, target = PROJECT_ROOT / name, project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    shutil.copy(EXCEPTIONS, project / "seeds" / f"{EVALUATOR}_exceptions.csv")
    settings = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    # The checks of a run need extracts, and the evaluator reads none.
    settings |= {"on-run-start": [], "on-run-end": []}
    settings["seeds"][EVALUATOR] = {f"{EVALUATOR}_exceptions": {"+enabled": False}}
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    listed = {"packages": [{"local": f"dbt_packages/{name}"} for name in (UTILS, EVALUATOR)]}
    (project / "packages.yml").write_text(yaml.safe_dump(listed), encoding="utf-8")


def layers() -> dict[str, object]:
    """The evaluator's variables: our layers with their folders and prefixes, from seed ``naming_conventions``."""
    prefixes: dict[str, set[str]] = {}
    for convention in read_conventions():
        prefixes.setdefault(convention.layer, set()).add(convention.pattern.split("_")[0] + "_")
    variables: dict[str, object] = {"model_types": sorted(prefixes)}
    for layer, values in prefixes.items():
        variables[f"{layer}_prefixes"] = sorted(values)
        variables[f"{layer}_folder_name"] = layer
    return variables


def findings(database: Path) -> dict[str, list[tuple]]:
    """The rows of each finding of the evaluator; its tables of coverage are figures and no findings."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.sql(
            "select table_schema, table_name from information_schema.tables where table_name like 'fct_%' order by all"
        ).fetchall()
        return {
            name: connection.sql(f'select * from "{schema}"."{name}" order by all').fetchall()
            for schema, name in tables
            if not name.endswith("_coverage")
        }


def main() -> None:
    """Build the evaluator and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=Path, required=True, help="folder of the two checkouts")
    parser.add_argument("--paths", action="store_true", help="build what walks all paths of the graph too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="project-evaluator-") as folder:
        project = Path(folder)
        evaluator_project(asked.packages.resolve(), project)
        environment = os.environ | {
            "BANK_TAGS_DB": str(project / "evaluator.duckdb"),
            "BANK_TAGS_WORK": str(project / "evaluator.duckdb"),
            "DBT_TARGET_PATH": str(project / "target"),
        }
        excluded = () if asked.paths else ("--exclude", f"{ALL_PATHS}+")
        selected = ("--select", f"package:{EVALUATOR}", f"{EVALUATOR}_exceptions")
        command = (DBT, "--quiet", "--warn-error-options", "{}", "run", "--full-refresh", *selected, *excluded)
        for step in ((DBT, "--quiet", "seed", "--select", f"{EVALUATOR}_exceptions"), command):
            run = subprocess.run(step, cwd=project, env=environment, capture_output=True, text=True)
            if run.returncode:
                raise SystemExit(run.stdout[-4000:] + run.stderr[-2000:])
        found = findings(project / "evaluator.duckdb")
    with EXCEPTIONS.open(encoding="utf-8", newline="") as rows:
        meant = sum(1 for _ in csv.DictReader(rows))
    print(f"{len(found)} kinds of finding, {meant} exceptions with their reason")
    for name, rows in found.items():
        print(f"{len(rows):5} {name}")
        for row in rows:
            print("     ", *(value for value in row if value is not None))
    sys.exit(1 if any(found.values()) else 0)


if __name__ == "__main__":
    main()
