"""What a bank costs on DuckDB and on Spark, and how that grows: ``make engines``, which knows where Java is.

For each size, the smallest first, a demo bank is built by both engines up to the last day but one, and then for the
last day: ``dbt build`` without tests, both engines on the same cores with the same memory. The wide marts of both must
be equal, or the benchmark fails. The table and what a cluster for a large bank needs, by calculation from it, are
written into benchmarks/SIZING.md. Spark comes from ``make spark-setup``; banks are kept under ``target/bench/``.

Large banks take hours. What was measured of this very project with this memory stands beside the warehouse, and a
benchmark that was stopped goes on after it.
"""

import argparse
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import MEMORY, Contest
from results import write_between

from banktags.contract import PROJECT_ROOT
from banktags.packages import DBT
from banktags.parity import SPARK_DBT, Comparison

PAGE = Path(__file__).with_name("SIZING.md")
MARKER = "<!-- make engines -->"
#: Seconds between two looks at the memory of a build.
INTERVAL = 0.5
MILLION = 1_000_000
#: What decides the cost of a build, beside the bank: measurements of another project do not count.
PROJECT = ("dbt_project.yml", "profiles.yml", "packages.yml", "macros", "models", "seeds")
#: Customers that the wide marts are compared for at a time: all at once would need more memory than the builds.
COMPARED = 100_000
#: What the calculation assumes of a large bank: its customers in millions, the hours of a night, which part of
#: its speed a core keeps in a cluster, where it waits for the network and for the slowest task, and a core's memory.
LARGE_BANK, NIGHT_HOURS, CLUSTER_EFFICIENCY, GIB_PER_CORE = 100, 4, 0.5, 4


@dataclass(frozen=True)
class Measured:
    """One engine on one bank: seconds of the full build and of the night after it, memory and disk in GiB."""

    engine: str
    customers: int
    full: float
    night: float
    peak_gib: float
    warehouse_gib: float


def resident_gib(session: int) -> dict[str, float]:
    """Memory that each process of a session holds, Spark's Java among them."""
    listed = subprocess.run(["ps", "-o", "pid=,rss=", "-s", str(session)], capture_output=True, text=True).stdout
    return {pid: int(rss) / 2**20 for pid, rss in map(str.split, listed.splitlines())}


def run(environment: dict[str, str], *command: str | Path) -> tuple[float, float]:
    """Seconds that a command takes, and the most memory that it and its children were seen to hold, in GiB."""
    started, peak, before = time.perf_counter(), 0.0, {}
    process = subprocess.Popen(
        [str(part) for part in command], cwd=PROJECT_ROOT, env=os.environ | environment, start_new_session=True
    )
    while process.poll() is None:
        now = resident_gib(process.pid)
        # Seen twice: what Java forks shows the memory of Java once more, until it runs its own program.
        peak, before = max(peak, sum(gib for pid, gib in now.items() if pid in before)), now
        time.sleep(INTERVAL)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed")
    return time.perf_counter() - started, peak


