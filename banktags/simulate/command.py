"""``banktags simulate``: the demo bank from the command line."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from banktags.clock import DEMO_DATE
from banktags.landing import landing_zone
from banktags.private import private_from_here
from banktags.simulate.bank import simulate
from banktags.simulate.parameters import Parameters
from banktags.terminal import Screen

console = Screen(stderr=True)


def simulate_command(
    customers: Annotated[int, typer.Option(help="Core customers.")] = 20_000,
    days: Annotated[int, typer.Option(help="Business days up to the end date, weekends included.")] = 365,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Empty or new folder; default is the landing zone.", show_default=False)
    ] = None,
    end_date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help=f"Last business date; default is {DEMO_DATE}.", show_default=False),
    ] = None,
) -> None:
    """Write a demo bank: every table of the source contract as Parquet, and the planted truth in _truth/."""
    private_from_here()
    folder = out or landing_zone()
    columns = (
        TextColumn("{task.description:<36}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("demo bank", total=1.0)
        try:
            parameters = Parameters(customers, days, seed, end_date.date() if end_date else DEMO_DATE)
            simulate(parameters, folder, lambda step, share: bar.update(task, description=step, completed=share))
        except (ValueError, FileExistsError) as error:
            bar.stop()
            console.print(str(error), style="red")
            raise typer.Exit(2) from error
        bar.update(task, description="demo bank", completed=1.0)
    console.print(f"{customers:,} customers, {parameters.start} to {parameters.end}, in {folder}")
