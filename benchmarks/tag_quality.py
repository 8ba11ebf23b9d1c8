"""Time of ``tag_quality`` against one hand-written query: ``python benchmarks/tag_quality.py --help``.

A table like customer_tags is filled with made-up customers: the project's tags with their types and listed values, a
fifth of each unknown. On it run the SQL that dbt compiles for tag_scan, tag_distribution, tag_drift and tag_quality,
with an earlier date to compare with; and one query as an analyst would type it who knows DuckDB well, which computes
the same statistics (known, distinct, lowest, highest, digest, customers by bin) and judges nothing. The ratio should be
2 at most.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from banktags.catalogue import TagEntry, tag_entries
from banktags.contract import PROJECT_ROOT
from banktags.packages import DBT

AS_OF = "2026-06-30"
MODELS = ("tag_scan", "tag_distribution", "tag_drift", "tag_quality")


def dbt(folder: Path, *arguments: str) -> None:
    """Run dbt on the benchmark's own warehouse and target; what it prints shows only when it fails."""
    environment = os.environ | {
        "BANK_TAGS_DB": str(folder / "bank_tags.duckdb"),
        "BANK_TAGS_WORK": str(folder / "bank_tags.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
    }
    command = (DBT, "--quiet", *arguments, "--vars", f"{{as_of_date: {AS_OF}, quality_reference_date: null}}")
    run = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stdout + run.stderr)


def made_up(entry: TagEntry, seed: int) -> str:
    """SQL of one column: a value that depends on nothing but the row number ``i`` and the seed."""
    drawn = f"hash(i, {seed})"
    if entry.data_type == "string":
        values = list(entry.values or (f"value {number}" for number in range(20)))
        value = f"{values}[1 + cast({drawn} % {len(values)} as int)]"
    else:
        value = {
            "boolean": f"{drawn} % 3 = 0",
            "date": f"date '{AS_OF}' - cast({drawn} % 3000 as int)",
            "int": f"cast({drawn} % 400 as int)",
            "bigint": f"cast(least({drawn} % 50, {drawn} % 7) as bigint)",
            "double": f"({drawn} % 100000) / 100000.0",
        }.get(entry.data_type, f"cast(exp(3 + ({drawn} % 1000000) / 100000.0) as {entry.data_type})")
    return f"case when hash(i, {seed}, 'unknown') % 5 > 0 then {value} end as {entry.code}"


def fill(connection: duckdb.DuckDBPyConnection, entries: list[TagEntry], customers: int) -> None:
    """Make marts.customer_tags of that many customers."""
    columns = ", ".join(made_up(entry, seed) for seed, entry in enumerate(entries))
    connection.sql("create schema if not exists marts")
    connection.sql(
        f"create or replace table marts.customer_tags as select 'C' || i as customer_id, date '{AS_OF}' as as_of_date, "
        f"{columns} from range({customers}) as numbers (i)"
    )


def compiled(folder: Path, model: str) -> str:
    return (folder / f"target/compiled/bank_tags/models/checks/{model}.sql").read_text(encoding="utf-8")


def by_hand(tags: list[tuple[str, str, str]]) -> str:
    """One query over the wide table with the statistics of each tag, in the bins of models/checks/bins.md.

    Args:
        tags: code, data type and bin_kind of each.
    """
    binned = {
        "value": "{0}",
        "bucket": "substr(md5({0}), 1, 1)",
        "number": "-{0}::double, bounds",
        "months": f"-ceil(date_diff('day', date '{AS_OF}', {{0}}) / 30.0), bounds",
    }
    statistics = ["count(*)"]
    for tag, data_type, bin_kind in tags:
        statistics += [f"count({tag})", f"bit_xor(hash(customer_id, {tag}))"]
        statistics.append(f"histogram({binned[bin_kind].format(tag)})")
        if data_type.startswith(("decimal", "double")):
            statistics.append(f"approx_count_distinct({tag})")
        elif bin_kind != "value":
            statistics.append(f"count(distinct {tag})")
        if bin_kind in ("number", "months"):
            statistics += [f"min({tag})", f"max({tag})"]
    return f"""
        with bounds as (
            select list(bound order by bound) as bounds from (
                select 0.0::double as bound
                union all
                select sign * (digit || 'e' || power)::double
                from range(1, 10) d (digit), range(-3, 12) p (power), (values (1), (-1)) s (sign))
        )
        select {", ".join(statistics)} from marts.customer_tags, bounds
    """


def seconds(connection: duckdb.DuckDBPyConnection, sql: str) -> float:
    started = time.perf_counter()
    connection.execute(sql).fetchall()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="of each the fastest counts")
    arguments = parser.parse_args()

    folder = PROJECT_ROOT / "target" / "bench" / "tag_quality"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bank_tags.duckdb").unlink(missing_ok=True)
    dbt(folder, "seed", "--select", "quality_thresholds")
    dbt(folder, "compile", "--select", "tag_values", *MODELS)
    entries = tag_entries(json.loads((folder / "target/manifest.json").read_text(encoding="utf-8")))

    with duckdb.connect(str(folder / "bank_tags.duckdb")) as connection:
        connection.sql("set memory_limit = '3GB'")
        fill(connection, entries, arguments.customers)
        connection.sql(f"create table governance.tag_values as {compiled(folder, 'tag_values')}")

        def build(model: str) -> float:
            return seconds(connection, f"create or replace table governance.{model} as {compiled(folder, model)}")

        build("tag_scan")
        build("tag_distribution")
        connection.sql(
            "create table earlier as select * replace (as_of_date - 30 as as_of_date) from governance.tag_distribution"
        )
        tags = connection.sql("select tag_code, data_type, bin_kind from governance.tag_scan").fetchall()
        query = by_hand(tags)

        best: dict[str, float] = {}
        for _ in range(arguments.rounds):
            for model in MODELS:
                best[model] = min(build(model), best.get(model, float("inf")))
                if model == "tag_distribution":
                    connection.sql("insert into governance.tag_distribution from earlier")
            best["by hand"] = min(seconds(connection, query), best.get("by hand", float("inf")))

    print(f"{arguments.customers:,} customers, {len(tags)} tags, {os.cpu_count()} cores, best of {arguments.rounds}")
    for name, taken in best.items():
        print(f"  {name:<16} {taken:7.2f} s")
    total = sum(best[model] for model in MODELS)
    print(f"tag_quality {total:.2f} s, one query by hand {best['by hand']:.2f} s: ratio {total / best['by hand']:.2f}")


if __name__ == "__main__":
    main()
