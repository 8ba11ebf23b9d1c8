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
from collections import Counter, defaultdict
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

#: The columns of customer_tags that are no tags.
KEYS = ("customer_id", "as_of_date")
PII_KEY = "key-of-the-benchmark"
#: Where the tables are written, and whether in Chinese.
PAGES = {"docs/benchmarks.md": False, "docs/benchmarks.zh-CN.md": True}


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
    run = Run(time.perf_counter() - started, usage.ru_maxrss * unit / 2**30, status == 0)
    # Said at once: of a long benchmark that fails at its end, this remains.
    print(f"{run.seconds:.0f} s, peak {run.peak_gib:.2f} GiB: {' '.join(map(str, command))}", flush=True)
    return run


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
            query = f"select {names} from {one}.{table} except all select {names} from {other}.{table} limit 1"
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
    """Print the time by kind of node, staging apart (dbt runs two at a time), and the ten slowest nodes."""
    kinds = defaultdict(list)
    for result in results:
        kind, _, name = result["unique_id"].split(".")[:3]
        kinds["staging model" if name.startswith(("base_", "stg_")) else kind].append(result["execution_time"])
    print(
        f"\n{title}, seconds by kind:", ", ".join(f"{len(t)} {kind}s {sum(t):.0f}" for kind, t in sorted(kinds.items()))
    )
    print("ten slowest:")
    for result in sorted(results, key=lambda result: -result["execution_time"])[:10]:
        print(f"  {result['execution_time']:7.1f} s  {'.'.join(result['unique_id'].split('.')[::2][:2])}")


def node_results(target: Path) -> list[dict]:
    return json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]


