"""Real public bank data for tests, where it is present: the folder BANK_TAGS_TEST_DATA, or ../shared/data."""

import os
from pathlib import Path

import pytest

from banktags.contract import PROJECT_ROOT


def real_data(name: str) -> Path:
    """Folder of one data set; the test is skipped, with the reason, where it is absent."""
    root = Path(os.environ.get("BANK_TAGS_TEST_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    folder = root / name
    if not folder.is_dir():
        pytest.skip(f"real data {name!r} is not here: point BANK_TAGS_TEST_DATA at a folder that holds it")
    return folder
