"""Fixtures shared by the Python tests."""

from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_warehouse import Warehouse
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT


@pytest.fixture(scope="session")
def parsed_project() -> Manifest:
    """The project, freshly parsed; ``dbtRunner(manifest=parsed_project)`` runs dbt here without parsing again."""
    result = dbtRunner().invoke(
        ["parse", "--quiet", "--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)]
    )
    assert result.success, result.exception
    return result.result


@pytest.fixture(scope="session")
def manifest(parsed_project) -> dict:
    """The project's manifest as ``target/manifest.json`` holds it."""
    return parsed_project.to_dict()


@pytest.fixture(scope="session")
def demo_bank(tmp_path_factory) -> Path:
    """Landed extracts of a small demo bank: a year and a bit of 300 customers. Read it; do not change it."""
    raw = tmp_path_factory.mktemp("demo_bank") / "raw"
    arguments = ["simulate", "--customers", "300", "--days", "400", "--out", str(raw)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return raw


@pytest.fixture(scope="session")
def demo_warehouse(demo_bank, tmp_path_factory) -> Warehouse:
    """The small demo bank after one ``dbt build`` with all its data tests and unit tests, whatever their outcome."""
    warehouse = Warehouse(tmp_path_factory.mktemp("demo_warehouse"), demo_bank)
    warehouse.dbt("build", check=False)
    return warehouse
