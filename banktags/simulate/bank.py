"""Writes the demo bank: renders the SQL files of ``sql/``, runs them in DuckDB and lands each table.

Slowly changing systems are computed once for the whole period, event systems month by month, so that memory stays
bounded. Each table is a relation ``<system>.<table>`` with the contract's columns but ``loaded_at``, in landing order.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from banktags.contract import KNOWN_AT, PARTITION, Table, read_contract
from banktags.landing import write_empty_tables
from banktags.simulate.parameters import Parameters

SQL = Path(__file__).parent / "sql"
MEMORY_LIMIT = "4GB"
#: Files that are written at the same time, and partitions that each writer may keep open.
WRITERS, MOST_OPEN_FILES = 2, 400

#: Files run once, in this order, and the tables they land.
ONCE = ("reference", "population", "card", "marketing", "wealth", "core", "lending", "crm", "others")
#: Files run for each month, in this order, and the tables each of them leaves.
MONTHLY = {
    "month_core": ("core.transactions", "core.account_balances"),
    "month_card": ("card.card_transactions",),
    "month_digital": ("digital.app_events",),
}
BATCHES = "core.batches"

#: Minutes after 02:00 of the next day at which each system's extracts arrive.
LOAD_MINUTE = {
    "core": 0,
    "card": 12,
    "wealth": 25,
    "lending": 31,
    "digital": 40,
    "crm": 55,
    "marketing": 70,
    "bureau": 85,
    "governance": 100,
}

Progress = Callable[[str, float], None]


class Bank:
    """A demo bank being written into a folder; use :func:`simulate` to write it atomically."""

    def __init__(self, parameters: Parameters, folder: Path) -> None:
        self.parameters = parameters
        self.folder = folder
        self.contract = read_contract()
        self._templates = Environment(loader=FileSystemLoader(SQL), undefined=StrictUndefined, autoescape=False)
        # Tables live in memory up to the limit, and spill into the folder beyond it.
        self._spill = folder / "_spill"
        self._db = duckdb.connect()
        self._db.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        self._db.execute(f"set temp_directory = '{self._spill}'")
        self._db.execute(f"set partitioned_write_max_open_files = {MOST_OPEN_FILES}")
        self._db.execute(
            "create table batch"
            " (system_name varchar, table_name varchar, dt date, row_count bigint, content_hash varchar)"
        )

    def write(self, progress: Progress = lambda step, share: None) -> None:
        """Write all tables of the contract and the planted truth into the folder."""
        values = self.parameters.template_values()
        monthly = {name for tables in MONTHLY.values() for name in tables}
        months = len(self.parameters.months)
        for step, name in enumerate(ONCE):
            progress(f"{name}", 0.25 * step / len(ONCE))
            self._run(name, values)
        for table in self.contract.values():
            if table.qualified_name not in monthly and table.qualified_name != BATCHES:
                progress(f"landing {table.qualified_name}", 0.25)
                self._land_whole(table)
        for number in range(months):
            month = values | self.parameters.month_values(number)
            for part, (name, tables) in enumerate(MONTHLY.items()):
                progress(
                    f"{month['first']:%Y-%m} {name.removeprefix('month_')}",
                    0.3 + 0.65 * (number + part / len(MONTHLY)) / months,
                )
                self._run(name, month)
                for table in tables:
                    self._land(self.contract[table])
        progress("control table and truth", 0.96)
        self._run("batches", values)
        self._land_whole(self.contract[BATCHES])
        self._write_truth(values)
        write_empty_tables(self.folder, self.contract)
        self._db.close()
        shutil.rmtree(self._spill, ignore_errors=True)
        progress("checking the contract", 0.99)
        check_contract(self.folder, self.contract)

    def _run(self, name: str, values: dict) -> None:
        self._db.execute(self._templates.get_template(f"{name}.sql").render(values))

    def _land_whole(self, table: Table) -> None:
        """Land a table that was computed for the whole period, and drop it."""
        self._land(table)
        self._db.execute(f"drop table {table.qualified_name}")

    def _land(self, table: Table) -> None:
        """Write a table as one file for each ``dt``, in the table's order, and note the files for the control table."""
        known_at = f"cast({PARTITION} + 1 as timestamp) + interval {120 + LOAD_MINUTE[table.system]} minute"
        columns = ", ".join(
            f"cast({known_at if column.name == KNOWN_AT else column.name} as {column.data_type}) as {column.name}"
            for column in table.columns
        )
        self._db.execute(f"create or replace table landing as select {columns} from {table.qualified_name}")
        if table.qualified_name != BATCHES:
            # The sum of row hashes does not depend on the order of the rows.
            self._db.execute(
                f"""
                insert into batch
                select
                    '{table.system}', '{table.name}', {PARTITION}, count(*),
                    sha256(cast(sum(hash(landing)) as varchar))
                from landing
                group by {PARTITION}
                """
            )
        folder = self.folder / table.system / table.name
        folder.mkdir(parents=True, exist_ok=True)
        dates = [
            row[0]
            for row in self._db.execute(f"select distinct {PARTITION} from landing order by {PARTITION}").fetchall()
        ]
        # A writer of one thread keeps each partition one file in the table's order; writers share the dates out.
        size = min(MOST_OPEN_FILES, -(-len(dates) // WRITERS)) or 1
        spans = [dates[i : i + size] for i in range(0, len(dates), size)]
        with self._single_threaded(), ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda span: self._copy(span[0], span[-1], folder), spans))

    def _copy(self, first: date, last: date, folder: Path) -> None:
        self._db.cursor().execute(
            f"""
            copy (from landing where {PARTITION} between date '{first}' and date '{last}')
            to '{folder}' (format parquet, compression zstd, partition_by ({PARTITION}), overwrite_or_ignore)
            """
        )

    @contextmanager
    def _single_threaded(self) -> Iterator[None]:
        """Queries use one thread each inside the block."""
        threads = self._db.execute("select current_setting('threads')").fetchone()[0]
        self._db.execute("set threads = 1")
        try:
            yield
        finally:
            self._db.execute(f"set threads = {threads}")

    def _write_truth(self, values: dict) -> None:
        """Write what was planted: ``_truth/*.parquet`` and ``_truth/summary.json``."""
        folder = self.folder / "_truth"
        folder.mkdir()
        self._run("truth", values)
        for (name,) in self._db.execute(
            "select table_name from duckdb_tables() where schema_name = 'truth' order by table_name"
        ).fetchall():
            self._db.execute(
                f"copy (from truth.{name} order by all) to '{folder / name}.parquet' (format parquet, compression zstd)"
            )
        parameters, story = self.parameters, self.parameters.story
        tiers = self._db.execute(
            """
            select tier_name, count(*) from truth.customers
            where tier is not null and not is_second_number
            group by tier_name order by min(tier)
            """
        ).fetchall()
        stages = self._db.execute(
            "select stage, count(*) from truth.customers group by stage order by stage"
        ).fetchall()
        dirt = self._db.execute(
            "select table_name, kind, count(*) from truth.dirt group by table_name, kind order by table_name, kind"
        ).fetchall()
        effects = self._db.execute("from truth.treatment_effects order by campaign_id")
        effect_columns = [column[0] for column in effects.description]
        summary = {
            "parameters": {**asdict(parameters), "end": str(parameters.end), "start": str(parameters.start)},
            "customers_by_tier": dict(tiers),
            "customers_by_stage": dict(stages),
            "dirt": [{"table": table, "kind": kind, "rows": rows} for table, kind, rows in dirt],
            "treatment_effects": [dict(zip(effect_columns, row, strict=True)) for row in effects.fetchall()],
            "named_customers": {
                "DEMO-BEIJING-35": {"age": 35, "city_code": "110000", "holds_credit_card": True, "transfers_30d": 12},
                "DEMO-UPDOWN": {
                    "is_story_complete": story.is_complete,
                    "levels": [
                        {"from": str(parameters.start), "assets": story.assets(parameters.start)},
                        {"from": str(story.fall), "assets": story.low},
                        {"from": str(story.comeback), "assets": story.after},
                    ],
                    "month_average_at_end": round(story.month_average, 2),
                },
            },
        }
        (folder / "summary.json").write_text(
            json.dumps(summary, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8"
        )


def check_contract(folder: Path, contract: dict[str, Table]) -> None:
    """Compare the landed files with the contract: every table there, columns in order, types as declared.

    Raises:
        AssertionError: names the table and both column lists.
    """
    for table in contract.values():
        columns = [column for column in table.columns if column.name != PARTITION]
        nothing = ", ".join(f"cast(null as {column.data_type}) as {column.name}" for column in columns)
        files = f"{folder}/{table.system}/{table.name}/dt=*/*.parquet"
        landed = _columns(f"from read_parquet('{files}', hive_partitioning = false)")
        expected = _columns(f"select {nothing}")
        if landed != expected:
            raise AssertionError(f"{table.qualified_name}: landed {landed}, contract {expected}")


def _columns(query: str) -> list[tuple[str, str]]:
    """Names and types of a query's columns."""
    return [row[:2] for row in duckdb.sql(f"describe {query}").fetchall()]


def simulate(parameters: Parameters, out: Path, progress: Progress = lambda step, share: None) -> None:
    """Write a demo bank to ``out``, all of it or nothing.

    Raises:
        FileExistsError: ``out`` has something in it.
    """
    with _atomic_folder(out) as folder:
        Bank(parameters, folder).write(progress)


@contextmanager
def _atomic_folder(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that takes its place when the block ends without error, and disappears otherwise."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is not empty: name another folder with --out, or remove it first")
    partial = out.parent / f".{out.name}.partial-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if out.exists():
            out.rmdir()
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
