"""Command ``banktags explain``."""

import datetime
from typing import Annotated

import typer

from banktags.door import ByOption, PurposeOption, ReasonOption, RoleOption, clear_errors, enter
from banktags.explain import words
from banktags.explain.reader import Reader
from banktags.terminal import Screen, json_text, say
from banktags.warehouse import open_read_only


def explain(
    customer: Annotated[str, typer.Argument(help="Golden customer id, or a customer number of core or CRM.")],
    by: ByOption,
    tag: Annotated[
        str | None, typer.Argument(help="Code of a tag; without it, all certified tags with values.")
    ] = None,
    role: RoleOption = None,
    purpose: PurposeOption = None,
    reason: ReasonOption = None,
    date: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Business date; default: the date of the warehouse."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say why a customer has a tag (为什么), since when (起于), and what would change it (如何改变).

    Masked by role, as the portrait is, and on record.
    """
    with open_read_only() as warehouse, clear_errors("explain"):
        door = enter(warehouse, role, purpose, by, reason)
        reader = Reader(warehouse, customer, date.date() if date else None, door)
        said = door.hand_over(reader.asked(tag)).said
    if as_json:
        shown = [words.as_json(explanation, reader.tags) for explanation in said]
        say(json_text(shown[0] if tag else shown, indent=2))
    elif tag:
        Screen().print(words.page(said[0], reader.tags))
    else:
        Screen().print(words.lines(said, reader.tags))
