"""Tables that a phone shows as cards: each number stands under the heading of its column."""

import re

from markupsafe import Markup, escape

HEADING = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.DOTALL)
CELL = re.compile(r"<t([dh])\b")
MARKS = re.compile(r"<[^>]+>")


def labelled(html: str) -> Markup:
    """The HTML of a table with the heading of its column in each cell, as ``data-label``, for the style sheet to show.

    Of a table with one row of headings in its ``thead`` and no cell that spans columns.
    """
    head, found, body = str(html).partition("</thead>")
    headings = [MARKS.sub(" ", heading).strip() for heading in HEADING.findall(head)]

    def label_row(row: re.Match[str]) -> str:
        names = iter(headings)
        return CELL.sub(lambda cell: f'<t{cell[1]} data-label="{escape(next(names, ""))}"', row[0])

    return Markup(head + found + ROW.sub(label_row, body))
