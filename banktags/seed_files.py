"""The seeds as files: their rows, and whether each is in UTF-8, which dbt takes for granted."""

import codecs
import csv
from pathlib import Path

from banktags.contract import PROJECT_ROOT

SEEDS = PROJECT_ROOT / "seeds"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: What a spreadsheet in Chinese saves as plain "CSV"; GBK is a part of it.
SPREADSHEET_ENCODING = "gb18030"


class SeedError(Exception):
    """A seed that can't be read; says which, and how to mend it."""


def read_seed(name: str) -> list[dict[str, str]]:
    """Rows of a seed.

    Raises:
        FileNotFoundError: there is no seed of this name.
        SeedError: it is not UTF-8, as when a spreadsheet saved it.
    """
    paths = sorted(SEEDS.glob(f"*/{name}.csv"))
    if not paths:
        raise FileNotFoundError(f"seeds/*/{name}.csv: there is no such seed")
    if fault := _fault(paths[0]):
        raise SeedError(fault)
    with paths[0].open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))


def seed_faults(seeds: Path = SEEDS) -> list[str]:
    """For each seed that is not UTF-8: the file, the line, the encoding it seems to be in, and how to mend it."""
    return [fault for path in sorted(seeds.rglob("*.csv")) if (fault := _fault(path))]


def _fault(path: Path) -> str | None:
    content = path.read_bytes()
    name = path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path
    if content.startswith(UTF_16) or b"\0" in content:
        return f"{name}: saved as UTF-16, not UTF-8. {_remedy('UTF-16', name)}"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        try:
            content.decode(SPREADSHEET_ENCODING)
        except UnicodeDecodeError:
            return f"{name}, line {line}: not UTF-8. Save it anew as CSV UTF-8"
        return f"{name}, line {line}: saved as GBK, not UTF-8. {_remedy('GB18030', name)}"
    return None


def _remedy(encoding: str, name: Path) -> str:
    return f"Save it as CSV UTF-8, or: iconv -f {encoding} -t UTF-8 '{name}' > utf-8.csv && mv utf-8.csv '{name}'"
