"""Command ``banktags explain``."""

import datetime
from typing import Annotated

import typer

from banktags.explain import words
from banktags.explain.reader import Reader
from banktags.terminal import Screen, json_text, say
from banktags.warehouse import open_read_only


def explain(
    customer: Annotated[str, typer.Argument(help="Golden customer id, or a customer number of core or CRM.")],
    tag: Annotated[
        str | None, typer.Argument(help="Code of a tag; without it, all certified tags with values.")
    ] = None,
    date: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Business date; default: the date of the warehouse."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say why a customer has a tag (为什么), since when (起于), and what would change it (如何改变)."""
    with open_read_only() as warehouse:
        reader = Reader(warehouse, customer, date.date() if date else None)
        codes = [tag] if tag else reader.certified()
        explanations = [reader.explain(reader.tag(code)) for code in codes]
    if as_json:
        said = [words.as_json(explanation, reader.tags) for explanation in explanations]
        say(json_text(said[0] if tag else said, indent=2))
    elif tag:
        Screen().print(words.page(explanations[0], reader.tags))
    else:
        Screen().print(words.lines(explanations, reader.tags))
