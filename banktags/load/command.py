"""Command ``banktags load``."""

import datetime
import re
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.progress import Progress
from rich.table import Table as RichTable

from banktags.landing import landing_zone
from banktags.load.batch import Options, Report, check_batch, load_batch
from banktags.load.delimited import TextForm
from banktags.load.failures import LoadStopped, named_failures
from banktags.load.preview import as_text
from banktags.load.problems import BatchError, printable
from banktags.load.publish import LandingBusy
from banktags.private import private_from_here
from banktags.terminal import Screen, say


def load(
    delivery: Annotated[
        Path,
        typer.Argument(
            metavar="FROM",
            help="Folder of the extracts: <system>/<table>.csv, <system>__<table>.parquet, "
            "<system>/<table>/dt=YYYY-MM-DD/<any>.csv, <system>__<table>_YYYYMMDD.csv, "
            "YYYY-MM-DD/<system>/<table>.csv … Text is .csv, .txt, .tsv, .dat or .del, also packed as .gz.",
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
            formats=["%Y-%m-%d"],
            help="Business date of extracts that carry none (no column dt, no folder dt=…, no date in a name).",
        ),
    ] = None,
    max_rejects: Annotated[
        int, typer.Option(min=0, help="Bad rows to set aside in _load/rejects; one more refuses the batch.")
    ] = 0,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let a changed redelivery replace what is landed for its business date.")
    ] = False,
    encoding: Annotated[
        str | None,
        typer.Option(help="Encoding of the texts, such as GB18030, GBK, BIG5 or UTF-16; default UTF-8."),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            help="Delimiter of the texts: one sign, 'tab' or an escape such as '\\x01'; default comma in .csv, else "
            "(and with --mapping) the one that the header uses most."
        ),
    ] = None,
    date_is_right: Annotated[
        bool,
        typer.Option("--date-is-right", help="Land a business date more than a year from all that is landed."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say what a load would refuse, set aside and not know; land nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: the same as JSON.")] = False,
    to: Annotated[
        Path | None, typer.Option(metavar="RAW", help="Landing zone; default BANK_TAGS_RAW, else data/raw.")
    ] = None,
) -> None:
    r"""Check a bank's own extracts against the source contract and land them, all of the batch or none.

    A header names the contract's columns, in any case and order; columns that
    may be empty may be left out. Blanks and invisible signs at the ends of a
    value are no part of it, and words for nothing (\N, NULL, N/A, #N/A, NaN,
    -) are empty. Keys that a spreadsheet has rounded (6.22E+18) or that hold
    invisible signs are refused. No message shows a customer's value.
    """
    private_from_here()
    if as_json and not check:
        raise typer.BadParameter("it is for --check", param_hint="--json")
    form = text_form(encoding, delimiter)
    options = Options(mapping, date.date() if date else None, max_rejects, replace, form, date_is_right)
    root = to or landing_zone()
    console = Screen(stderr=True)
    try:
        with Progress(console=console, transient=True) as progress, named_failures(root, progress):
            if check:
                found = check_batch(delivery, root, options, progress)
            else:
                report = load_batch(delivery, root, options, progress)
    except (BatchError, LandingBusy, LoadStopped) as error:
        say(str(error), err=True)
        raise typer.Exit(1) from None
    if check:
        say(as_text(found, as_json))
        raise typer.Exit(0 if found.would_land else 1)
    Screen().print(_summary(report))
    for note in report.notes:
        say(note)
    for warning in report.warnings:
        typer.secho(f"WARNING {warning}", err=True, fg=typer.colors.YELLOW, bold=True)


def text_form(encoding: str | None, delimiter: str | None) -> TextForm:
    """How the texts are written, as the options of a command say it.

    Raises:
        typer.BadParameter: no such encoding, or no delimiter.
    """
    return TextForm(_encoding(encoding), _delimiter(delimiter))


def _encoding(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        "".encode(name)
    except (LookupError, ValueError):
        message = f"{printable(name)} is no encoding of text that is known here: GB18030, GBK, BIG5, UTF-16 …"
        raise typer.BadParameter(message, param_hint="--encoding") from None
    return name


def _delimiter(sign: str | None) -> str | None:
    if sign is None:
        return None
    escaped = re.fullmatch(r"\\x([0-9a-fA-F]{2})", sign)
    delimiter = chr(int(escaped[1], 16)) if escaped else {"tab": "\t", "\\t": "\t"}.get(sign.lower(), sign)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        message = "give one sign that is neither a quote nor a line end: ';', '|', tab, '\\x01' …"
        raise typer.BadParameter(message, param_hint="--delimiter")
    return delimiter


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
