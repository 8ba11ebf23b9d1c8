"""The review as one HTML file, and the index of the quarters."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from banktags.pages.site import Link
from banktags.pages.template import environment
from banktags.review import charts, rfm, words
from banktags.review.figures import Review

TITLE = re.compile(rf"<title>客户金字塔定期复盘 · (\d{{4}})年([{words.ORDINALS}])季度</title>")


def render(review: Review, links: Sequence[Link] = ()) -> str:
    """The page of one quarter."""
    pages = environment(Path(__file__).parent, "rfm.css")
    pages.filters |= {"bound": words.bound, "quarter_name": words.quarter_name}
    chinese, english = words.headline(review)
    return pages.get_template("review.html").render(
        review=review,
        links=links,
        total=review.totals(),
        headline=chinese,
        headline_english=english,
        findings=words.findings(review),
        flow=charts.flow(review.cells),
        heat=charts.heat(review.cells),
        charts=charts,
        classes=rfm.spread(review) if review.has_rfm else None,
    )


def quarter_of(html: str) -> str | None:
    """The quarter that a page reviews (2026-Q2), or None of a page that is no review."""
    found = TITLE.search(html)
    return f"{found[1]}-Q{words.ORDINALS.index(found[2]) + 1}" if found else None


def render_index(review: Review | None, pages: Mapping[str, str], links: Sequence[Link] = ()) -> str:
    """The list of all quarters, the latest first.

    Args:
        review: any quarter of the warehouse; None while it has none.
        pages: file by quarter, of the pages that have been written.
        links: ways to other pages.
    """
    templates = environment(Path(__file__).parent)
    templates.filters["quarter_name"] = words.quarter_name
    held = {row["period"] for row in review.tiers} if review else set()
    return templates.get_template("reviews.html").render(
        review=review, held=held, pages=pages, periods=sorted(held | pages.keys(), reverse=True), links=links
    )