class Contest:
    """One simulated bank, and what is run on it; whoever computes the same is checked to have the same values."""

    def __init__(self, customers: int, days: int) -> None:
        self.folder = BENCH / f"{customers}x{days}"
        self.raw = self.folder / "raw"
        self.built = self.folder / "bank_tags.duckdb"
        self.target = self.folder / "target"
        if not self.raw.exists():
            size = ("--customers", str(customers), "--days", str(days))
            measured({}, sys.executable, "-m", "banktags", "simulate", *size, "--out", self.raw)
        self.last = last_batch(self.raw)
        self.as_of = self.last - datetime.timedelta(days=1)
        self.environment = self._environment(self.built, self.target)
        # Each contestant has a folder; a warehouse is called bank_tags.duckdb, as the compiled SQL names it.
        self.tags_folder, self.limit_folder, self.peers_folder = (
            self.folder / name for name in ("tags", "limit", "peers")
        )
        self.limit_database = self.limit_folder / "bank_tags.duckdb"

    def rows(self, *tables: str) -> int:
        """Rows of the landed extracts of some source tables."""
        return parquet_rows(*(self.raw / table / "dt=*" / "*.parquet" for table in tables))

    def clear(self) -> None:
        """Remove what earlier runs left, but for the extracts."""
        for folder in (self.target, self.tags_folder, self.limit_folder, self.peers_folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self.built.unlink(missing_ok=True)

    def startup(self) -> Run:
        """What each dbt run begins with: start-up, and the project read anew."""
        return measured(self.environment, DBT, "--quiet", "parse")

    def night(self, date: datetime.date) -> Run:
        """The nightly run of a date; of the first one it is the full build."""
        return measured(self.environment, sys.executable, "-m", "banktags", "run", "--date", str(date))

    def tags(self) -> tuple[Run, FirstBuild]:
        """customer_tags and all that it needs, by dbt from an empty warehouse and target."""
        database, target = self.tags_folder / "bank_tags.duckdb", self.tags_folder / "target"
        select = ("--select", "+customer_tags", "--exclude-resource-type", "test", "unit_test")
        date = ("--vars", f"as_of_date: {self.as_of}")
        run = measured(self._environment(database, target), DBT, "--quiet", "build", *select, *date)
        return run, FirstBuild(target, database)

    def limit(self, first_build: FirstBuild) -> Run:
        """The same as one DuckDB script."""
        script = self.limit_folder / "limit.sql"
        script.write_text(first_build.script(), encoding="utf-8")
        run = self._sql(script, self.limit_database)
        with opened(self.built, peer=self.limit_database) as con:
            check_same_table(con, "marts.customer_tags")
        return run

    def by_hand(self, python: Path) -> tuple[Run, Run, int]:
        """Some of the tags by hand, in DuckDB and in Polars; and how many."""
        database, parquet = self.peers_folder / "tags.duckdb", self.peers_folder / "tags.parquet"
        variables = {"raw": str(self.raw), "seeds": str(SEEDS), "as_of": str(self.as_of)}
        hand = self._sql(PEERS / "by_hand.sql", database, may_fail=True, **variables)
        polars = measured({}, python, PEERS / "by_polars.py", self.raw, SEEDS, str(self.as_of), parquet, may_fail=True)
        some = 0
        if hand.succeeded:
            with opened(self.built, hand=database) as con:
                some = check_same_tags(con, "hand.tags", "by_hand.sql")
        if polars.succeeded:
            with opened(self.built) as con:
                some = check_same_tags(con, f"(from '{parquet}')", "by_polars.py")
        return hand, polars, some

    def rfm(self, first_build: FirstBuild, python: Path) -> tuple[Run, Run, int]:
        """RFM from the year's transactions: by the models that lead to it, and by lifetimes; and how many rows."""
        activity, summary = self.peers_folder / "activity.parquet", self.peers_folder / "rfm.parquet"
        with duckdb.connect(str(self.built), read_only=True) as con:
            con.execute(f"""
                copy (
                    select
                        customer_id,
                        cast(transaction_date as timestamp) as transaction_date,
                        cast(amount as double) as amount
                    from intermediate.int_transactions__customer
                    where
                        is_activity
                        and transaction_date > date '{self.as_of}' - 365
                        and transaction_date <= date '{self.as_of}'
                ) to '{activity}'
            """)
        # In the warehouse of the limit, where what comes before these models stands already.
        script = self.limit_folder / "rfm.sql"
        models = first_build.between("int_transactions__customer", "segment__rfm")
        script.write_text(first_build.script(only=models), encoding="utf-8")
        rfm = self._sql(script, self.limit_database)
        lifetimes = measured({}, python, PEERS / "by_lifetimes.py", activity, str(self.as_of), summary, may_fail=True)
        with opened(self.built, peer=self.limit_database) as con:
            check_same_table(con, "segments.segment__rfm")
            if lifetimes.succeeded:
                check_lifetimes(con, summary)
        return rfm, lifetimes, parquet_rows(activity)

    def _environment(self, database: Path, target: Path) -> dict[str, str]:
        return {
            "BANK_TAGS_RAW": str(self.raw),
            "BANK_TAGS_DB": str(database.parent / "published" / database.name),
            "BANK_TAGS_WORK": str(database),
            "BANK_TAGS_PII_KEY": PII_KEY,
            "BANK_TAGS_MEMORY": MEMORY,
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }

    def _sql(self, script: Path, database: Path, may_fail: bool = False, **variables: str) -> Run:
        """Run one SQL script in a process and a file of its own."""
        values = [f"{name}={value}" for name, value in {"pii_key": PII_KEY, **variables}.items()]
        command = (sys.executable, PEERS / "run_sql.py", script, database, *values)
        return measured({"BANK_TAGS_MEMORY": MEMORY}, *command, may_fail=may_fail)


def result(what: str, what_zh: str, run: Run, rows: int, standard: tuple[str, str, float] | None = None) -> Result:
    return Result(what, what_zh, run.seconds, run.peak_gib, rows, standard, run.succeeded)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365)
    arguments = parser.parse_args()

    python = peers_python()
    contest = Contest(arguments.customers, arguments.days)
    contest.clear()
    startup = contest.startup()
    build = contest.night(contest.as_of)
    build_nodes = node_results(contest.target)
    tags, first_build = contest.tags()
    tag_nodes = node_results(contest.tags_folder / "target")
    limit = contest.limit(first_build)
    hand, polars, some = contest.by_hand(python)
    rfm, lifetimes, activity_rows = contest.rfm(first_build, python)
    night = contest.night(contest.last)

    with opened(contest.built) as con:
        every = len(con.execute("describe built.marts.customer_tags").fetchall()) - len(KEYS)
    kinds = Counter(node["unique_id"].split(".")[0] for node in build_nodes)
    landed = set(re.findall(r"landed\('(\w+/\w+)'", (PEERS / "by_hand.sql").read_text(encoding="utf-8")))
    all_rows, some_rows = contest.rows("[a-z]*/*"), contest.rows(*landed)
    batch_rows = parquet_rows(contest.raw / "[a-z]*" / "*" / f"dt={contest.last}" / "*.parquet")
    tag_rows = contest.rows(*first_build.source_tables())
    to_limit = ("the limit", "极限", limit.seconds)
    to_build = ("the full build", "完整构建", build.seconds)
    to_rfm = ("`segment__rfm`", "`segment__rfm`", rfm.seconds)
    report = Report(
        arguments.customers,
        arguments.days,
        all_rows,
        f"{os.cpu_count()} cores, DuckDB {duckdb.__version__}, memory_limit {MEMORY}",
        startup.seconds,
        (
            result(
                f"full build: {kinds['model']} models, {kinds['test']} data tests",
                f"完整构建：{kinds['model']} 个模型、{kinds['test']} 个数据检验",
                build,
                all_rows,
                to_limit,
            ),
            result("the night after (T+1)", "次日运行（T+1）", night, batch_rows, to_build),
            result(
                f"all {every} tags by `dbt build`, no tests",
                f"全部 {every} 个标签：`dbt build`，不含检验",
                tags,
                tag_rows,
                to_limit,
            ),
            result(
                f"all {every} tags by one DuckDB script: the limit",
                f"全部 {every} 个标签：单个 DuckDB 脚本，即极限",
                limit,
                tag_rows,
            ),
            result(f"{some} of them by hand, DuckDB", f"其中 {some} 个：手写 DuckDB", hand, some_rows, to_limit),
            result(f"{some} of them by hand, Polars", f"其中 {some} 个：手写 Polars", polars, some_rows, to_limit),
            result("RFM: `segment__rfm` and what leads to it", "RFM：`segment__rfm` 及其上游", rfm, activity_rows),
            result("RFM: lifetimes, without scores", "RFM：lifetimes，不含评分", lifetimes, activity_rows, to_rfm),
        ),
    )
    report_nodes("full build", build_nodes)
    report_nodes("tags only", tag_nodes)
    report_nodes("night after", node_results(contest.target))
    print(f"\nwarehouse: {contest.built.stat().st_size / 2**30:.2f} GiB\n")
    print(report.markdown())
    for folder in (contest.tags_folder, contest.limit_folder, contest.peers_folder):
        shutil.rmtree(folder)
    for page, chinese in PAGES.items():
        if report.write_into(PROJECT_ROOT / page, chinese):
            print(f"\nWritten into {page}")


if __name__ == "__main__":
    main()
