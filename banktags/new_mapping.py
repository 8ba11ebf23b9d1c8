"""``banktags new mapping``: a skeleton of a mapping from the bank's own headers, for a person to complete."""

import tempfile
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from banktags.contract import read_contract
from banktags.load.delivery import find_files, open_extract
from banktags.load.mapping import create_views
from banktags.load.problems import BatchError, Problem
from banktags.load.skeleton import Skeleton, skeletons


def new_mapping(
    delivery: Annotated[Path, typer.Argument(metavar="DELIVERY", help="Folder of the bank's extracts, as they come.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the SQL files; what is there stays.")],
) -> None:
    """Write a SELECT for each table of the contract that the extracts are like: FILL the blanks, CHECK the guesses."""
    try:
        found, others = _skeletons(delivery)
    except BatchError as error:
        problems = "\n".join(f"- {problem}" for problem in error.problems)
        typer.echo(f"No mapping was written:\n{problems}", err=True)
        raise typer.Exit(1) from None
    paths = {out / f"{skeleton.table.system}__{skeleton.table.name}.sql": skeleton for skeleton in found}
    there = sorted(path.name for path in paths if path.exists())
    if there:
        remedy = "remove them, or write to another folder with --out"
        typer.echo(
            f"{out}: {', '.join(there)} would be overwritten; nothing was written\n    remedy: {remedy}", err=True
        )
        raise typer.Exit(1)
    for path, skeleton in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(skeleton.sql, encoding="utf-8")
        columns = len(skeleton.table.columns) - 2  # loaded_at and dt are the loader's
        told = f"{skeleton.matched} of {columns} columns; {skeleton.fills} to FILL, {skeleton.checks} to CHECK"
        typer.echo(f"{path} from {skeleton.extract.name}: {told}")
    if others:
        typer.echo(f"Like no table of the contract: {', '.join(others)}.")
    if not paths:
        typer.echo("No file is like a table of the contract: write the mapping by hand, see examples/csv_extract.")
        raise typer.Exit(1)
    typer.echo(f"Next: banktags load {delivery} --mapping {out} --date YYYY-MM-DD --check")


def _skeletons(delivery: Path) -> tuple[list[Skeleton], list[str]]:
    """The skeletons, and the files that are like no table.

    Raises:
        BatchError: a file cannot be read.
    """
    files = find_files(delivery)
    with tempfile.TemporaryDirectory() as work, duckdb.connect() as con:
        opened = [
            open_extract(con, path, path.relative_to(delivery).as_posix(), Path(work), any_delimiter=True)
            for path in files
        ]
        extracts = [extract for extract in opened if not isinstance(extract, Problem)]
        problems = [problem for problem in opened if isinstance(problem, Problem)]
        problems += create_views(con, extracts)[1]
        if problems:
            raise BatchError(problems)
        return skeletons(con, extracts, read_contract())
