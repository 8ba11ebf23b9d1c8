"""The rows of a seed, for what Python does by it."""

import csv
from pathlib import Path

from banktags.contract import PROJECT_ROOT
from banktags.seeds.files import encoding_fault


class SeedError(Exception):
    """A seed that can't be read; says which, and how to mend it."""


def seed_file(name: str, root: Path = PROJECT_ROOT) -> Path:
    """The CSV file of a seed, in whichever folder below ``seeds/`` it lies.

    Raises:
        FileNotFoundError: there is no seed of this name.
    """
    found = sorted((root / "seeds").rglob(f"{name}.csv"))
    if not found:
        raise FileNotFoundError(f"seeds/**/{name}.csv: there is no such seed")
    return found[0]


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a seed.

    Raises:
        FileNotFoundError: there is no seed of this name.
        SeedError: it is not UTF-8, as when a spreadsheet saved it.
    """
    path = seed_file(name, PROJECT_ROOT)
    if fault := encoding_fault(path, str(path.relative_to(PROJECT_ROOT))):
        raise SeedError(str(fault))
    with path.open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))
