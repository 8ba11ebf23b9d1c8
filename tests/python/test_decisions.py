"""DECISIONS.md: the index has every record, the files that it names name the record, and the code names no other."""

import datetime
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from pages import LINK, NOT_OURS, Page

from banktags.contract import PROJECT_ROOT

DECISIONS = Page(PROJECT_ROOT / "DECISIONS.md")
HEADER = ["#", "Question", "Choice", "Where", "Since", "Status"]
RECORD = re.compile(r"(\d+)\. (.+)")
#: How code and pages name records: one, or several.
NAMED = re.compile(r"\bDECISIONS ((?:\d+(?:, | and )?)+)")
SEE = r"; see (\d+(?:, \d+)*)"
STATUS = re.compile(rf"(?:in force|amended (\d{{4}}-\d\d-\d\d)|replaced by (\d+))(?:{SEE})?")
#: Endings of the files that people write.
WRITTEN = {".csv", ".html", ".js", ".md", ".py", ".sql", ".toml", ".yml"}
LONGEST_MODEL = 150
TOO_LONG = "Which models are longer than 150 lines?"


class Row(NamedTuple):
    """A row of the index as it is written."""

    number: str
    question: str
    choice: str
    where: str
    since: str
    status: str


@cache
def records() -> dict[int, str]:
    """Titles of the records by number, in the order in which they stand."""
    numbered = [RECORD.fullmatch(text) for level, text in DECISIONS.headings if level == 3]
    assert None not in numbered, "a heading of the third level is no numbered record"
    titles = [(int(found[1]), found[2]) for found in numbered if found]
    assert len(dict(titles)) == len(titles), "two records have one number"
    return dict(titles)


@cache
def index() -> dict[int, Row]:
    header, *rows = DECISIONS.tables[0]
    assert header == HEADER
    numbered = [(re.match(r"\[(\d+)\]", row[0]), Row(*row)) for row in rows]
    return {int(found[1]): row for found, row in numbered if found}


@cache
def files_of_the_project() -> tuple[Path, ...]:
    ours = [path for path in PROJECT_ROOT.iterdir() if path.name not in NOT_OURS and not path.name.startswith(".")]
    paths = [*ours, *(path for folder in ours if folder.is_dir() for path in folder.rglob("*"))]
    return tuple(path for path in paths if path.suffix in WRITTEN and path.is_file())


def records_named(text: str) -> set[int]:
    """Numbers of the records that a text names; a comment may break the line between word and number."""
    joined = re.sub(r"DECISIONS\s*\n\s*(?:--|#:|#)?\s*", "DECISIONS ", text)
    return {int(number) for found in NAMED.findall(joined) for number in re.findall(r"\d+", found)}


def test_the_index_has_every_record_by_its_title():
    assert [(number, row.question) for number, row in index().items()] == sorted(records().items())


@pytest.mark.parametrize("number", sorted(records()))
def test_a_row_leads_to_its_record_and_to_files_that_name_it(number):
    """The number leads to the heading; choice, date and status are said; each file of the row names the record."""
    row = index()[number]
    anchors = [anchor for anchor in DECISIONS.anchors if anchor.startswith(f"{number}-")]
    assert row.number == f"[{number}](#{anchors[0]})"
    assert row.choice
    assert datetime.date.fromisoformat(row.since)
    places = LINK.findall(row.where)
    assert places
    assert [place for place in places if number not in records_named(_text(place))] == []


@pytest.mark.parametrize("number", sorted(records()))
def test_a_status_names_records_and_a_day_that_can_be(number):
    row = index()[number]
    status = STATUS.fullmatch(row.status)
    assert status, row.status
    amended, replaced_by, see = status.groups()
    assert not amended or datetime.date.fromisoformat(amended) >= datetime.date.fromisoformat(row.since)
    others = {int(other) for other in re.findall(r"\d+", f"{replaced_by or ''} {see or ''}")}
    assert others <= records().keys() - {number}
    # Whoever reads the older record is told of the newer one there too.
    assert not replaced_by or f"record {replaced_by}" in _body(number)


def test_code_and_pages_name_records_that_exist():
    named = {path: records_named(path.read_text(encoding="utf-8")) for path in files_of_the_project()}
    unknown = {str(path.relative_to(PROJECT_ROOT)): numbers - records().keys() for path, numbers in named.items()}
    assert {path: numbers for path, numbers in unknown.items() if numbers} == {}


def test_records_name_records_that_exist():
    named = {int(number) for number in re.findall(r"\brecord (\d+)", DECISIONS.path.read_text(encoding="utf-8"))}
    assert named <= records().keys()


def test_names_of_records_are_found():
    assert records_named("-- why (DECISIONS 4).\n# DECISIONS 14 and 87") == {4, 14, 87}
    assert records_named("-- as said (DECISIONS\n-- 10). 2 rows") == {10}
    assert records_named("DECISIONS 1, 2 and 3; the 40 rows of DECISIONS.md#9-x, words.DECISIONS[5]") == {1, 2, 3}


def test_a_long_model_has_its_reason_on_record():
    """A model of more than 150 lines is listed with the reason, and what is listed is so long (DECISIONS 92)."""
    long_ones = {
        path.stem
        for path in files_of_the_project()
        if path.suffix == ".sql" and (PROJECT_ROOT / "models") in path.parents
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_MODEL
    }
    (number,) = [number for number, title in records().items() if title == TOO_LONG]
    listed = re.findall(r"`(\w+)`(?=[,:])", _body(number))
    assert set(listed) == long_ones


def _text(place: str) -> str:
    return (PROJECT_ROOT / place).read_text(encoding="utf-8")


def _body(number: int) -> str:
    """What a record says, below its heading."""
    text = DECISIONS.path.read_text(encoding="utf-8")
    return text.split(f"\n### {number}. ")[1].split("\n## ")[0].split("\n### ")[0]
