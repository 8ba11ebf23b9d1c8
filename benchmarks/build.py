"""Time and memory of a full build and of the night after it on a large demo bank.

``make bench``, or ``python benchmarks/build.py --help``.

The bank is simulated once per size and kept under ``target/bench/``. Builds run in child processes, so that the peak
memory is that of dbt and DuckDB alone.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags.contract import PROJECT_ROOT
from banktags.packages import DBT


@dataclass(frozen=True)
class Run:
    """How long one child process took, and the most memory it held at a time."""

    seconds: float
    peak_gib: float


def measured(command: tuple[str, ...], environment: dict[str, str]) -> Run:
    """Run a command to its end; its failure ends the benchmark."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=os.environ | environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB on Linux
    return Run(time.perf_counter() - started, usage.ru_maxrss * unit / 2**30)


def source_rows(raw: Path) -> int:
    """Rows of all landed extracts."""
    return duckdb.sql(f"select sum(num_rows) from parquet_file_metadata('{raw}/**/*.parquet')").fetchone()[0]


def last_batch(raw: Path) -> datetime.date:
    """The last business date that was delivered."""
    return max(datetime.date.fromisoformat(folder.name[3:]) for folder in (raw / "core" / "batches").glob("dt=*"))


def report_nodes(title: str, run_results: str) -> None:
    """Print the time by kind of node (dbt runs two at a time) and the ten slowest nodes."""
    results = json.loads(run_results)["results"]
    kinds = defaultdict(list)
    for result in results:
        kinds[result["unique_id"].split(".")[0]].append(result["execution_time"])
    print(
        f"\n{title}, seconds by kind:", ", ".join(f"{len(t)} {kind}s {sum(t):.0f}" for kind, t in sorted(kinds.items()))
    )
    print("\nten slowest:")
    for result in sorted(results, key=lambda result: -result["execution_time"])[:10]:
        print(f"  {result['execution_time']:7.1f} s  {'.'.join(result['unique_id'].split('.')[::2][:2])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365)
    arguments = parser.parse_args()

    folder = PROJECT_ROOT / "target" / "bench" / f"{arguments.customers}x{arguments.days}"
    raw, database, target = folder / "raw", folder / "bank_tags.duckdb", folder / "target"
    environment = {"BANK_TAGS_RAW": str(raw), "BANK_TAGS_DB": str(database), "DBT_TARGET_PATH": str(target)}

    if not raw.exists():
        size = ("--customers", str(arguments.customers), "--days", str(arguments.days))
        simulated = measured((sys.executable, "-m", "banktags", "simulate", *size, "--out", str(raw)), environment)
        print(f"simulate: {simulated.seconds:.0f} s, peak memory {simulated.peak_gib:.2f} GiB")

    database.unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    last = last_batch(raw)
    parse = measured((DBT, "--quiet", "parse"), environment)
    nightly = (sys.executable, "-m", "banktags", "run", "--date")
    build = measured((*nightly, str(last - datetime.timedelta(days=1))), environment)
    slowest = (target / "run_results.json").read_text(encoding="utf-8")
    night = measured((*nightly, str(last)), environment)

    rows = source_rows(raw)
    print(f"\n{arguments.customers:,} customers, {arguments.days} days, {rows:,} source rows, {os.cpu_count()} cores")
    print(f"full build, every data test: {build.seconds:.0f} s, {rows / build.seconds:,.0f} source rows a second")
    print(f"peak memory: {build.peak_gib:.2f} GiB")
    ratio = night.seconds / build.seconds
    print(
        f"the night after: {night.seconds:.0f} s, {ratio:.2f} of the full build, peak memory {night.peak_gib:.2f} GiB"
    )
    print(f"warehouse: {database.stat().st_size / 2**30:.2f} GiB")
    print(f"start-up and parse alone: {parse.seconds:.0f} s, the build {build.seconds / parse.seconds:.1f} times that")
    report_nodes("full build", slowest)
    report_nodes("night after", (target / "run_results.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
