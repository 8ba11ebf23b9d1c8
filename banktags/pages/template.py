"""One HTML file from a Jinja2 template, in the catalogue's look: no script, and nothing fetched."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from banktags.catalogue.site.page import APP, ICON
from banktags.pages import numbers
from banktags.pages.tables import labelled

COMMON = Path(__file__).parent
STYLES = APP / "supermarket.css", COMMON / "pages.css"
#: The page may not run anything, nor ask any host for anything: the browser itself sees to it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
#: How templates write numbers.
NUMBERS = (
    numbers.amount,
    numbers.count,
    numbers.exact,
    numbers.p_value,
    numbers.percent,
    numbers.points,
    numbers.signed,
)


def environment(folder: Path, *styles: str) -> Environment:
    """Templates of a folder and those of all pages, with the common filters.

    The folder's own style sheets come after the common ones.
    """
    pages = Environment(
        loader=FileSystemLoader([folder, COMMON]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {write.__name__: write for write in (*NUMBERS, labelled)}
    sheets = (*STYLES, *(folder / style for style in styles))
    pages.globals |= {
        "style": "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets),
        "icon": ICON,
        "policy": POLICY,
    }
    return pages
