"""The pages of campaigns: Jinja2 templates in the catalogue's look, charts in HTML and CSS, no script."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from banktags.campaign import charts, words
from banktags.campaign.figures import Campaign, Overview
from banktags.catalogue.site.page import APP, ICON
from banktags.review import words as numbers
from banktags.review.page import POLICY

FOLDER = Path(__file__).parent
REVIEW = FOLDER.parent / "review"


def file_name(campaign_id: str) -> str:
    """The file of a campaign's page: its key, with what a file name may not hold as a dash."""
    return re.sub(r"[^\w.-]", "-", campaign_id) + ".html"


def render(campaign: Campaign) -> str:
    """The page of one campaign."""
    chinese, english = words.headline(campaign)
    return _template("campaign.html").render(
        campaign=campaign,
        headline=chinese,
        headline_english=english,
        findings=words.findings(campaign),
        forest=charts.forest,
    )


def render_overview(overview: Overview) -> str:
    """The page that lists all campaigns."""
    return _template("campaigns.html").render(overview=overview, file_name=file_name)


def _template(name: str):
    pages = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {
        "count": numbers.count,
        "percent": numbers.percent,
        "amount": numbers.amount,
        "signed": numbers.signed,
        "points": numbers.points,
        "ratio": words.ratio,
        "p_value": words.p_value,
    }
    style = [APP / "supermarket.css", REVIEW / "review.css", FOLDER / "campaign.css"]
    pages.globals |= {
        "style": "\n".join(path.read_text(encoding="utf-8") for path in style),
        "words": words,
        "icon": ICON,
        "policy": POLICY,
    }
    return pages.get_template(name)
