"""The pages that bankers read, reviews and campaigns: plain Chinese, dated, of a currency, readable on a phone."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.clock import DEMO_DATE
from banktags.pages.tables import labelled

CHINESE = re.compile("[\u3400-\u9fff]")
#: Names of tables, columns, tags and values, as code writes them.
CODE = re.compile(r"[A-Za-z0-9]+_[A-Za-z0-9_]*|\b[a-z]+\.[a-z_]+\b|\b(?:true|false|null|select|seed)\b|--[a-z]+")
#: Words that a Chinese banker writes in Latin letters.
BANKERS_WORDS = {"AUM", "ROI", "RFM", "R", "F", "M", "Holm", "KTV", "NPS", "APP", "MDE", "FTP", "pp", "p", "X"}
#: Elements that begin a text of their own.
BLOCKS = {"p", "td", "th", "dd", "dt", "h1", "h2", "h3", "li", "div", "br", "text", "tspan", "title", "section", "tr"}


class Texts(HTMLParser):
    """The texts that a page shows, one a block, without those that are English."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hidden, self.english, self.text = 0, [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("style", "script")
        if tag in BLOCKS:
            self.text += "\n"
        if tag in ("span", "small"):
            self.english.append(dict(attrs).get("lang") == "en")
        for name, value in attrs:
            if name in ("title", "aria-label"):
                self.text += f"\n{value}\n"

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")
        if tag in ("span", "small") and self.english:
            self.english.pop()

    def handle_data(self, data):
        if not self.hidden and not any(self.english):
            self.text += data

    @property
    def chinese(self) -> list[str]:
        return [line.strip() for line in self.text.splitlines() if CHINESE.search(line)]


def code_in(html: str) -> list[str]:
    """Chinese texts that show a word of the code, and Chinese sentences with a word that is no banker's."""
    found = []
    for text in Texts(html).chinese:
        found += [text] if CODE.search(text) else []
        for sentence in re.split("(?<=[。！？])", text):
            if CHINESE.search(sentence) and sentence.rstrip().endswith(("。", "！", "？")):
                # What is English before the sentence, such as the heading in two languages, is none of it.
                begun = CHINESE.search(sentence).start()
                words = set(re.findall(r"[A-Za-z][A-Za-z_.]*", sentence[begun:]))
                found += [f"{word}: {sentence}" for word in sorted(words - BANKERS_WORDS)]
    return found


@pytest.mark.parametrize(
    "html, is_code",
    [
        ("<p>升级270户，净升级241户。</p>", False),
        ("<p>月日均AUM增加。 Daily average of the month.</p>", False),
        ("<dt>期末客户 Customers</dt>", False),
        ("<p>按客户是否 is_wealth_promotion_target 圈选。</p>", True),
        ("<p>比例见 tier_policy。</p>", True),
        ("<td>duplicate_contact_days 内被触达的客户数</td>", True),
        ("<p>取自 marts.pyramid_review 的数字。</p>", True),
        ("<p>目标CONVERSION的活动。</p>", True),
        ("<p>结论为 inconclusive，再看一季。</p>", True),
        ("<title>渠道 IN_APP</title>", True),
        ("<svg><title>由 private_banking 降级</title></svg>", True),
    ],
)
def test_a_word_of_the_code_is_seen(html, is_code):
    assert bool(code_in(html)) == is_code


@pytest.fixture(scope="module")
def pages(demo_warehouse, tmp_path_factory) -> dict[str, Path]:
    """Every page of reviews and campaigns of the demo bank, by its address."""
    folder = tmp_path_factory.mktemp("pages")
    commands = (
        ["review", "--out", str(folder / "review.html")],
        ["review", "--out", str(folder / "review.html"), "--quarter", "2026Q1"],
        ["campaign", "report", "--out", str(folder / "campaigns")],
    )
    for arguments in commands:
        result = CliRunner().invoke(app, arguments, env={"BANK_TAGS_DB": str(demo_warehouse.database)})
        assert result.exit_code == 0, result.output
    return {str(page.relative_to(folder)): page for page in sorted(folder.rglob("*.html"))}


def test_no_word_of_the_code_stands_in_a_bankers_sentence(pages):
    assert len(pages) >= 8
    found = {name: code_in(page.read_text(encoding="utf-8")) for name, page in pages.items()}
    assert {name: codes for name, codes in found.items() if codes} == {}


def test_every_page_says_its_date_its_currency_and_whom_it_counts(pages):
    for name, page in pages.items():
        header = page.read_text(encoding="utf-8").partition("</header>")[0]
        text = " ".join(Texts(header).chinese)
        assert f"数据日期 {DEMO_DATE}" in text, name
        assert "统计对象为" in text and "金额单位：元（人民币）" in text, name


def test_a_cell_is_named_by_the_heading_of_its_column():
    table = (
        "<table><thead><tr><th>活动</th><th>增量<br>(百分点)</th></tr></thead>"
        '<tbody><tr data-row="1"><th scope="row">甲</th><td class="x">+1</td></tr>'
        "<tr><th>乙</th><td>“2”</td></tr></tbody></table>"
    )
    assert labelled(table) == (
        "<table><thead><tr><th>活动</th><th>增量<br>(百分点)</th></tr></thead>"
        '<tbody><tr data-row="1"><th data-label="活动" scope="row">甲</th>'
        '<td data-label="增量 (百分点)" class="x">+1</td></tr>'
        '<tr><th data-label="活动">乙</th><td data-label="增量 (百分点)">“2”</td></tr></tbody></table>'
    )


@pytest.mark.parametrize("address", ["campaigns/index.html", "reviews.html"])
def test_a_list_reads_on_a_phone_without_scrolling_sideways(browser, pages, address):
    """Every figure stands within the width of the window, under its heading, and no smaller than a phone shows it."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    )
    browser.get(pages[address].as_uri())
    cells = browser.execute_script(
        """
        return [...document.querySelectorAll("tbody td, tbody th")].map((cell) => {
            const box = cell.getBoundingClientRect();
            const label = getComputedStyle(cell, "::before").content;
            return {
                text: cell.innerText, left: box.left, right: box.right, cut: cell.scrollWidth > cell.clientWidth,
                size: parseFloat(getComputedStyle(cell).fontSize), tag: cell.tagName, label,
            };
        });
        """
    )
    assert len(cells) > 10
    for cell in cells:
        assert cell["left"] >= 0 and cell["right"] <= 390 and not cell["cut"], cell
        assert cell["size"] >= 13, cell
        assert cell["tag"] == "TH" or len(cell["label"].strip('"')) > 1, cell
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