def project_digest() -> str:
    """Fingerprint of all that dbt builds from."""
    digest = hashlib.sha256()
    for part in PROJECT:
        path = PROJECT_ROOT / part
        for file in [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file()):
            digest.update(str(file.relative_to(PROJECT_ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def disk_gib(warehouse: Path) -> float:
    files = [warehouse] if warehouse.is_file() else [file for file in warehouse.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 2**30


def remove(left: Path) -> None:
    left.unlink() if left.is_file() else shutil.rmtree(left, ignore_errors=True)


class Engines(Contest):
    """One bank, built by both engines."""

    def __init__(self, customers: int, days: int) -> None:
        super().__init__(customers, days)
        self.customers = customers
        self.spark = self.folder / "spark"

    def measure(self) -> Iterator[Measured]:
        for engine, dbt, warehouse in (("duckdb", DBT, self.built), ("spark", SPARK_DBT, self.spark)):
            kept = Kept(self.folder / f"engines_{engine}.json")
            if "full" not in kept.steps:
                for left in (warehouse, self.target / engine):
                    remove(left)
                kept.steps["full"] = self._build(engine, dbt, self.as_of)
                kept.save()
            if "night" not in kept.steps:
                # Half a night can't be measured again: until it has come to its end, nothing stands.
                kept.path.unlink()
                kept.steps["night"] = self._build(engine, dbt, self.last)
                kept.steps["disk"] = disk_gib(warehouse)
                kept.save()
            (full, full_peak), (night, night_peak) = kept.steps["full"], kept.steps["night"]
            yield Measured(engine, self.customers, full, night, max(full_peak, night_peak), kept.steps["disk"])

    def check(self) -> None:
        """The wide mart of both engines is the same."""
        pieces = -(-self.customers // COMPARED)
        for piece in range(pieces):
            comparison = Comparison(self.built, self.spark, where=f"hash(customer_id) % {pieces} = {piece}")
            comparison.relations = [("marts", "customer_tags")]
            for difference in comparison.differences():
                sys.exit(f"{difference.relation}: {difference.problem} {difference.examples}")

    def _build(self, engine: str, dbt: Path, date: datetime.date) -> tuple[float, float]:
        environment = self._environment(self.built, self.target / engine)
        environment["BANK_TAGS_SPARK_WAREHOUSE"] = str(self.spark)
        took = run(
            environment,
            *(dbt, "--quiet", "build", "--target", engine, "--vars", f"as_of_date: {date}"),
            *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        )
        print(f"{self.customers} customers, {engine}, {date}: {took[0]:.0f} s, peak {took[1]:.2f} GiB", flush=True)
        return took


class Kept:
    """What was measured of one engine on one bank, in a file that says of which project and with how much memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._of = {"project": project_digest(), "memory": MEMORY}
        self.steps = {}
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["of"] == self._of:
                self.steps = found["steps"]

    def save(self) -> None:
        self.path.write_text(json.dumps({"of": self._of, "steps": self.steps}), encoding="utf-8")


def table(results: list[Measured]) -> str:
    """The measurements in Markdown; growth is the time per customer against that of the size before."""
    lines = [
        "| Customers | Engine | Full build | Night (T+1) | Growth | Peak memory | Warehouse |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    before: dict[str, Measured] = {}
    for one in results:
        growth = ""
        if smaller := before.get(one.engine):
            more = one.customers / smaller.customers
            full, night = one.full / smaller.full / more, one.night / smaller.night / more
            growth = f"{full:.2f} full, {night:.2f} night"
        before[one.engine] = one
        lines.append(
            f"| {one.customers:,} | {one.engine} | {one.full:,.0f} s | {one.night:,.0f} s | {growth} | "
            f"{one.peak_gib:.2f} GiB | {one.warehouse_gib:.2f} GiB |"
        )
    return "\n".join(lines)


@dataclass(frozen=True)
class NightlyCost:
    """What a night costs one engine, as a straight line through two sizes of bank: seconds and GiB of tables."""

    fixed_seconds: float
    seconds_a_million: float
    gib_a_million: float

    @classmethod
    def between(cls, smaller: Measured, larger: Measured) -> "NightlyCost":
        more = (larger.customers - smaller.customers) / MILLION
        slope = (larger.night - smaller.night) / more
        disk = (larger.warehouse_gib - smaller.warehouse_gib) / more
        return cls(larger.night - slope * larger.customers / MILLION, slope, disk)

    def cores(self, millions: float, measured_on: int) -> float:
        """Cores of a cluster that finishes in time, from seconds measured on so many cores of one machine."""
        work = millions * self.seconds_a_million * measured_on
        return work / CLUSTER_EFFICIENCY / (NIGHT_HOURS * 3600 - self.fixed_seconds)


def sizing(results: list[Measured], cores: int) -> str:
    """What a night costs each engine by its two largest banks, and what a large bank then needs, in Markdown."""
    lines = []
    for engine in ("duckdb", "spark"):
        cost = NightlyCost.between(*[one for one in results if one.engine == engine][-2:])
        if cost.seconds_a_million <= 0:
            return f"The larger bank took {engine} no longer than the smaller: measure larger ones."
        lines.append(
            f"- **{engine}**: a night takes {cost.fixed_seconds:,.0f} s whatever the bank, and "
            f"{cost.seconds_a_million:,.0f} s more for each million customers, on {cores} cores. The tables take "
            f"{cost.gib_a_million:.1f} GiB a million."
        )
    needed = cost.cores(LARGE_BANK, cores)
    lines.append(
        f"- **A bank of {LARGE_BANK} million customers** on Spark: {LARGE_BANK} × {cost.seconds_a_million:,.0f} s × "
        f"{cores} cores ÷ {CLUSTER_EFFICIENCY} ÷ ({NIGHT_HOURS} h − {cost.fixed_seconds:,.0f} s) = "
        f"**{needed:,.0f} cores**; with {GIB_PER_CORE} GiB each {needed * GIB_PER_CORE:,.0f} GiB of memory; and "
        f"{LARGE_BANK * cost.gib_a_million / 1024:.1f} TiB of tables."
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000], help="two sizes or more")
    parser.add_argument("--days", type=int, default=365)
    arguments = parser.parse_args()
    if len(set(arguments.customers)) < 2:
        parser.error("growth needs two sizes or more")
    if not SPARK_DBT.exists():
        parser.error(f"{SPARK_DBT} does not exist: run make spark-setup")

    results = []
    for customers in sorted(set(arguments.customers)):
        bank = Engines(customers, arguments.days)
        for measured in bank.measure():
            print(measured, flush=True)
            results.append(measured)
        bank.check()
    cores = os.cpu_count()
    machine = f"{cores} cores, memory {MEMORY} for each engine, {arguments.days} days:"
    written = "\n\n".join((machine, table(results), sizing(results, cores)))
    print(written)
    write_between(PAGE, MARKER, written)


if __name__ == "__main__":
    main()
