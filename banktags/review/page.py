"""The review as one HTML file."""

from pathlib import Path

from banktags.pages.template import environment
from banktags.review import charts, rfm, words
from banktags.review.figures import Review


def render(review: Review) -> str:
    """The page of one quarter."""
    pages = environment(Path(__file__).parent, "rfm.css")
    pages.filters |= {"bound": words.bound, "quarter_name": words.quarter_name}
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
        classes=rfm.spread(review) if review.has_rfm else None,
    )
