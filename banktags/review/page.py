"""The review as one HTML file: a Jinja2 template in the catalogue's look, charts as inline SVG, no script."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from banktags.catalogue.site.page import APP, ICON
from banktags.review import charts, words
from banktags.review.figures import Review

FOLDER = Path(__file__).parent
#: The page may not run anything, nor ask any host for anything: the browser itself sees to it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render(review: Review) -> str:
    """The page of one quarter."""
    pages = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {
        "count": words.count,
        "percent": words.percent,
        "amount": words.amount,
        "signed": words.signed,
        "points": words.points,
        "bound": words.bound,
        "quarter_name": words.quarter_name,
    }
    style = "\n".join(path.read_text(encoding="utf-8") for path in (APP / "supermarket.css", FOLDER / "review.css"))
    chinese, english = words.headline(review)
    return pages.get_template("review.html").render(
        review=review,
        total=review.totals(),
        headline=chinese,
        headline_english=english,
        findings=words.findings(review),
        flow=charts.flow(review.cells),
        heat=charts.heat(review.cells),
        charts=charts,
        style=style,
        icon=ICON,
        policy=POLICY,
    )
