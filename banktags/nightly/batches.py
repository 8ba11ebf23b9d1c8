"""What the control table ``core.batches`` says was delivered, and whether it all lies in the landing zone."""

import datetime
from pathlib import Path

import duckdb

from banktags.contract import PARTITION, Table
from banktags.load.extract import file_pattern

#: As the macro delivery_digest() writes it, which records the digest of each completed date.
DIGEST = """
    sha256(string_agg(
        system_name || '.' || table_name || ' ' || row_count || ' ' || content_hash, ','
        order by system_name, table_name, batch_id, content_hash
    ))
"""


def delivery_digests(root: Path) -> dict[datetime.date, str]:
    """Fingerprint of what was delivered for each business date that has control rows; one scan of the control table."""
    files = f"{file_pattern(root)}/core/batches/{PARTITION}=*/*.parquet"
    with duckdb.connect() as con:
        rows = con.execute(
            f"select {PARTITION}, {DIGEST} from read_parquet($files, hive_partitioning = true) group by all",
            {"files": files},
        )
        return dict(rows.fetchall())


def batch_faults(root: Path, date: datetime.date, contract: dict[str, Table]) -> list[str]:
    """What the batch of a date lacks; nothing when it is complete.

    A batch is complete when it has control rows, every table that the contract marks as delivered daily is among them,
    and the partition of each table holds as many rows as its control rows say.
    """
    partition = f"{PARTITION}={date}"
    control = [file_pattern(file) for file in (root / "core" / "batches" / partition).glob("*.parquet")]
    if not control:
        return [f"core.batches has no rows for {date}: the batch has not been delivered"]
    with duckdb.connect() as con:
        rows = con.execute(
            """
            select system_name || '.' || table_name, sum(row_count)
            from read_parquet($files)
            group by all
            order by all
            """,
            {"files": control},
        )
        promised = dict(rows.fetchall())
        missing = [
            f"{name}: delivered daily, but the batch of {date} does not have it"
            for name, table in contract.items()
            if table.is_daily and name not in promised
        ]
        landed = {name: _landed_rows(con, root / name.replace(".", "/") / partition) for name in promised}
    return missing + [
        f"{name}: the control table promises {promised[name]} rows for {date}, {found} have landed"
        for name, found in landed.items()
        if found != promised[name]
    ]


def _landed_rows(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    files = [file_pattern(file) for file in folder.glob("*.parquet")]
    if not files:
        return 0
    return con.execute("select sum(num_rows) from parquet_file_metadata($files)", {"files": files}).fetchone()[0]
