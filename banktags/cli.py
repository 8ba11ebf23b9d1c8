"""Command line of bank-tags: ``banktags --help``."""

import typer

app = typer.Typer(help="Customer tag warehouse for retail banks: demo bank, loader and helpers.", no_args_is_help=True)
