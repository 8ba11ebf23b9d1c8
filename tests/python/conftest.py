"""Fixtures shared by the Python tests."""

import pytest
from dbt.cli.main import dbtRunner

from banktags.contract import PROJECT_ROOT


@pytest.fixture(scope="session")
def manifest() -> dict:
    """The project's manifest, freshly parsed, as ``target/manifest.json`` holds it."""
    result = dbtRunner().invoke(
        ["parse", "--quiet", "--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)]
    )
    assert result.success, result.exception
    return result.result.to_dict()
