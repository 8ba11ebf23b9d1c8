"""The project against its limit and against what one would use instead, on a large demo bank.

``make bench``, or ``python benchmarks/bench.py --help``. In one run:

- the full build, and the night after it;
- all tags: ``dbt build`` of customer_tags and what it needs, against one DuckDB script of the same SQL (the limit);
- some of the tags by hand, in DuckDB and in Polars;
- RFM: segment__rfm and the models that lead to it, against lifetimes, from the same transactions.

Whatever is compared must give the same values, or the benchmark fails. Every process is a child, from start to end, so
that its time and peak memory are its own; DuckDB has the same memory and threads in all of them. Banks are simulated
once per size and kept under ``target/bench/``, beside the environment of the peers.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb
from peers.limit import FirstBuild
from results import Report, Result

from banktags.contract import PROJECT_ROOT
from banktags.packages import DBT

PEERS = Path(__file__).parent / "peers"
BENCH = PROJECT_ROOT / "target" / "bench"
SEEDS = PROJECT_ROOT / "seeds"
MEMORY = os.environ.get("BANK_TAGS_MEMORY", "3GB")
#: Columns that EXCEPT compares at a time: all of them at once would need more memory than the build.
COLUMNS_AT_A_TIME = 40

NOT_FINISHED = "did not finish"


@dataclass(frozen=True)
class Run:
    """How long one child process took, the most memory it held at a time, and whether it came to its end."""

    seconds: float
    peak_gib: float
    succeeded: bool


def measured(environment: dict[str, str], *command: str | Path, may_fail: bool = False) -> Run:
    """Run a command to its end; its failure ends the benchmark, unless it is a peer that may run out of memory."""
    started = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], cwd=PROJECT_ROOT, env=os.environ | environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status and not may_fail:
        sys.exit(f"{' '.join(map(str, command))} failed")
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB on Linux
    return Run(time.perf_counter() - started, usage.ru_maxrss * unit / 2**30, status == 0)


def peers_python() -> Path:
    """Python of the environment that Polars and lifetimes live in, made on first use and when its lock changes."""
    folder, lock = BENCH / "peers", PEERS / "requirements.txt"
    python, installed = folder / "bin" / "python", folder / "requirements.txt"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        print("Installing the peers into target/bench/peers ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--no-deps", "--require-hashes", "--requirement", lock], check=True)
        shutil.copy(lock, installed)
    return python


def parquet_rows(*files: str | Path) -> int:
    """Rows of Parquet files, which may be given as globs."""
    names = [str(file) for file in files]
    return duckdb.execute("select sum(num_rows) from parquet_file_metadata($files)", {"files": names}).fetchone()[0]


def last_batch(raw: Path) -> datetime.date:
    """The last business date that was delivered."""
    return max(datetime.date.fromisoformat(folder.name[3:]) for folder in (raw / "core" / "batches").glob("dt=*"))


def opened(built: Path, **others: Path) -> duckdb.DuckDBPyConnection:
    """The built warehouse as ``built``, with others beside it to compare."""
    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'; set temp_directory = '{built.parent / 'compare.tmp'}'")
    for name, file in {"built": built, **others}.items():
        con.execute(f"attach '{file}' as {name} (read_only)")
    return con


def check_same_table(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """A table of the limit has the rows of the built one: EXCEPT both ways, some columns at a time with the key."""
    columns = [row[0] for row in con.execute(f"describe built.{table}").fetchall() if row[0] != "customer_id"]
    for start in range(0, len(columns), COLUMNS_AT_A_TIME):
        names = ", ".join(["customer_id", *columns[start : start + COLUMNS_AT_A_TIME]])
        for one, other in (("built", "peer"), ("peer", "built")):
            query = f"select {names} from {one}.{table} except select {names} from {other}.{table} limit 1"
            if row := con.execute(query).fetchone():
                sys.exit(f"{table}: {one} has a row that {other} has not, of {names}: {row}")


def check_same_tags(con: duckdb.DuckDBPyConnection, peer: str, name: str) -> int:
    """The tags of a peer are those of every core customer, doubles to 12 digits; returns how many tags it has."""
    tags = {row[0]: row[1] for row in con.execute(f"describe {peer}").fetchall() if row[0] != "customer_id"}
    for tag, data_type in tags.items():
        differ = f"theirs.{tag} is distinct from ours.{tag}"
        if data_type == "DOUBLE":
            differ += f" and coalesce(abs(theirs.{tag} - ours.{tag}) > 1e-12 * abs(ours.{tag}), true)"
        query = f"""
            select customer_id, theirs.{tag}, ours.{tag}
            from {peer} as theirs
            full join (from built.marts.customer_tags where aum_spot is not null) as ours using (customer_id)
            where {differ}
            limit 1
        """
        if row := con.execute(query).fetchone():
            sys.exit(f"{name}: {tag} of customer {row[0]} is {row[1]}, built is {row[2]}")
    return len(tags)


def check_lifetimes(con: duckdb.DuckDBPyConnection, summary: Path) -> None:
    """T − recency are the days since the last activity, frequency × monetary value the amount of the year."""
    query = f"""
        select customer_id, frequency, recency, t, monetary_value, activity_recency_days, activity_amount_365d
        from '{summary}' as theirs
        full join (from built.marts.customer_tags where activity_count_365d > 0) as ours using (customer_id)
        where t - recency is distinct from activity_recency_days
            or coalesce(abs(frequency * monetary_value - activity_amount_365d) > 0.005, true)
        limit 1
    """
    if row := con.execute(query).fetchone():
        sys.exit(f"lifetimes differs from the built tags: {row}")


def report_nodes(title: str, results: list[dict]) -> None:
    """Print the time by kind of node (dbt runs two at a time) and the ten slowest nodes."""
    kinds = defaultdict(list)
    for result in results:
        kinds[result["unique_id"].split(".")[0]].append(result["execution_time"])
    print(
        f"\n{title}, seconds by kind:", ", ".join(f"{len(t)} {kind}s {sum(t):.0f}" for kind, t in sorted(kinds.items()))
    )
    print("ten slowest:")
    for result in sorted(results, key=lambda result: -result["execution_time"])[:10]:
        print(f"  {result['execution_time']:7.1f} s  {'.'.join(result['unique_id'].split('.')[::2][:2])}")


def node_results(target: Path) -> list[dict]:
    return json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]


class Bank:
    """One simulated bank, and the folders in which each contestant works on it."""

    def __init__(self, customers: int, days: int) -> None:
        self.folder = BENCH / f"{customers}x{days}"
        self.raw = self.folder / "raw"
        self.built = self.folder / "bank_tags.duckdb"
        if not self.raw.exists():
            size = ("--customers", str(customers), "--days", str(days))
            simulated = measured({}, sys.executable, "-m", "banktags", "simulate", *size, "--out", self.raw)
            print(f"simulate: {simulated.seconds:.0f} s, peak memory {simulated.peak_gib:.2f} GiB", flush=True)
        self.last = last_batch(self.raw)
        self.as_of = self.last - datetime.timedelta(days=1)

    def rows(self, *tables: str) -> int:
        """Rows of the landed extracts of some source tables."""
        return parquet_rows(*(self.raw / table / "dt=*" / "*.parquet" for table in tables))

    def fresh(self, name: str) -> Path:
        """An empty folder; a warehouse in it is called bank_tags.duckdb, as the compiled SQL names it."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def environment(self, database: Path, target: Path) -> dict[str, str]:
        return {
            "BANK_TAGS_RAW": str(self.raw),
            "BANK_TAGS_DB": str(database),
            "BANK_TAGS_PII_KEY": "key-of-the-benchmark",
            "BANK_TAGS_MEMORY": MEMORY,
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }

    def sql(self, script: Path, database: Path, **variables: str) -> Run:
        """Run one SQL script in a process and a file of its own."""
        values = {"pii_key": "key-of-the-benchmark"} | variables
        arguments = [f"{name}={value}" for name, value in values.items()]
        environment = {"BANK_TAGS_MEMORY": MEMORY}
        return measured(environment, sys.executable, PEERS / "run_sql.py", script, database, *arguments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365)
    arguments = parser.parse_args()

    python = peers_python()
    bank = Bank(arguments.customers, arguments.days)
    date = str(bank.as_of)
    everything = bank.rows("[a-z]*/*")

    # The full build, as the first night makes it.
    bank.built.unlink(missing_ok=True)
    environment = bank.environment(bank.built, target := bank.fresh("target"))
    startup = measured(environment, DBT, "--quiet", "parse")
    nightly = (sys.executable, "-m", "banktags", "run", "--date")
    build = measured(environment, *nightly, date)
    build_nodes = node_results(target)

    # All tags and nothing else: by dbt from an empty warehouse and target, then by one script.
    tags_folder, limit_folder = bank.fresh("tags"), bank.fresh("limit")
    tags_database, limit_database = (folder / "bank_tags.duckdb" for folder in (tags_folder, limit_folder))
    select = ("--select", "+customer_tags", "--exclude-resource-type", "test", "unit_test")
    tags = measured(
        bank.environment(tags_database, tags_folder / "target"),
        *(DBT, "--quiet", "build", *select, "--vars", f"as_of_date: {date}"),
    )
    first_build = FirstBuild(tags_folder / "target", tags_database)
    script = limit_folder / "limit.sql"
    script.write_text(first_build.script(), encoding="utf-8")
    limit = bank.sql(script, limit_database)
    with opened(bank.built, peer=limit_database) as con:
        check_same_table(con, "marts.customer_tags")
        tag_count = len(con.execute("describe built.marts.customer_tags").fetchall()) - 2

    # Some of the tags, by hand.
    by_hand = bank.fresh("by_hand")
    hand = bank.sql(PEERS / "by_hand.sql", by_hand / "tags.duckdb", raw=str(bank.raw), seeds=str(SEEDS), as_of=date)
    polars = measured(
        {}, python, PEERS / "by_polars.py", bank.raw, SEEDS, date, by_hand / "tags.parquet", may_fail=True
    )
    with opened(bank.built, hand=by_hand / "tags.duckdb") as con:
        some = check_same_tags(con, "hand.tags", "by_hand.sql")
        if polars.succeeded:
            check_same_tags(con, f"(from '{by_hand / 'tags.parquet'}')", "by_polars.py")
    tables = set(re.findall(r"landed\('(\w+/\w+)'", (PEERS / "by_hand.sql").read_text(encoding="utf-8")))
    some_rows = bank.rows(*tables)

    # RFM from the year's transactions: the models that lead to it, in the warehouse of the limit; and lifetimes.
    activity = by_hand / "activity.parquet"
    with opened(bank.built) as con:
        con.execute("use built")
        con.execute(f"""
            copy (
                select
                    customer_id,
                    cast(transaction_date as timestamp) as transaction_date,
                    cast(amount as double) as amount
                from intermediate.int_transactions__customer
                where is_activity and transaction_date > date '{date}' - 365 and transaction_date <= date '{date}'
            ) to '{activity}'
        """)
    activity_rows = parquet_rows(activity)
    script = limit_folder / "rfm.sql"
    script.write_text(
        first_build.script(only=first_build.between("int_transactions__customer", "segment__rfm")), encoding="utf-8"
    )
    rfm = bank.sql(script, limit_database)
    lifetimes = measured({}, python, PEERS / "by_lifetimes.py", activity, date, by_hand / "rfm.parquet", may_fail=True)
    with opened(bank.built, peer=limit_database) as con:
        check_same_table(con, "segments.segment__rfm")
        if lifetimes.succeeded:
            check_lifetimes(con, by_hand / "rfm.parquet")

    # The night after.
    night = measured(environment, *nightly, str(bank.last))

    to_limit = ("the limit", "极限", limit.seconds)
    to_build = ("the full build", "完整构建", build.seconds)
    to_rfm = ("`segment__rfm`", "`segment__rfm`", rfm.seconds)
    counts = {
        kind: sum(node["unique_id"].startswith(kind) for node in build_nodes) for kind in ("model", "seed", "test")
    }
    tag_rows = bank.rows(*first_build.source_tables())

    def result(what: str, what_zh: str, run: Run, rows: int, standard: tuple[str, str, float] | None = None) -> Result:
        failure = None if run.succeeded else f"{NOT_FINISHED}, {run.peak_gib:.1f} GiB"
        return Result(what, what_zh, run.seconds, run.peak_gib, rows, standard, failure)

    report = Report(
        arguments.customers,
        arguments.days,
        everything,
        f"{os.cpu_count()} cores, DuckDB {duckdb.__version__} with {MEMORY}",
        startup.seconds,
        (
            result(
                f"full build: {counts['model']} models, {counts['test']} data tests",
                f"完整构建:{counts['model']} 个模型、{counts['test']} 个数据检验",
                build,
                everything,
                to_limit,
            ),
            result("the night after (T+1)", "次日运行(T+1)", night, everything, to_build),
            result(
                f"all {tag_count} tags by `dbt build`, no tests",
                f"全部 {tag_count} 个标签,`dbt build`,不含检验",
                tags,
                tag_rows,
                to_limit,
            ),
            result(
                f"all {tag_count} tags by one DuckDB script: the limit",
                f"全部 {tag_count} 个标签,单个 DuckDB 脚本:极限",
                limit,
                tag_rows,
            ),
            result(f"{some} of them by hand, DuckDB", f"其中 {some} 个,手写 DuckDB", hand, some_rows, to_limit),
            result(f"{some} of them by hand, Polars", f"其中 {some} 个,手写 Polars", polars, some_rows, to_limit),
            result(
                "RFM: `segment__rfm` and what leads to it",
                "RFM:`segment__rfm` 及其上游",
                rfm,
                activity_rows,
            ),
            result(
                "RFM: lifetimes, no scores or classes", "RFM:lifetimes,不含评分与分类", lifetimes, activity_rows, to_rfm
            ),
        ),
    )
    report_nodes("full build", build_nodes)
    report_nodes("tags only", node_results(tags_folder / "target"))
    report_nodes("night after", node_results(target))
    print(f"\nwarehouse: {bank.built.stat().st_size / 2**30:.2f} GiB\n")
    print(report.markdown())
    for folder in (tags_folder, limit_folder, by_hand):
        shutil.rmtree(folder)
    for readme, chinese in (("README.md", False), ("README.zh-CN.md", True)):
        if report.write_into(PROJECT_ROOT / readme, chinese):
            print(f"Written into {readme}")


if __name__ == "__main__":
    main()
