"""Where Python makes SQL, names and values are bound or quoted: none of them ends a text or a name."""

import ast
import re
from pathlib import Path

import pytest

from banktags.contract import PROJECT_ROOT

#: What stands between quotes in SQL that Python makes, with a value of Python in it.
IN_QUOTES = re.compile(r"""'[^'"\s]*\x00[^'"\s]*'|"[^'"\s]*\x00[^'"\s]*\"""")
SQL = re.compile(r"(?i)\b(select|from|where|attach|copy|create|insert|set temp_directory|update|delete)\b")
#: Values in quotes that no person gives, by file: constants of the module, and numbers.
CONSTANTS = {
    "simulate/bank.py": {"MEMORY_LIMIT"},
    "load/batch.py": {"MEMORY_LIMIT"},
    "campaign/calibration.py": {"seed"},
    "catalogue/site/governance.py": {"as_of_date"},
}


def pieces(file: Path):
    """Each f-string of a file that looks like SQL: its text with a sign for each value, and the values."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "\x00" for part in node.values]
            values = [ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
            text = "".join(parts)
            if SQL.search(text):
                yield node.lineno, text, values


@pytest.mark.parametrize(
    "name",
    sorted(str(file.relative_to(PROJECT_ROOT / "banktags")) for file in (PROJECT_ROOT / "banktags").rglob("*.py")),
)
def test_no_value_stands_in_quotes_of_its_own(name):
    """A quote around a value is written by ``literal`` or ``quoted``, which double the quotes in it."""
    found = []
    for line, text, values in pieces(PROJECT_ROOT / "banktags" / name):
        if not re.search(
            r"(?is)^\s*(select|from|with|attach|copy|create|insert|set|update|delete|describe|drop)\b", text
        ):
            continue
        for match in IN_QUOTES.finditer(text):
            first = text[: match.start()].count("\x00")
            inside = values[first : first + match.group().count("\x00")]
            found += [f"{name}:{line}: {value}" for value in inside if value not in CONSTANTS.get(name, set())]
    assert found == []
