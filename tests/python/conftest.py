"""Fixtures shared by the Python tests."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_warehouse import KEY, Warehouse
from own_folders import begin_parsed, use_own_folders, watch, watched
from typer.testing import CliRunner

from banktags.catalogue.entries import tag_entries
from banktags.catalogue.project import Project
from banktags.catalogue.rules import Rules
from banktags.catalogue.sync import compiled_manifest
from banktags.cli import app
from banktags.clock import DEMO_DATE
from banktags.contract import PROJECT_ROOT

use_own_folders()
watch()
# What fails is printed; dbt's log of every statement would cost a tenth of each build.
os.environ["DBT_LOG_LEVEL_FILE"] = "none"
# Extracts that a test lands by itself are no demo bank, and are hashed with a key.
os.environ["BANK_TAGS_PII_KEY"] = KEY


@pytest.fixture(scope="session", autouse=True)
def project_is_not_written() -> Iterator[None]:
    """A test that writes into the project fails."""
    with watched():
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory, worker_id) -> Path:
    """A folder of this test run that all its processes see."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@contextmanager
def made_once(folder: Path) -> Iterator[bool]:
    """Whether it is this process's turn to fill a shared folder; the others wait until it is filled."""
    folder.mkdir(exist_ok=True)
    made = folder / "made"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not made.exists()
        made.touch()


@pytest.fixture(scope="session")
def parsed_project(shared_folder) -> Manifest:
    """The project, freshly parsed; ``dbtRunner(manifest=parsed_project)`` runs dbt here without parsing again."""
    folder = str(PROJECT_ROOT)
    # One process after the other: dbt keeps what it has parsed in the target folder of the tests.
    with made_once(shared_folder / "parsed_project"):
        begin_parsed()
        result = dbtRunner().invoke(["parse", "--quiet", "--project-dir", folder, "--profiles-dir", folder])
    assert result.success, result.exception
    return result.result


@pytest.fixture(scope="session")
def manifest(parsed_project) -> dict:
    """The project's manifest as ``target/manifest.json`` holds it."""
    return parsed_project.to_dict()


@pytest.fixture(scope="session")
def compiled_project(parsed_project) -> dict:
    """The manifest with the SQL of the tag models, and of all upstream, compiled as for a first build."""
    return compiled_manifest(parsed_project)


@pytest.fixture(scope="session")
def rule_texts(compiled_project) -> dict[str, str]:
    """The whole SQL of each tag, cut out of that of its model."""
    rules = Rules(Project(compiled_project, str(DEMO_DATE)))
    return {entry.code: rules.sql(entry) for entry in tag_entries(compiled_project)}


@pytest.fixture(scope="session")
def demo_bank(shared_folder) -> Path:
    """Landed extracts of a small demo bank: a year and a bit of 300 customers. Read it; do not change it."""
    folder = shared_folder / "demo_bank"
    with made_once(folder) as mine:
        if mine:
            arguments = ["simulate", "--customers", "300", "--days", "400", "--out", str(folder / "raw")]
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, result.output
    return folder / "raw"


@pytest.fixture(scope="session")
def demo_warehouse(demo_bank, parsed_project, shared_folder) -> Warehouse:
    """The small demo bank after one ``dbt build`` with all its data tests and unit tests, whatever their outcome."""
    warehouse = Warehouse(shared_folder / "demo_warehouse", demo_bank)
    with made_once(warehouse.folder) as mine:
        if mine:
            warehouse.begin_parsed()
            warehouse.dbt("build", check=False)
    return warehouse


@pytest.fixture
def publishing_places(tmp_path, monkeypatch) -> Path:
    """Places of a published file, a working file and records, of which none is there yet."""
    monkeypatch.setenv("BANK_TAGS_DB", str(tmp_path / "read" / "bank.duckdb"))
    monkeypatch.delenv("BANK_TAGS_WORK", raising=False)
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path / "lists"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    return tmp_path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Headless Chromium that keeps its console."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no Chromium: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("chromium")
    for flag in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-first-run",
        f"user-data-dir={profile}",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver)) as chrome:
        yield chrome
