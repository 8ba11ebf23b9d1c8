"""``python -m banktags.demo_warehouse``: remove the warehouse if it was made from the demo bank (``make clean``)."""

import shutil
from pathlib import Path

import duckdb

from banktags.warehouse import warehouse_file


def is_of_demo_bank(path: Path) -> bool:
    """Whether all batches that a warehouse has staged are the demo bank's; False where that can't be told."""
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            return has_demo_batches_only(con)
    except duckdb.Error:
        return False


def has_demo_batches_only(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether all batches that a warehouse has staged are the demo bank's, and there are some."""
    batches = con.execute("select distinct batch_id from staging.base_core__batches").fetchall()
    return bool(batches) and all(str(batch).startswith("DEMO-") for (batch,) in batches)


def main() -> None:
    path = warehouse_file()
    if not path.exists():
        return
    if not is_of_demo_bank(path):
        print(f"{path} is kept: it was not made from the demo bank, or that can't be told. Remove it yourself.")
        return
    for file in (path, path.with_name(f"{path.name}.wal")):
        file.unlink(missing_ok=True)
    shutil.rmtree(f"{path}.tmp", ignore_errors=True)


if __name__ == "__main__":
    main()
