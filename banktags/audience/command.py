"""``banktags audience``: list, estimate, freeze and export audiences (客群圈选)."""

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from banktags.audience.definition import Audience, AudienceError, Estimate
from banktags.audience.definition import estimate as estimated
from banktags.audience.lists import Order, Taken
from banktags.audience.lists import export as exported
from banktags.audience.lists import freeze as frozen
from banktags.terminal import Screen, json_text, say
from banktags.warehouse import open_read_only

app = typer.Typer(
    help="Audiences: count before saving, freeze for a campaign, export to a channel.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The audience: <name> of model audience__<name>.")]
Reason = Annotated[str, typer.Option(help="Why the list is taken out; it goes on record.")]
By = Annotated[
    str, typer.Option(help="Who takes it out; default: the user of this machine.", default_factory=getpass.getuser)
]


@app.command("list")
def list_audiences() -> None:
    """The audiences of the warehouse, with whom their predicates find and who is left."""
    table = Table("audience", "客群", "purpose", "candidates", "members")
    with open_read_only() as con:
        for row in con.execute(
            """
            select audience, name_zh, purpose, candidates, members
            from audiences.audiences
            order by purpose, priority nulls last, audience
            """
        ).fetchall():
            table.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in row))
    Screen().print(table)


@app.command()
def estimate(
    predicate: Annotated[str, typer.Argument(help='Condition over tags, e.g. "aum_month_avg >= 300000".')],
    purpose: Annotated[str, typer.Option(help="marketing, service or risk.")] = "marketing",
    product: Annotated[str | None, typer.Option(help="Product offered, see core.products.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="SMS, PHONE, APP or WECOM; may be repeated.")] = None,
    including: Annotated[list[str] | None, typer.Option(help="Only members of this audience; may be repeated.")] = None,
    excluding: Annotated[list[str] | None, typer.Option(help="No member of this audience; may be repeated.")] = None,
    min_confidence: Annotated[
        list[str] | None, typer.Option(help="TAG=FLOOR: values trusted less do not count; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How many customers an audience would have, and how many each gate would remove, before anything is saved."""
    with clear_errors(), open_read_only() as con:
        audience = Audience(
            predicate, purpose, product, channel or [], including or [], excluding or [], _floors(min_confidence or [])
        )
        found = estimated(con, audience)
    if as_json:
        say(json_text(asdict(found), indent=2))
    else:
        Screen().print(_funnel(found))


@app.command()
def freeze(
    audience: Name,
    campaign: Annotated[str, typer.Option(help="Id of the campaign that the list is for.")],
    reason: Reason,
    by: By,
    control_share: Annotated[float, typer.Option(min=0, max=0.9, help="Share of controls, in each tier.")] = 0.1,
    salt: Annotated[str, typer.Option(help="Another salt gives other arms.")] = "",
) -> None:
    """Keep today's members as the list of a campaign, each with his arm, before the first contact: for good."""
    with clear_errors(), open_read_only() as con:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", campaign):
            raise AudienceError(f"campaign id {campaign!r}: letters, digits, - and _ only")
        _print(frozen(con, Order(audience, by, reason), campaign, control_share, salt))


@app.command()
def export(
    audience: Name,
    to: Annotated[Path, typer.Option(help="The CSV file to write.")],
    reason: Reason,
    by: By,
) -> None:
    """Write today's members for a channel, by address tokens; who, why and how many goes on record."""
    with clear_errors(), open_read_only() as con:
        _print(exported(con, Order(audience, by, reason), to))


@contextmanager
def clear_errors() -> Iterator[None]:
    """What is wrong with an audience as the command's own error."""
    try:
        yield
    except AudienceError as error:
        raise typer.BadParameter(str(error), param_hint="audience") from error


def _floors(floors: list[str]) -> dict[str, float]:
    found = {}
    for floor in floors:
        tag, _, value = floor.partition("=")
        try:
            found[tag] = float(value)
        except ValueError as error:
            raise AudienceError(f"min-confidence {floor!r}: write TAG=FLOOR, e.g. suitability_status=0.8") from error
    return found


def _funnel(found: Estimate) -> Table:
    table = Table("gate", "闸口", "removed", "remaining")
    remaining = found.candidates
    table.add_row("predicate finds", "条件命中", "", f"{remaining:,}")
    for gate in found.gates:
        remaining -= gate.removed
        table.add_row(gate.name_en, gate.name_zh, f"{gate.removed:,}", f"{remaining:,}")
    return table


def _print(taken: Taken) -> None:
    arms = "".join(f", {arm.lower()} {rows:,}" for arm, rows in taken.arms.items())
    say(f"{taken.file}: {taken.rows:,} customers{arms}. On record; the next build shows it in audience_exports.")
