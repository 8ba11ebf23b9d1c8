r"""What commands print: a value of the data stands as it is, and neither rich nor the terminal obeys it."""

import json
import re

import pytest
from rich.table import Table

from banktags.contract import PROJECT_ROOT
from banktags.terminal import SHOWN_SIGNS, Screen, cell, json_text, say, visible

HOSTILE = {
    "[bold]x[/bold] [/x] [link=http://e.vil]a[/link]": "[bold]x[/bold] [/x] [link=http://e.vil]a[/link]",
    "a[b]c": "a[b]c",
    "\\[x]": "\\[x]",
    ":smile: :heavy_check_mark:": ":smile: :heavy_check_mark:",
    "\x1b[31mred\x1b[0m": r"\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07": r"\x1b]0;title\x07",
    "\x9b31m": r"\x9b31m",
    "a\nb\r\tc\x08\x0b\x0c\x00\x7f": r"a\nb\r\tc\x08\x0b\x0c\x00\x7f",
    "\u202eevil\u2066\u200f": r"\u202eevil\u2066\u200f",
    "a\u200bb\ufeff\u00ad": r"a\u200bb\ufeff\xad",
    "a\u2028b\u2029": r"a\u2028b\u2029",
    "\U000e0041": r"\U000e0041",
    "\ud800": r"\ud800",
    "12 'text' None True http://a.b 财富管理 👍": "12 'text' None True http://a.b 财富管理 👍",
}


def printed(capsys, *renderables, **settings) -> str:
    Screen(width=200, force_terminal=False, **settings).print(*renderables)
    return capsys.readouterr().out


@pytest.mark.parametrize(("value", "shown"), HOSTILE.items())
def test_a_value_stands_as_it_is(capsys, value, shown):
    table = Table(cell(value), title=visible(value))
    table.add_row(cell(value))
    output = printed(capsys, table)
    assert output.count(shown) == 3, "as a column's name, a cell and a title"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", output)


@pytest.mark.parametrize(("value", "shown"), HOSTILE.items())
def test_a_value_that_nobody_thought_of_stands_as_it_is_too(capsys, value, shown):
    """A plain string in a table or a line, as commands have them: the screen itself writes hidden signs out."""
    table = Table("name", title=value)
    table.add_row(value)
    lines = shown.replace(r"\n", "\n").split("\n")
    output = printed(capsys, table) + printed(capsys, value)
    assert all(output.count(line) >= 3 for line in lines), output
    say(value)
    assert shown.replace(r"\n", "\n") in capsys.readouterr().out


def test_a_terminal_gets_no_sequence_of_the_data(capsys):
    Screen(width=80, force_terminal=True).print("\x1b[31mred", "[red]x[/red]", 'a "b" 12')
    assert capsys.readouterr().out == '\\x1b[31mred [red]x[/red] a "b" 12\n'


@pytest.mark.parametrize("value", HOSTILE)
def test_json_holds_no_hidden_sign_and_says_the_same(value):
    text = json_text({"value": value, value: [value]}, indent=2)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", text)
    assert json.loads(text) == {"value": value, value: [value]}


def test_a_long_value_is_cut_and_says_so():
    assert cell("x" * SHOWN_SIGNS) == "x" * SHOWN_SIGNS
    assert cell("x" * (SHOWN_SIGNS + 1200)).endswith("x… (1,200 more signs)")


def test_values_of_other_kinds():
    assert (cell(None), cell(0.5), cell(7), cell(["\x1b"])) == ("", "0.5000", "7", "['\\x1b']")


def test_every_command_prints_through_it():
    """No other module makes a console, or prints with markup."""
    made = {
        str(path.relative_to(PROJECT_ROOT))
        for path in (PROJECT_ROOT / "banktags").rglob("*.py")
        if re.search(
            r"rich\.console import .*\bConsole\b|from rich import print|typer\.echo\(", path.read_text("utf-8")
        )
    }
    assert made == {"banktags/terminal.py"}
