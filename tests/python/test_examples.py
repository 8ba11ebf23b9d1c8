"""Each example exactly as its README types it, on a fresh copy of the project: it ends green, with every data test."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from real_data import real_data

from banktags.contract import PROJECT_ROOT

pytestmark = pytest.mark.slow

EXAMPLES = sorted(readme.parent.name for readme in (PROJECT_ROOT / "examples").glob("*/README.md"))
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Where the README leaves the place of the data to the reader.
PLACE_OF_DATA = re.compile(r"\bpath/to/(\w+)")
#: Folders that a fresh clone has not got.
MADE_HERE = ("data", "dbt_packages", "logs", "site", "target", "warehouse")
#: What dbt says at the end of a build.
SUMMARY = re.compile(r"Done\. PASS=(\d+) WARN=(\d+) ERROR=(\d+) SKIP=(\d+)")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """The project as a fresh clone has it after ``make setup``: no extracts, no warehouse, nothing built."""
    folder = tmp_path_factory.mktemp("checkout") / "bank-tags"
    folder.mkdir()
    for original in PROJECT_ROOT.iterdir():
        if original.is_file():
            shutil.copy(original, folder)
        elif original.name not in MADE_HERE and not original.name.startswith("."):
            shutil.copytree(original, folder / original.name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "warehouse").mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "dbt_packages").symlink_to(PROJECT_ROOT / "dbt_packages")
    return folder


def commands(example: str) -> str:
    """The shell block of an example's README; the test is skipped where the data that it asks for are absent."""
    blocks = SHELL_BLOCK.findall((PROJECT_ROOT / "examples" / example / "README.md").read_text(encoding="utf-8"))
    assert len(blocks) == 1, f"examples/{example}/README.md has {len(blocks)} blocks of shell commands, not one"
    return PLACE_OF_DATA.sub(lambda place: str(real_data(place[1])), blocks[0])


def test_there_are_examples():
    assert {"berka", "cdnow", "csv_extract", "hillstrom"} <= set(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_the_readme_types_ends_green(example, checkout):
    typed = commands(example)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BANK_TAGS_", "DBT_"))}
    # The installed command is that of the project at hand; here it is that of the copy.
    environment["PYTHONPATH"] = str(checkout)
    run = subprocess.run(
        ("bash", "-euo", "pipefail", "-c", typed), cwd=checkout, env=environment, capture_output=True, text=True
    )
    said = run.stdout[-6000:] + run.stderr[-2000:]
    assert run.returncode == 0, said
    ((passed, _, errors, skipped),) = SUMMARY.findall(run.stdout)
    assert (int(errors), int(skipped)) == (0, 0), said
    data_tests = re.search(r"(\d+) data tests", run.stdout)
    assert data_tests and int(passed) > int(data_tests[1]) > 400, said
