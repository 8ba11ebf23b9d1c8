r"""What commands print: texts of the data stand as they are, and none of them is read as an instruction.

Square brackets are no markup and ``:smile:`` is no picture. Signs that a terminal obeys or does not show (escape
sequences, control characters, signs that turn the direction of writing, zero-width signs) are written out: ``\x1b``.
"""

import json
import sys
import unicodedata
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

#: Categories of Unicode that are no visible sign: control, format, surrogate, separators of lines and paragraphs.
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
#: Signs of one value that a table shows; a value is cut behind them, and says so.
SHOWN_SIGNS = 10_000


class Screen(Console):
    """A console for data: no markup, no pictures by name, no colours by content, hidden signs written out."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **settings)

    def render_str(self, text: str, **settings: Any) -> Text:
        """Every string that is printed or stands in a table passes here. Line ends of a composed text stay."""
        # Whatever a part of rich asks for (a title is rendered with its own settings): data is no markup.
        return super().render_str(visible(text, keep="\n"), **settings | {"markup": False, "emoji": False})


def visible(text: str, keep: str = "") -> str:
    """A text with every hidden sign written out, except those in ``keep``."""
    if text.isprintable():
        return text
    return "".join(
        _written(sign) if unicodedata.category(sign) in HIDDEN and sign not in keep else sign for sign in text
    )


def cell(value: object) -> str:
    """A value of the data as one cell of a table: on one line, null as nothing, a double with four decimals."""
    if value is None:
        return ""
    text = visible(f"{value:.4f}" if isinstance(value, float) else str(value))
    beyond = len(text) - SHOWN_SIGNS
    return f"{text[:SHOWN_SIGNS]}… ({beyond:,} more signs)" if beyond > 0 else text


def json_text(value: object, **settings: Any) -> str:
    """JSON for the screen: hidden signs as JSON writes them, other texts as they are."""
    text = json.dumps(value, ensure_ascii=False, **settings)
    # Outside of its strings JSON holds no hidden sign but the line ends of its layout; those inside are escaped.
    return "".join(
        _json_escape(sign) if unicodedata.category(sign) in HIDDEN and sign != "\n" else sign for sign in text
    )


def say(text: str, err: bool = False) -> None:
    """Print one message that may name things of the data."""
    typer.echo(visible(text, keep="\n"), err=err)


def pass_on(line: str) -> None:
    """Print a line of data as it is to the program that reads it; a terminal would obey what hides in a value."""
    typer.echo(visible(line, keep="\r\n") if sys.stdout.isatty() else line, nl=False)


def _written(sign: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    code = ord(sign)
    return named.get(sign) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


def _json_escape(sign: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in memoryview(sign.encode("utf-16-le", "surrogatepass")).cast("H"))
