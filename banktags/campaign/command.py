"""``banktags campaign``: prove the readout, and report a campaign."""

from pathlib import Path
from typing import Annotated

import typer

from banktags.campaign.calibration import calibrate as calibrated
from banktags.campaign.calibration import compiled_models
from banktags.campaign.figures import campaign_ids, read_campaign, read_overview
from banktags.campaign.page import file_name, render, render_overview
from banktags.contract import PROJECT_ROOT
from banktags.pages.site import CAMPAIGNS, Link, other_pages
from banktags.terminal import say
from banktags.warehouse import open_read_only, warehouse_file

#: What the readout must come to: intervals that cover, and campaigns without effect that win.
LEAST_COVERAGE, MOST_NULL_WINS = 0.93, 0.06

app = typer.Typer(help="Campaigns and their readout.", no_args_is_help=True)


@app.callback()
def campaign() -> None:
    """Campaigns and their readout."""


@app.command()
def calibrate(
    campaigns: Annotated[int, typer.Option(min=2, help="Campaigns to draw; every other one has no effect.")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 1,
) -> None:
    """Draw campaigns with a known effect over the warehouse's customers and count how often the readout is right.

    Exits with 1 if fewer than 93 % of the intervals cover the effect, or over 6 % of the campaigns without one win.
    """
    with open_read_only() as con:
        as_of_date = con.sql("select max(as_of_date) from marts.customer_tags").fetchone()[0]
    models = compiled_models(as_of_date)
    found = calibrated(warehouse_file(), models, campaigns, seed)
    say(
        f"{found.campaigns} campaigns, seed {seed}\n"
        f"  interval covers the planted effect   {found.covered:>5} of {found.campaigns:<5} {found.coverage:>6.1%}"
        f"   at least {LEAST_COVERAGE:.0%}\n"
        f"  wins without an effect               {found.null_wins:>5} of {found.null_campaigns:<5} "
        f"{found.null_win_rate:>6.1%}   at most {MOST_NULL_WINS:.0%}\n"
        f"  losses without an effect             {found.null_losses:>5} of {found.null_campaigns}\n"
        f"  wins with a positive effect          {found.effective_wins:>5} of {found.effective_campaigns}\n"
        f"  invalid by sample ratio              {found.invalid:>5} of {found.campaigns}"
    )
    if found.coverage < LEAST_COVERAGE or found.null_win_rate > MOST_NULL_WINS:
        raise typer.Exit(1)


@app.command()
def report(
    campaign_id: Annotated[
        str | None,
        typer.Argument(metavar="[CAMPAIGN]", help="Campaign to report; default: all, and a page that lists them."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = PROJECT_ROOT / "site" / "campaigns",
) -> None:
    """Write the readout of a campaign, or of all, as HTML files: to read on a phone, to mail, to print."""
    with open_read_only() as warehouse:
        try:
            wanted = [campaign_id] if campaign_id else campaign_ids(warehouse)
            links = [Link("各活动 All campaigns", "index.html"), *other_pages(CAMPAIGNS, out.parent)]
            pages = {file_name(name): render(read_campaign(warehouse, name), links) for name in wanted}
            if not campaign_id:
                pages["index.html"] = render_overview(read_overview(warehouse), links[1:])
        except LookupError as error:
            raise typer.BadParameter(str(error), param_hint="campaign" if campaign_id else "warehouse") from error
    out.mkdir(parents=True, exist_ok=True)
    for name, html in pages.items():
        (out / name).write_text(html, encoding="utf-8")
    say(f"{len(wanted)} campaign{'' if len(wanted) == 1 else 's'} in {out}")
