"""``banktags new mapping``: a skeleton of a mapping from the bank's own headers, for a person to complete."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from banktags.contract import read_contract
from banktags.load.command import text_form
from banktags.load.dated import DatedExtract, together
from banktags.load.delimited import TextForm
from banktags.load.delivery import find_files, name_date, open_extract
from banktags.load.extract import Extract
from banktags.load.mapping import create_views
from banktags.load.problems import BatchError, Problem
from banktags.load.skeleton import Skeleton, skeletons
from banktags.seeds.rows import SeedError
from banktags.terminal import say


def new_mapping(
    delivery: Annotated[Path, typer.Argument(metavar="DELIVERY", help="Folder of the bank's extracts, as they come.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the SQL files; what is there stays.")],
    encoding: Annotated[str | None, typer.Option(help="Encoding of the texts, as for load.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Delimiter of the texts, as for load.")] = None,
) -> None:
    """Write a SELECT for each table of the contract that the extracts are like: FILL the blanks, CHECK the guesses."""
    try:
        found, others = _skeletons(delivery, text_form(encoding, delimiter))
    except BatchError as error:
        problems = "\n".join(f"- {problem}" for problem in error.problems)
        say(f"No mapping was written:\n{problems}", err=True)
        raise typer.Exit(1) from None
    except SeedError as error:
        say(f"No mapping was written: {error}", err=True)
        raise typer.Exit(1) from None
    paths = {out / f"{skeleton.table.system}__{skeleton.table.name}.sql": skeleton for skeleton in found}
    there = sorted(path.name for path in paths if path.exists())
    if there:
        remedy = "remove them, or write to another folder with --out"
        say(f"{out}: {', '.join(there)} would be overwritten; nothing was written\n    remedy: {remedy}", err=True)
        raise typer.Exit(1)
    for path, skeleton in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(skeleton.sql, encoding="utf-8")
        columns = len(skeleton.table.columns) - 2  # loaded_at and dt are the loader's
        told = f"{skeleton.matched} of {columns} columns; {skeleton.fills} to FILL, {skeleton.checks} to CHECK"
        say(f"{path} from {skeleton.extract.name}: {told}")
    if others:
        say(f"Like no table of the contract: {', '.join(others)}.")
    if not paths:
        say("No file is like a table of the contract: write the mapping by hand, see examples/csv_extract.")
        raise typer.Exit(1)
    say(f"Next: banktags load {delivery} --mapping {out} --date YYYY-MM-DD --check")


def _skeletons(delivery: Path, form: TextForm) -> tuple[list[Skeleton], list[str]]:
    """The skeletons, and the files that are like no table.

    Raises:
        BatchError: a file cannot be read.
    """
    files = find_files(delivery)
    with tempfile.TemporaryDirectory() as work, duckdb.connect() as con:
        problems: list[Problem] = []
        opened: list[Extract] = []
        for path in files:
            name = path.relative_to(delivery).as_posix()
            dt, extract = name_date(name), open_extract(con, path, name, Path(work), any_delimiter=True, form=form)
            problems += [found for found in (dt, extract) if isinstance(found, Problem)]
            if not isinstance(dt, Problem) and not isinstance(extract, Problem):
                opened.append(replace(extract, dt=dt))
        read = together(con, opened, Path(work))
        problems += [found for found in read if isinstance(found, Problem)]
        extracts = [extract for extract in read if not isinstance(extract, Problem)]
        problems += create_views(con, extracts)[1]
        if problems:
            raise BatchError(problems)
        parts = {part.name for extract in extracts if isinstance(extract, DatedExtract) for part in extract.parts}
        return skeletons(con, [extract for extract in extracts if extract.name not in parts], read_contract())
