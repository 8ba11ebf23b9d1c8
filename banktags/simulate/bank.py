"""Writes the demo bank: renders the SQL files of ``sql/``, runs them in DuckDB and lands each table.

Slowly changing systems are computed once for the whole period, event systems month by month, so that memory stays
bounded. Each file runs on a connection of its own: it leaves a table for what other files need, and a temporary view or
table for each table of the contract, with its name and columns but ``loaded_at``. They are landed while the next file
runs.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from banktags.contract import KNOWN_AT, PARTITION, Table, read_contract
from banktags.landing import write_empty_tables
from banktags.load.extract import file_pattern, literal
from banktags.simulate.parameters import Parameters

SQL = Path(__file__).parent / "sql"
MEMORY_LIMIT = "4GB"
#: Files of ``sql/`` whose tables are landed at the same time, beside the file that runs.
LANDINGS = 2

#: Files run once, in this order, and the tables they land.
ONCE = {
    "reference": ("core.products", "core.branches", "core.managers", "core.exchange_rates"),
    "population": (),
    "card": ("card.cards",),
    "marketing": ("marketing.campaigns", "marketing.assignments", "marketing.touches", "marketing.costs"),
    "wealth": ("wealth.orders", "wealth.holdings"),
    "core": ("core.customers", "core.accounts"),
    "lending": ("lending.repayments", "lending.loans", "lending.limits"),
    "crm": (
        "crm.contacts",
        "crm.relations",
        "crm.risk_assessments",
        "crm.consents",
        "crm.nps_responses",
        "crm.complaints",
        "crm.do_not_contact",
    ),
    "others": (
        "digital.devices",
        "bureau.credit_reports",
        "governance.tag_requests",
        "governance.tag_reviews",
        "governance.query_log",
    ),
}
#: Files run for each month, and the tables they land. Card spending comes out of the month's postings.
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

Connection = duckdb.DuckDBPyConnection
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
        self._db.execute(f"set temp_directory = {literal(self._spill)}")
        # A statement of one thread writes each partition as one file, whose order of rows depends on nothing but the
        # rows. Several cores work on several statements.
        self._db.execute("set threads = 1")
        self._db.execute(
            "create table batch"
            " (system_name varchar, table_name varchar, dt date, row_count bigint, content_hash varchar)"
        )

    def write(self, progress: Progress = lambda step, share: None) -> None:
        """Write all tables of the contract and the planted truth into the folder."""
        values = self.parameters.template_values()
        with ThreadPoolExecutor(LANDINGS) as pool:
            landings = self._generate_once(values, pool, progress)
            landings += self._generate_months(values, pool, progress)
            for landing in landings:
                landing.result()
        progress("control table and truth", 0.97)
        self._land(self._run("batches", values), BATCHES)
        self._write_truth(values)
        write_empty_tables(self.folder, self.contract)
        self._db.close()
        shutil.rmtree(self._spill, ignore_errors=True)
        progress("checking the contract", 0.99)
        check_contract(self.folder, self.contract)

    def _generate_once(self, values: dict, pool: ThreadPoolExecutor, progress: Progress) -> list[Future]:
        """Run the files of the whole period; their tables are landed by the futures that are returned."""
        landings = []
        for step, (name, tables) in enumerate(ONCE.items()):
            progress(name, 0.15 * step / len(ONCE))
            landings.append(pool.submit(self._land, self._run(name, values), *tables))
        return landings

    def _generate_months(self, values: dict, pool: ThreadPoolExecutor, progress: Progress) -> list[Future]:
        """Run the months: postings begin with the balances of the month before, all else runs beside the next month."""
        months, landings = len(self.parameters.months), []
        for number in range(months):
            month = values | self.parameters.month_values(number)
            progress(f"{month['first']:%Y-%m}", 0.15 + 0.8 * number / months)
            core = self._run("month_core", month)
            # So that no more than two months are in memory.
            for landing in landings:
                landing.result()
            landings = [pool.submit(self._land_payments, core, month), pool.submit(self._land_sessions, month)]
        return landings

    def _land_payments(self, core: Connection, month: dict) -> None:
        """Land the month's postings and balances, and the card spending that comes out of the postings."""
        self._run("month_card", month, core)
        self._land(core, *MONTHLY["month_core"], *MONTHLY["month_card"])

    def _land_sessions(self, month: dict) -> None:
        self._land(self._run("month_digital", month), *MONTHLY["month_digital"])

    def _run(self, name: str, values: dict, connection: Connection | None = None) -> Connection:
        """Run a file, on a connection of its own unless one is given."""
        connection = connection or self._db.cursor()
        connection.execute(self._templates.get_template(f"{name}.sql").render(values))
        return connection

    def _land(self, connection: Connection, *names: str) -> None:
        """Land tables that a file left on its connection, and close it."""
        with connection:
            for name in names:
                self._land_table(connection, self.contract[name])

    def _land_table(self, connection: Connection, table: Table) -> None:
        """Write a table as one file for each ``dt``, and note the files for the control table."""
        known_at = f"cast({PARTITION} + 1 as timestamp) + interval {120 + LOAD_MINUTE[table.system]} minute"
        columns = ", ".join(
            # A code stays the enumeration that it is: Parquet has it as a string.
            column.name
            if column.data_type == "string"
            else f"cast({known_at if column.name == KNOWN_AT else column.name} as {column.data_type}) as {column.name}"
            for column in table.columns
        )
        folder = self.folder / table.system / table.name
        folder.mkdir(parents=True, exist_ok=True)
        files = connection.execute(
            f"""
            copy (select {columns} from temp.{table.name}) to {literal(folder)} (
                format parquet, compression zstd, compression_level 1, partition_by ({PARTITION}), overwrite_or_ignore,
                return_stats
            )
            """
        ).fetchall()
        dates = [keys[PARTITION] for *_, keys in files]
        counts = [count for _, count, *_ in files]
        # The order of rows is fixed, so that the same content gives the same file.
        hashes = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path, *_ in files]
        connection.execute(
            "insert into batch select ?, ?, unnest(cast(? as date[])), unnest(?), unnest(?)",
            [table.system, table.name, dates, counts, hashes],
        )

    def _write_truth(self, values: dict) -> None:
        """Write what was planted: ``_truth/*.parquet`` and ``_truth/summary.json``."""
        folder = self.folder / "_truth"
        folder.mkdir()
        self._run("truth", values)
        for (name,) in self._db.execute(
            "select table_name from duckdb_tables() where schema_name = 'truth' order by table_name"
        ).fetchall():
            file = literal(folder / f"{name}.parquet")
            self._db.execute(f"copy (from truth.{name} order by all) to {file} (format parquet, compression zstd)")
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
        files = literal(f"{file_pattern(folder)}/{table.system}/{table.name}/dt=*/*.parquet")
        landed = _columns(f"from read_parquet({files}, hive_partitioning = false)")
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
