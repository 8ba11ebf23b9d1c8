"""``banktags review``: write the quarterly review of the pyramid as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from banktags.contract import PROJECT_ROOT
from banktags.review.figures import read_review
from banktags.review.page import render
from banktags.terminal import say
from banktags.warehouse import open_read_only


def review(
    out: Annotated[Path, typer.Option(help="The file to write.")] = PROJECT_ROOT / "site" / "review.html",
    quarter: Annotated[str | None, typer.Option(help="Quarter to review, e.g. 2026Q2; default: the latest.")] = None,
) -> None:
    """Write the quarterly review of the pyramid (定期复盘) as one HTML file: to read on a phone, to mail, to print."""
    with open_read_only() as warehouse:
        try:
            found = read_review(warehouse, quarter)
        except LookupError as error:
            raise typer.BadParameter(str(error), param_hint="quarter" if quarter else "warehouse") from error
    if found is None:
        out.unlink(missing_ok=True)  # one of another warehouse would pass for this one's
        say("No quarter to review yet: its beginning and its end must lie in the months that balances cover.")
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(render(found), encoding="utf-8")
