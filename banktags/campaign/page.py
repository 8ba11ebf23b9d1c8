"""The pages of campaigns, as one HTML file each."""

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Template

from banktags.campaign import charts, words
from banktags.campaign.figures import Campaign, Overview
from banktags.pages.site import Link
from banktags.pages.template import environment


def file_name(campaign_id: str) -> str:
    """The file of a campaign's page: its key, with what a file name may not hold as a dash."""
    return re.sub(r"[^\w.-]", "-", campaign_id) + ".html"


def render(campaign: Campaign, links: Sequence[Link] = ()) -> str:
    """The page of one campaign, with ways to other pages."""
    chinese, english = words.headline(campaign)
    return _template("campaign.html").render(
        campaign=campaign,
        headline=chinese,
        headline_english=english,
        findings=words.findings(campaign),
        forest=charts.forest,
        links=links,
    )


def render_overview(overview: Overview, links: Sequence[Link] = ()) -> str:
    """The page that lists all campaigns, with ways to other pages."""
    return _template("campaigns.html").render(overview=overview, file_name=file_name, links=links)


def _template(name: str) -> Template:
    pages = environment(Path(__file__).parent, "campaign.css")
    pages.filters["ratio"] = words.ratio
    pages.globals["words"] = words
    return pages.get_template(name)
