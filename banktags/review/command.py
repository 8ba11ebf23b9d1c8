"""``banktags review``: write the quarterly review of the pyramid as one HTML file, and an index of the quarters."""

import re
from pathlib import Path
from typing import Annotated

import typer

from banktags.contract import PROJECT_ROOT
from banktags.pages.site import REVIEW, REVIEWS, other_pages
from banktags.review.figures import Review, read_review
from banktags.review.page import quarter_of, render, render_index
from banktags.terminal import say
from banktags.warehouse import open_read_only

DEFAULT = PROJECT_ROOT / "site" / REVIEW


def review(
    out: Annotated[
        Path | None,
        typer.Option(help=f"The file to write; default: site/{REVIEW} for the latest quarter, its own for another."),
    ] = None,
    quarter: Annotated[str | None, typer.Option(help="Quarter to review, e.g. 2026Q2; default: the latest.")] = None,
) -> None:
    """Write the quarterly review of the pyramid (定期复盘) as one HTML file: to read on a phone, to mail, to print.

    review.html is the latest quarter; each quarter also keeps a page of its own beside it (review-2026-Q1.html), and
    reviews.html lists them. No page of another quarter is overwritten.
    """
    with open_read_only() as warehouse:
        try:
            found = read_review(warehouse, quarter)
        except LookupError as error:
            raise typer.BadParameter(str(error), param_hint="quarter" if quarter else "warehouse") from error
    folder = (out or DEFAULT).parent
    is_series = (out or DEFAULT).name == REVIEW
    if found is None:
        (out or DEFAULT).unlink(missing_ok=True)  # one of another warehouse would pass for this one's
        if is_series:
            _write_index(folder, None)
        say("No quarter to review yet: its beginning and its end must lie in the months that balances cover.")
        return
    folder.mkdir(parents=True, exist_ok=True)
    if is_series:
        pages = _pages_of_series(folder, found, is_asked=out is not None)
    else:
        held = _quarter_in(out)
        if held not in (None, found.period):
            raise typer.BadParameter(f"{out} is the review of {held}: name another file", param_hint="out")
        pages = [out]
    for page in pages:
        page.write_text(render(found, other_pages(page.name, folder)), encoding="utf-8")
    if is_series:
        _write_index(folder, found)
    say(f"{found.period} in {' and '.join(str(page) for page in pages)}")


def _pages_of_series(folder: Path, found: Review, is_asked: bool) -> list[Path]:
    """The files of a quarter: its own, and review.html of the latest.

    What review.html held of another quarter gets that quarter's own name. Asked for by name, it takes an earlier
    quarter too as long as it holds no other.
    """
    last, own = folder / REVIEW, page_of(folder, found.period)
    held = _quarter_in(last)
    if not found.is_latest:
        return [last] if is_asked and held in (None, found.period) else [own]
    if held not in (None, found.period) and not page_of(folder, held).exists():
        last.rename(page_of(folder, held))
    return [own, last]


def page_of(folder: Path, period: str) -> Path:
    """The page of a quarter: review-2026-Q1.html."""
    return folder / f"{Path(REVIEW).stem}-{period}.html"


def _quarter_in(page: Path) -> str | None:
    return quarter_of(page.read_text(encoding="utf-8")) if page.exists() else None


def _write_index(folder: Path, found: Review | None) -> None:
    """The list of the quarters whose pages lie in the folder, and of those that the warehouse can review."""
    names = (re.fullmatch(rf"{Path(REVIEW).stem}-(\d{{4}}-Q[1-4])", page.stem) for page in folder.glob("*.html"))
    written = {name[1] for name in names if name}
    folder.mkdir(parents=True, exist_ok=True)
    html = render_index(
        found, {period: page_of(folder, period).name for period in written}, other_pages(REVIEWS, folder)
    )
    (folder / REVIEWS).write_text(html, encoding="utf-8")
