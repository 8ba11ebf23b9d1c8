"""Staging of a batch: new partitions, the loader's own batch record and rejected rows, as files ready to be renamed."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import duckdb

from banktags.contract import KNOWN_AT, PARTITION, Table
from banktags.landing import EMPTY_PARTITION, write_empty_tables
from banktags.load.extract import literal
from banktags.load.publish import LOAD
from banktags.load.rows import BadRow, DeliveredTable, Partition, places

#: Rejected rows in the landing zone: ``_load/rejects/dt=…/<batch>.parquet``.
REJECTS = f"{LOAD}/rejects"
REJECT_COLUMNS = {
    "batch_id": "varchar",
    "file": "varchar",
    "place": "varchar",
    "system_name": "varchar",
    "table_name": "varchar",
    "column_name": "varchar",
    "reason": "varchar",
    "masked_row": "varchar",
    # In clear: rejects lie in the landing zone beside the same keys, under the same protection, and whoever mends a
    # row has to find it. Everything else about it stays masked.
    "row_key": "varchar",
    "mapping": "varchar",
    KNOWN_AT: "timestamp",
    PARTITION: "date",
}


def landed_dates(root: Path, contract: dict[str, Table]) -> set[datetime.date]:
    """Business dates of which the landing zone holds anything."""
    folders = {
        folder.name.removeprefix(f"{PARTITION}=")
        for table in contract.values()
        for folder in (root / table.system / table.name).glob(f"{PARTITION}=*")
    }
    return {datetime.date.fromisoformat(date) for date in folders - {EMPTY_PARTITION}}


def stage_rows(folder: Path, delivered: DeliveredTable, partitions: Iterable[Partition]) -> None:
    """The good rows of these partitions, ordered by primary key."""
    table = delivered.table
    dates = ", ".join(f"date {literal(partition.dt)}" for partition in partitions)
    key = ", ".join([PARTITION, *table.primary_key])
    columns = ", ".join(table.column_names)
    select = f"select {columns} from {delivered.good} where {PARTITION} in ({dates}) order by {key}"
    _write(delivered.con, select, folder / table.system / table.name)


def stage_records(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    control: Table,
    batch_id: str,
    partitions: Iterable[Partition],
    loaded_at: datetime.datetime,
) -> None:
    """The loader's rows of the control table: what this batch lands, by table and business date."""
    records = [
        (batch_id, p.dt, p.table.system, p.table.name, p.rows, p.rejected, p.content_hash, loaded_at, p.dt)
        for p in partitions
    ]
    columns = {column.name: column.data_type for column in control.columns}
    _write_values(con, "records", columns, records, folder / control.system / control.name)


def stage_rejects(
    con: duckdb.DuckDBPyConnection, folder: Path, batch_id: str, rejects: list[BadRow], loaded_at: datetime.datetime
) -> None:
    """The rejected rows with file, line and reason; values of sensitive columns stay shapes here too."""
    records = [
        (
            batch_id,
            place.file,
            place.line,
            row.table.system,
            row.table.name,
            row.check.column,
            row.reason,
            row.masked,
            row.key,
            row.mapping,
            loaded_at,
            row.dt,
        )
        for row, place in zip(rejects, places(rejects), strict=True)
    ]
    _write_values(con, "rejects", REJECT_COLUMNS, records, folder / REJECTS)


def stage_empty_tables(folder: Path, root: Path, contract: dict[str, Table]) -> None:
    """A zero-row file for each table of the contract that the landing zone has none of."""
    missing = {
        name: table
        for name, table in contract.items()
        if not (root / table.system / table.name / f"{PARTITION}={EMPTY_PARTITION}").exists()
    }
    write_empty_tables(folder, missing)


def renames(folder: Path, root: Path, batch_id: str) -> dict[str, str]:
    """Where each staged file goes, relative to ``root``: its partition, under the name of the batch."""
    staged = defaultdict(list)
    for path in sorted(folder.rglob("*.parquet")):
        staged[path.parent.relative_to(folder)].append(path)
    return {
        path.relative_to(root).as_posix(): (partition / _file_name(path, batch_id, number)).as_posix()
        for partition, paths in staged.items()
        for number, path in enumerate(paths)
    }


def _file_name(path: Path, batch_id: str, number: int) -> str:
    if path.parent.name == f"{PARTITION}={EMPTY_PARTITION}":
        return path.name
    return f"{batch_id}-{number}.parquet" if number else f"{batch_id}.parquet"


def _write_values(
    con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], values: list[tuple], folder: Path
) -> None:
    if values:
        con.execute(f"create table {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
        rows = ", ".join(
            f"({', '.join('null' if value is None else literal(value) for value in row)})" for row in values
        )
        con.execute(f"insert into {name} values {rows}")
        _write(con, f"select * from {name} order by {PARTITION}", folder)


def _write(con: duckdb.DuckDBPyConnection, select: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    options = f"format parquet, compression zstd, partition_by ({PARTITION}), filename_pattern 'part_{{i}}'"
    con.execute(f"copy ({select}) to {literal(folder)} ({options})")
