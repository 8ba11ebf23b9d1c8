"""Command ``banktags load``."""

import datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table as RichTable

from banktags.landing import landing_zone
from banktags.load.batch import Options, Report, check_batch, load_batch
from banktags.load.preview import as_text
from banktags.load.problems import BatchError
from banktags.load.publish import LandingBusy


def load(
    delivery: Annotated[
        Path,
        typer.Argument(
            metavar="FROM",
            help="Folder of the extracts: <system>/<table>.csv, <system>__<table>.parquet, "
            "<system>/<table>/dt=YYYY-MM-DD/<any>.csv …",
        ),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of <system>__<table>.sql files that select the contract's columns "
            "from views named after the files.",
        ),
    ] = None,
    date: Annotated[
        datetime.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Business date of extracts that carry none (no column dt, no folder dt=…)."
        ),
    ] = None,
    max_rejects: Annotated[
        int, typer.Option(min=0, help="Bad rows to set aside in _load/rejects; one more refuses the batch.")
    ] = 0,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let a changed redelivery replace what is landed for its business date.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say what a load would refuse, set aside and not know; land nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: the same as JSON.")] = False,
    to: Annotated[
        Path | None, typer.Option(metavar="RAW", help="Landing zone; default BANK_TAGS_RAW, else data/raw.")
    ] = None,
) -> None:
    """Check a bank's own extracts against the source contract and land them, all of the batch or none."""
    options = Options(mapping, date.date() if date else None, max_rejects, replace)
    console, root = Console(stderr=True), to or landing_zone()
    if as_json and not check:
        raise typer.BadParameter("it is for --check", param_hint="--json")
    try:
        with Progress(console=console, transient=True) as progress:
            if check:
                found = check_batch(delivery, root, options, progress)
            else:
                report = load_batch(delivery, root, options, progress)
    except (BatchError, LandingBusy) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if check:
        typer.echo(as_text(found, as_json))
        raise typer.Exit(0 if found.would_land else 1)
    Console().print(_summary(report))
    for note in report.notes:
        typer.echo(note)
    for warning in report.warnings:
        typer.secho(f"WARNING {warning}", err=True, fg=typer.colors.YELLOW, bold=True)


def _summary(report: Report) -> RichTable:
    new = any(partition.is_new for partition in report.partitions)
    table = RichTable(box=box.SIMPLE, title=f"Batch {report.batch_id}" if new else "Nothing new to land")
    for heading in ("table", "first dt", "last dt"):
        table.add_column(heading, no_wrap=True)
    for heading in ("dates", "new", "rows", "bad"):
        table.add_column(heading, justify="right")
    by_name = sorted(report.partitions, key=lambda partition: (partition.table.qualified_name, partition.dt))
    for name, group in groupby(by_name, key=lambda partition: partition.table.qualified_name):
        partitions = list(group)
        landed = [partition for partition in partitions if partition.is_new]
        rows, rejected = sum(partition.rows for partition in landed), sum(partition.rejected for partition in landed)
        counts = (f"{count:,}" for count in (len(partitions), len(landed), rows, rejected))
        table.add_row(name, str(partitions[0].dt), str(partitions[-1].dt), *counts)
    return table
