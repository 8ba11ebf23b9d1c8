"""``python -m banktags.demo_warehouse``: remove the warehouse if it was made from the demo bank (``make clean``).

The warehouse is the working file, the published one and its versions.
"""

import shutil
from contextlib import suppress
from pathlib import Path

import duckdb

from banktags.publish.versions import versions_folder
from banktags.warehouse import is_one_file, warehouse_file, work_file


def is_of_demo_bank(path: Path) -> bool:
    """Whether all batches that a warehouse has staged are the demo bank's; False where that can't be told."""
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            return has_demo_batches_only(con)
    except duckdb.Error:
        return False


def has_demo_batches_only(con: duckdb.DuckDBPyConnection, prefix: str = "") -> bool:
    """Whether all batches of a warehouse are the demo bank's, and there are some; a published file says so of itself.

    ``prefix`` names the database with its dot, where it is not the one in use.
    """
    try:
        batches = con.execute(f"select distinct batch_id from {prefix}staging.base_core__batches").fetchall()
    except duckdb.CatalogException:
        return bool(con.execute(f"select is_demo_bank from {prefix}governance.publication").fetchone()[0])
    return bool(batches) and all(str(batch).startswith("DEMO-") for (batch,) in batches)


def main() -> None:
    files = [path for path in dict.fromkeys((work_file(), warehouse_file())) if path.exists()]
    for path in files:
        if not is_of_demo_bank(path):
            print(f"{path} is kept: it was not made from the demo bank, or that can't be told. Remove it yourself.")
            return
    for path in files:
        for file in (path, path.with_name(f"{path.name}.wal")):
            file.unlink(missing_ok=True)
        shutil.rmtree(f"{path}.tmp", ignore_errors=True)
    if files:
        shutil.rmtree(versions_folder(), ignore_errors=True)
        own_folders = [versions_folder().parent, *([] if is_one_file() else [work_file().parent])]
        for folder in own_folders:
            with suppress(OSError):  # holds those of another warehouse
                folder.rmdir()


if __name__ == "__main__":
    main()
