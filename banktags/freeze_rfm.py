"""``banktags freeze-rfm``: hold the RFM cut points of the last run for the period that begins the day after.

Quintile cut points move with the population every night. A bank that wants them fixed for a quarter builds the last day
of the quarter before, freezes, and commits the changed seed: it is reviewed like any other change of policy, and a
replay uses the same points. Bands are rows of policy with a validity of their own, and need no freezing.
"""

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from banktags.seeds.rows import seed_file
from banktags.terminal import say
from banktags.warehouse import open_read_only

SEED = seed_file("rfm_cut_points")
#: What identifies a set of cut points; freezing again for the same key replaces the set.
KEY = ("currency", "period", "parameters_version")


def freeze_rfm(
    period: Annotated[str | None, typer.Option(help="Period to freeze for, e.g. 2026-Q3 or 2026-07.")] = None,
) -> None:
    """Write the RFM cut points that the last run computed into seed rfm_cut_points, for the period that comes next."""
    with open_read_only() as warehouse:
        rows = computed_cut_points(warehouse, period)
    replace_in_seed(rows, SEED)
    first = rows[0]
    say(f"{SEED.name}: {len(rows)} rows for {first['period']}, computed as of {first['frozen_as_of']}")


def computed_cut_points(warehouse: duckdb.DuckDBPyConnection, period: str | None = None) -> list[dict]:
    """Rows for the seed: the computed cut points of the warehouse, for ``period`` or the one that begins the day after.

    Raises:
        typer.BadParameter: there are none, or the run's date is not the last day of its period and no period is given.
    """
    result = warehouse.sql(
        """
        select
            currency, period, scoring_method, axis, measure, score, value_from, value_to, is_high,
            parameters_version, computed_as_of as frozen_as_of
        from segments.segment__rfm_cut_points
        where origin = 'computed' and scoring_method = 'quintile'
        order by axis, score
        """
    )
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]
    if not rows:
        raise typer.BadParameter(
            "segment__rfm_cut_points has no fifths: run dbt build first, of a bank with customers whom RFM applies to",
            param_hint="warehouse",
        )
    run_period, run_date = rows[0]["period"], rows[0]["frozen_as_of"]
    next_period = period or period_of(run_date + timedelta(days=1), like=run_period)
    if next_period == run_period:
        raise typer.BadParameter(
            f"{run_date} is not the last day of {run_period}: build that day first, or name the period with --period",
            param_hint="warehouse",
        )
    return [row | {"period": next_period, "is_high": str(row["is_high"]).lower()} for row in rows]


def period_of(day: date, like: str) -> str:
    """Calendar period that ``day`` lies in, written like another one: a quarter (2026-Q2) or a month (2026-06)."""
    return f"{day:%Y}-Q{(day.month + 2) // 3}" if "Q" in like else f"{day:%Y-%m}"


def replace_in_seed(rows: list[dict], seed: Path) -> None:
    """Put the rows into the seed, in place of those of the same currency, period and parameters version."""
    with seed.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns, kept = list(reader.fieldnames or []), list(reader)
    replaced = {tuple(row[name] for name in KEY) for row in rows}
    kept = [row for row in kept if tuple(row[name] for name in KEY) not in replaced]
    with seed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
        writer.writerows(sorted(kept + plain, key=lambda row: (row["currency"], row["period"])))


def _plain(value: object) -> object:
    """A number as a seed holds it: without exponent."""
    return f"{Decimal(repr(value)):f}" if isinstance(value, float) else value
