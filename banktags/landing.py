"""The landing zone ``data/raw/<system>/<table>/dt=YYYY-MM-DD/*.parquet``: where it is and how it is prepared."""

import os
from pathlib import Path

import duckdb

from banktags.contract import PARTITION, PROJECT_ROOT, Table

#: Partition that holds the zero-row file by which an undelivered table still has its columns and types.
EMPTY_PARTITION = "1900-01-01"


def landing_zone() -> Path:
    """Folder of the landed extracts: ``BANK_TAGS_RAW``, or ``data/raw`` in the project."""
    return Path(os.environ.get("BANK_TAGS_RAW", PROJECT_ROOT / "data" / "raw"))


def is_demo_bank(root: Path) -> bool:
    """Whether a landing zone holds the demo bank alone: its planted truth stands there, and nothing was loaded."""
    return (root / "_truth").is_dir() and not (root / "_load").exists()


def has_extracts(root: Path) -> bool:
    """Whether any business date was landed, beside the zero-row files."""
    empty = f"{PARTITION}={EMPTY_PARTITION}"
    return any(path.parent.name != empty for path in root.glob(f"*/*/{PARTITION}=*/*.parquet"))


def write_later_tables(root: Path, contract: dict[str, Table]) -> None:
    """Give the tables that came to the contract later a zero-row file in extracts that were landed before they did.

    A landing zone that lacks other tables too is left as it is: dbt refuses it. So is one that can't be written to.
    """
    missing = {name: table for name, table in contract.items() if not (root / table.system / table.name).exists()}
    if missing and all(table.since for table in missing.values()) and os.access(root, os.W_OK):
        write_empty_tables(root, missing)


def write_empty_tables(root: Path, contract: dict[str, Table]) -> None:
    """Give every table of the contract a zero-row Parquet file under ``root``, where it has none yet."""
    for table in contract.values():
        folder = root / table.system / table.name / f"{PARTITION}={EMPTY_PARTITION}"
        if folder.exists():
            continue
        folder.mkdir(parents=True)
        columns = ", ".join(f"cast(null as {c.data_type}) as {c.name}" for c in table.columns if c.name != PARTITION)
        duckdb.sql(f"select {columns} limit 0").write_parquet(str(folder / "empty.parquet"))
