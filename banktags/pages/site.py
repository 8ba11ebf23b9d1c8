"""The pages of the folder ``site``, which lead to each other: catalogue, review of each quarter, campaigns."""

from dataclasses import dataclass
from pathlib import Path

CATALOGUE, REVIEW, REVIEWS, CAMPAIGNS = "index.html", "review.html", "reviews.html", "campaigns/index.html"
#: What each page is called where another leads to it, in the order in which they are offered.
NAMES = {
    CATALOGUE: "标签超市 Tag catalogue",
    REVIEW: "定期复盘 Quarterly review",
    REVIEWS: "各季复盘 All quarters",
    CAMPAIGNS: "营销活动 Campaigns",
}


@dataclass(frozen=True)
class Link:
    """A way to another page: what it is called, and its address from where the link stands."""

    name: str
    href: str


def other_pages(page: str, site: Path) -> list[Link]:
    """The ways from a page to the others of its folder.

    ``make site`` writes them all, so each may stand before the one that it leads to; only a bank that has no quarter to
    review has no last one, as the index of quarters tells.

    Args:
        page: the page's own address from the folder.
        site: the folder, whether the pages are in it yet or not.
    """
    without_review = (site / REVIEWS).exists() and not (site / REVIEW).exists()
    up = "../" * page.count("/")
    return [
        Link(name, up + href)
        for href, name in NAMES.items()
        if href != page and not (href == REVIEW and without_review)
    ]
