"""``banktags audience``: list, estimate, freeze and export audiences (客群圈选)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.table import Table

from banktags.audience.definition import Audience, AudienceError, Estimate
from banktags.audience.definition import estimate as estimated
from banktags.audience.estimates import keep_on_record, refuse_too_many
from banktags.audience.lists import Order, Taken
from banktags.audience.lists import export as exported
from banktags.audience.lists import freeze as frozen
from banktags.audience.small_counts import few
from banktags.conditions import parse_condition
from banktags.conditions.governed import retyped_numbers
from banktags.conditions.known import of_warehouse
from banktags.private import private_from_here
from banktags.records import machine_user
from banktags.terminal import Screen, json_text, say
from banktags.warehouse import business_date, open_read_only

app = typer.Typer(
    help="Audiences: count before saving, freeze for a campaign, export to a channel.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The audience: <name> of model audience__<name>.")]
Reason = Annotated[str, typer.Option(help="Why the list is taken out; it goes on record.")]
By = Annotated[
    str, typer.Option(help="Who takes it out; default: the user of this machine.", default_factory=machine_user)
]


@app.command("list")
def list_audiences() -> None:
    """The audiences of the warehouse, with whom their predicates find and who is left."""
    table = Table("audience", "客群", "purpose", "candidates", "members")
    with open_read_only() as con:
        for *names, candidates, members in con.execute(
            """
            select audience, name_zh, purpose, candidates, members
            from audiences.audiences
            order by purpose, priority nulls last, audience
            """
        ).fetchall():
            # Null is few, or would tell how few others are.
            counts = ("not told" if count is None else f"{count:,}" for count in (candidates, members))
            table.add_row(*names, *counts)
    Screen().print(table)


@app.command()
def estimate(
    predicate: Annotated[str, typer.Argument(help='Condition over tags, e.g. "aum_month_avg >= 300000".')],
    by: Annotated[
        str, typer.Option(help="Who counts it; default: the user of this machine.", default_factory=machine_user)
    ],
    purpose: Annotated[str, typer.Option(help="marketing, service or risk.")] = "marketing",
    product: Annotated[str | None, typer.Option(help="Product offered, see core.products.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="SMS, PHONE, APP or WECOM; may be repeated.")] = None,
    including: Annotated[list[str] | None, typer.Option(help="Only members of this audience; may be repeated.")] = None,
    excluding: Annotated[list[str] | None, typer.Option(help="No member of this audience; may be repeated.")] = None,
    min_confidence: Annotated[
        list[str] | None, typer.Option(help="TAG=FLOOR: values trusted less do not count; may be repeated.")
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Why it is counted; goes on record. Default: to size an audience of this product."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How many customers an audience would have, and how many each gate would remove, before anything is saved.

    Numbers are rounded, and few are not told. Who counted what, and why, goes on record.
    """
    with clear_errors(), open_read_only() as con:
        audience = Audience(
            predicate, purpose, product, channel or [], including or [], excluding or [], _floors(min_confidence or [])
        )
        refuse_too_many(con)
        found, date, known = estimated(con, audience), business_date(con), of_warehouse(con)
    for number in retyped_numbers(parse_condition(predicate, known)):
        say(f"warning: {number}", err=True)
    keep_on_record(audience, found, by, _sizing(audience) if reason is None else reason, date)
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
    """Keep the members as the list of a campaign, each with their arm, before the first contact: for good."""
    private_from_here()
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
    campaign: Annotated[
        str | None,
        typer.Option(help="Only whom the frozen list of this campaign treats, judged again by today's gates."),
    ] = None,
) -> None:
    """Write whom a channel is to reach, by address tokens, each once; who, why and how many goes on record."""
    private_from_here()
    with clear_errors(), open_read_only() as con:
        _print(exported(con, Order(audience, by, reason), to, campaign))


@contextmanager
def clear_errors() -> Iterator[None]:
    """What is wrong with an audience, or a table that a build of a part has not made, as the command's own error."""
    try:
        yield
    except AudienceError as error:
        raise typer.BadParameter(str(error), param_hint="audience") from error
    except duckdb.CatalogException as error:
        missing = re.search(r"Table with name (\S+) does not exist", str(error))
        if not missing:
            raise
        told = f"the warehouse has no {missing[1]}: only a part of it was built, run dbt build without --select first"
        raise typer.BadParameter(told, param_hint="warehouse") from error


def _floors(floors: list[str]) -> dict[str, float]:
    found = {}
    for floor in floors:
        tag, _, value = floor.partition("=")
        try:
            found[tag] = float(value)
        except ValueError as error:
            raise AudienceError(f"min-confidence {floor!r}: write TAG=FLOOR, e.g. suitability_status=0.8") from error
    return found


def _sizing(audience: Audience) -> str:
    """Why an audience is counted where nobody says it: to size it."""
    product = f" of product {audience.product}" if audience.product else ""
    return f"size of a {audience.purpose} audience{product}, not saved yet"


def _funnel(found: Estimate) -> Table:
    """The funnel as a table; each number is rounded by itself, so that none follows from the others."""

    def shown(count: int | None) -> str:
        return few(found.rounded_to) if count is None else f"{count:,}"

    rounded = f"Rounded to multiples of {found.rounded_to}, each by itself" if found.rounded_to > 1 else None
    table = Table("gate", "闸口", "removed", "remaining", caption=rounded)
    table.add_row("predicate finds", "条件命中", "", shown(found.candidates))
    for gate in found.gates:
        table.add_row(gate.name_en, gate.name_zh, shown(gate.removed), "")
    table.add_row("members", "成员", "", shown(found.members))
    return table


def _print(taken: Taken) -> None:
    arms = "".join(f", {arm.lower()} {rows:,}" for arm, rows in taken.arms.items())
    left_out = ", ".join(f"{reason} {customers:,}" for reason, customers in taken.left_out.items())
    say(str(taken.day))
    if left_out:
        say(f"Left out: {left_out}.")
    say(f"{taken.file}: {taken.rows:,} customers{arms}. On record; the next build shows it in audience_exports.")
