"""The reviews of all quarters: each keeps its page, the last is review.html, and an index leads to them."""

import re

import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.pages import numbers
from banktags.pages.site import CAMPAIGNS, other_pages
from banktags.review.page import quarter_of, render_index


@pytest.fixture
def write(demo_warehouse, tmp_path):
    """Run ``banktags review`` in a folder, and say which quarter each page there is of."""

    def run(*arguments: str, out: str = "review.html") -> dict[str, str | None]:
        result = CliRunner().invoke(
            app,
            ["review", "--out", str(tmp_path / out), *arguments],
            env={"BANK_TAGS_DB": str(demo_warehouse.database)},
        )
        assert result.exit_code == 0, result.output
        return {page.name: quarter_of(page.read_text(encoding="utf-8")) for page in tmp_path.glob("*.html")}

    return run


def test_no_quarter_overwrites_the_page_of_another(write, tmp_path):
    last = {"review.html": "2026-Q2", "review-2026-Q2.html": "2026-Q2", "reviews.html": None}
    assert write() == last
    before = (tmp_path / "review.html").read_bytes()
    assert write("--quarter", "2026Q1") == last | {"review-2026-Q1.html": "2026-Q1"}
    assert write("--quarter", "2025-Q4") == last | {"review-2026-Q1.html": "2026-Q1", "review-2025-Q4.html": "2025-Q4"}
    assert (tmp_path / "review.html").read_bytes() == before
    assert write("--quarter", "2026Q2") == write()


def test_the_last_quarter_gives_way_under_its_own_name(write, tmp_path):
    """A page of before there was a page for each quarter: review.html alone, of what was the last quarter then."""
    assert write("--quarter", "2026Q1") == {"review.html": "2026-Q1", "reviews.html": None}
    (tmp_path / "reviews.html").unlink()
    found = write()
    assert found == {
        "review.html": "2026-Q2",
        "review-2026-Q2.html": "2026-Q2",
        "review-2026-Q1.html": "2026-Q1",
        "reviews.html": None,
    }


def test_a_file_of_another_name_is_one_page_and_of_one_quarter(write, demo_warehouse, tmp_path):
    assert write(out="mine.html") == {"mine.html": "2026-Q2"}
    result = CliRunner().invoke(
        app,
        ["review", "--quarter", "2026Q1", "--out", str(tmp_path / "mine.html")],
        env={"BANK_TAGS_DB": str(demo_warehouse.database)},
    )
    assert result.exit_code == 2
    assert "is the review of 2026-Q2" in re.sub(r"[\s│]+", " ", result.output)
    assert quarter_of((tmp_path / "mine.html").read_text(encoding="utf-8")) == "2026-Q2"


def test_the_index_lists_the_quarters_and_leads_to_those_that_are_written(write, tmp_path):
    (tmp_path / "review-2024-Q3.html").write_text("of a year that the warehouse no longer reviews")
    write("--quarter", "2026Q1")
    write()
    html = (tmp_path / "reviews.html").read_text(encoding="utf-8")
    assert re.findall(r'data-quarter="([^"]+)"', html) == ["2026-Q2", "2026-Q1", "2025-Q4", "2024-Q3"]
    assert re.findall(r'<th [^>]*scope="row"><a href="([^"]+)"', html) == [
        "review-2026-Q2.html",
        "review-2026-Q1.html",
        "review-2024-Q3.html",
    ]
    assert "2025年四季度<small> 尚未出具" in html
    assert all(text in html for text in ("数据日期 2026-06-30", "人民币", "统计对象"))


def test_a_bank_without_a_quarter_has_an_index_that_says_so(tmp_path):
    (tmp_path / "reviews.html").write_text(render_index(None, {}), encoding="utf-8")
    assert "还没有可以复盘的季度" in (tmp_path / "reviews.html").read_text(encoding="utf-8")
    assert [link.href for link in other_pages(CAMPAIGNS, tmp_path)] == ["../index.html", "../reviews.html"]


@pytest.mark.parametrize(
    "value, text",
    [
        (8_000_000, "800万"),
        (120_000_000, "1.2亿"),
        (55_000, "5.5万"),
        (14_359, "14,359"),
        (500, "500"),
        (-50_000, "−5万"),
        (0.05, "0.05"),
        (None, "—"),
    ],
)
def test_a_bound_is_written_to_its_last_digit(value, text):
    assert numbers.exact(value) == text
