"""Command line of bank-tags: ``banktags --help``. Each command stands in a module of its own."""

import typer

from banktags.audience.command import app as audience
from banktags.campaign.command import app as campaign
from banktags.catalogue import sync as catalogue_sync
from banktags.catalogue.site.command import site
from banktags.explain.command import explain
from banktags.freeze_rfm import freeze_rfm
from banktags.load.command import load
from banktags.new_currency import new_currency
from banktags.new_mapping import new_mapping
from banktags.new_tag import app as new
from banktags.nightly.command import run
from banktags.parity import parity
from banktags.portrait.command import app as portrait
from banktags.query import query
from banktags.review.command import review
from banktags.settings import setting_faults, warn_unknown_settings
from banktags.simulate.command import simulate_command
from banktags.summary import summary
from banktags.tag_life import app as tag_life
from banktags.tier_simulator import app as tiers

app = typer.Typer(no_args_is_help=True)


@app.callback()
def check_settings() -> None:
    """Customer tag warehouse for retail banks: demo bank, loader and helpers."""
    warn_unknown_settings()
    if faults := setting_faults():
        raise typer.BadParameter("; ".join(faults), param_hint="settings")


app.add_typer(audience, name="audience")
app.add_typer(campaign, name="campaign")
app.command()(explain)
app.command()(freeze_rfm)
app.command()(load)
app.command()(parity)
app.command()(query)
app.command()(review)
app.command()(run)
app.command()(summary)
catalogue_sync.app.command()(site)
app.add_typer(catalogue_sync.app, name="catalogue")
new.command("currency")(new_currency)
new.command("mapping")(new_mapping)
app.add_typer(new, name="new")
app.add_typer(portrait, name="portrait")
app.command("simulate")(simulate_command)
app.add_typer(tag_life, name="tag")
app.add_typer(tiers, name="tiers")
