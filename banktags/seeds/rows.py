"""The rows of a seed, for what Python does by it."""

import csv

from banktags.contract import PROJECT_ROOT
from banktags.seeds.files import encoding_fault

SEEDS = PROJECT_ROOT / "seeds"


class SeedError(Exception):
    """A seed that can't be read; says which, and how to mend it."""


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a seed.

    Raises:
        FileNotFoundError: there is no seed of this name.
        SeedError: it is not UTF-8, as when a spreadsheet saved it.
    """
    paths = sorted(SEEDS.glob(f"*/{name}.csv"))
    if not paths:
        raise FileNotFoundError(f"seeds/*/{name}.csv: there is no such seed")
    if fault := encoding_fault(paths[0], f"seeds/{paths[0].relative_to(SEEDS)}"):
        raise SeedError(str(fault))
    with paths[0].open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))
