"""The catalogue site: what stands in it, what must not, and that a browser finds a tag in it."""

import csv
import http.server
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from dbt_warehouse import Warehouse
from typer.testing import CliRunner

from banktags.catalogue.site.entries import LISTS_ALBUMS, enrich, lists_of
from banktags.catalogue.site.figures import (
    MIN_CUSTOMERS,
    coarse,
    distribution,
    publishable,
    quality,
    without_small_steps,
)
from banktags.catalogue.site.governance import Bin, Governance, read_governance
from banktags.catalogue.site.page import CATALOG, MANIFEST, render
from banktags.catalogue.site.parameters import UNITS, deciding_tags, number_text, parameter_groups, read_lists
from banktags.cli import app
from banktags.clock import DEMO_DATE
from banktags.contract import PROJECT_ROOT
from banktags.pages.currency import YUAN, Currency

DBT_PAGE = (
    f"<html><head><title>dbt Docs</title><script>var n={{manifest:{MANIFEST},catalog:{CATALOG}}}</script></head>"
    "<body></body></html>"
)
TAG = "tag.bank_tags."
MODEL = "model.bank_tags."
DEFAULTS = {
    "kind": "fact",
    "timeliness": "daily",
    "owner_business": "零售金融部",
    "owner_technical": "数据平台部",
    "status": "draft",
    "null_means": "Not a core customer.",
    "path": "资产/资产规模/日均",
}
TAGS = {
    "aum_month_avg": {"name_zh": "月日均AUM", "definition_zh": "当月的日均资产。", "status": "certified"},
    "aum_tier": {"name_zh": "客户层级", "values": {"mass": "大众", "wealth": "财富"}},
    "aum_spot": {"name_zh": "时点AUM", "status": "deprecated", "successor": "aum_month_avg"},
    "aum_old": {"name_zh": "旧AUM", "status": "retired"},
}
FIGURES = {
    "customers": 1000,
    "known_customers": 934,
    "coverage": 0.934,
    "distinct_values": 900,
    "lowest_value": "-17.23",
    "highest_value": "98765432.10",
    "out_of_dictionary_customers": None,
    "out_of_dictionary_values": "张三",
    "previous_date": None,
    "psi_since_previous": None,
    "relative_change_since_previous": None,
    "reference_date": None,
    "psi_since_reference": None,
    "status": "not_compared",
    "findings": "1 customers with values that the dictionary does not list: 张三",
}
RULE = "case when balance < 500000 then '</script><b>mass' end"


def model(name: str, columns: dict | None = None, sql: str = "") -> dict:
    """A model of the manifest, with what the site reads of it."""
    return {
        "resource_type": "model",
        "unique_id": MODEL + name,
        "name": name,
        "fqn": ["bank_tags", "tags", name],
        "config": {"meta": {"tag_defaults": DEFAULTS}},
        "columns": columns or {},
        "compiled_code": sql,
        "root_path": "/home/developer/bank-tags",
    }


def album(name: str, **visibility: str) -> dict:
    """A tag album, as dbt has it: an exposure."""
    return {
        "resource_type": "exposure",
        "name": name,
        "label": f"专辑 {name}",
        "description": f"What {name} need.",
        "config": {"meta": {"album": {"tags": ["aum_month_avg"]} | visibility}},
    }


@pytest.fixture
def manifest() -> dict:
    columns = {
        name: {"name": name, "data_type": "string", "description": "Text (中文).", "config": {"meta": {"tag": tag}}}
        for name, tag in {"customer_id": {}, "as_of_date": {}, **TAGS}.items()
    }
    columns["aum_month_avg"]["description"] = "Daily average AUM of the month (月日均资产)."
    albums = (album("ours", visibility="public"), album("mine", visibility="private"), album("unsaid"))
    exposures = {f"exposure.bank_tags.{each['name']}": each for each in albums}
    return {
        "metadata": {"project_name": "bank_tags", "send_anonymous_usage_stats": True},
        "nodes": {
            MODEL + "fact_tags__aum": model("fact_tags__aum", columns),
            MODEL + "portrait": model("portrait", sql="select aum_month_avg from tags"),
            MODEL + "albums": model("albums", sql="select 'ours' union all select 'mine' union all select 'unsaid'"),
            MODEL + "other": model("other", sql="select aum_month_average from tags"),
        },
        "sources": {},
        "macros": {},
        "exposures": exposures,
        "disabled": {"model.bank_tags.secret": []},
        "parent_map": {key: [MODEL + "fact_tags__aum"] for key in exposures},
        "child_map": {MODEL + "fact_tags__aum": [MODEL + "portrait", MODEL + "other", *exposures]},
    }


@pytest.fixture
def governance() -> Governance:
    return Governance(
        as_of_date=date(2026, 6, 30),
        quality={"aum_month_avg": FIGURES | {"tag_code": "aum_month_avg"}},
        distribution={"aum_tier": [Bin("value", "wealth", 100), Bin("value", "mass", 834), Bin("unknown", "null", 66)]},
        rules={"aum_month_avg": {"rule_expression": RULE, "rule_hash": "674104cb"}},
        rule_texts={"aum_month_avg": f"select {RULE}"},
        inputs={
            "aum_month_avg": [
                ("source", "core.account_balances.balance"),
                ("source", "core.account_balances.account_id"),
            ],
            "aum_tier": [("tag", "aum_month_avg"), ("seed", "pyramid_tiers.aum_from")],
        },
        confidence={"aum_month_avg": {"lowest": 0.6, "customers": 19, "source": "core.accounts"}},
        life={"aum_month_avg": [{"state": "certified", "date": "2026-05-11", "actor": "复核岗"}]},
    )


def test_each_tag_stands_in_its_branch_and_a_retired_one_nowhere(manifest, governance):
    nodes = enrich(manifest, governance)["nodes"]
    branches = {node["name"]: node["tag"]["branch"] for node in nodes.values() if node["resource_type"] == "tag"}
    assert branches == {"aum_month_avg": "certified", "aum_tier": "draft", "aum_spot": "deprecated"}
    assert nodes[TAG + "aum_month_avg"]["tag"]["path"] == ["资产", "资产规模", "日均"]


def test_an_entry_has_definition_rule_sources_quality_and_users(manifest, governance):
    node = enrich(manifest, governance)["nodes"][TAG + "aum_month_avg"]
    tag = node["tag"]
    definitions = ("当月的日均资产。", "Daily average AUM of the month (月日均资产).")
    assert (tag["definition_zh"], tag["definition"]) == definitions
    assert node["description"] == "\n\n".join(definitions)
    assert (tag["rule"], tag["rule_sql"], tag["rule_hash"]) == (RULE, f"select {RULE}", "674104cb")
    assert tag["inputs"] == [
        {
            "kind": "source",
            "name": "core.account_balances",
            "id": "source.bank_tags.core.account_balances",
            "columns": ["balance", "account_id"],
        }
    ]
    assert (tag["quality"]["coverage"], tag["confidence"]["customers"]) == (0.934, "<20")
    assert tag["life"] == [{"state": "certified", "date": "2026-05-11", "actor": "复核岗"}]
    assert [(user["kind"], user["name"]) for user in tag["used_by"]] == [
        ("tag", "客户层级"),
        ("model", "portrait"),
        ("exposure", "专辑 ours"),
    ]


def test_a_public_album_leads_to_its_tags(manifest, governance):
    public = enrich(manifest, governance)["exposures"]["exposure.bank_tags.ours"]
    assert public["description"] == "What ours need.\n\n**标签 Tags** `aum_month_avg`"


def test_a_private_album_leaves_no_trace(manifest, governance):
    html = render(DBT_PAGE, enrich(manifest, governance), {})
    assert "专辑 ours" in html
    assert not any(name in html for name in ("mine", "unsaid", "secret"))
    assert LISTS_ALBUMS in html


def test_nothing_in_a_rule_can_end_the_script(manifest, governance):
    html = render(DBT_PAGE, enrich(manifest, governance), {})
    assert "</script><b>" not in html
    assert json.dumps(RULE)[1:-1].replace("<", "\\u003c") in html


def test_a_value_of_one_customer_or_a_local_path_is_not_published(manifest, governance):
    html = render(DBT_PAGE, enrich(manifest, governance), {})
    for private in ("-17.23", "98765432.10", "张三", "/home/developer"):
        assert private not in html


def test_the_page_fetches_nothing_and_reports_nothing(manifest, governance):
    html = render(DBT_PAGE, enrich(manifest, governance), {})
    assert "default-src 'none'" in html
    assert '"send_anonymous_usage_stats":false' in html


def test_an_unknown_page_of_dbt_is_refused(manifest, governance):
    with pytest.raises(ValueError, match="does not know this version of dbt"):
        render("<html><head></head><body></body></html>", enrich(manifest, governance), {})


@pytest.mark.parametrize(
    "counts, kept, others",
    [
        ([100, 50, 30], [30, 50, 100], 0),
        ([100, 50, MIN_CUSTOMERS], [MIN_CUSTOMERS, 50, 100], 0),
        ([100, 50, MIN_CUSTOMERS - 1], [100], 50 + MIN_CUSTOMERS - 1),  # alone it could be had by subtraction
        ([100, 50, 12, 11], [50, 100], 23),
        ([3], [], 3),
    ],
)
def test_small_bins_are_shown_as_one_that_is_not_small(counts, kept, others):
    shown, rest = publishable([Bin("value", str(count), count) for count in counts])
    assert ([each.customers for each in shown], rest) == (kept, others)


def test_small_bins_of_numbers_join_their_neighbours():
    bins = [Bin("number", str(floor), count, floor) for floor, count in ((0, 5), (1, 30), (2, 19), (3, 40), (1000, 1))]
    assert [(each.floor, each.customers) for each in without_small_steps(bins)] == [(0, 54), (3, 41)]


def test_many_bins_of_numbers_become_steps_of_1_2_5():
    floors = [-300, -20, 0, *(digit * 10**power for power in range(3) for digit in range(1, 10))]
    steps = {each.floor: each.customers for each in coarse([Bin("number", str(floor), 1, floor) for floor in floors])}
    assert steps == {-500: 1, -20: 1, 0: 1, 1: 1, 2: 3, 5: 5, 10: 1, 20: 3, 50: 5, 100: 1, 200: 3, 500: 5}


def test_bars_are_named_in_the_order_of_the_dictionary():
    bins = [Bin("value", "wealth", 100), Bin("value", "mass", 834), Bin("unknown", "null", 66)]
    bars = distribution(bins, {"mass": "大众", "wealth": "财富"}, is_whole=False)["bars"]
    assert [bar["label"] for bar in bars] == ["大众 mass", "财富 wealth", "空值 null"]
    assert distribution([Bin("bucket", "a", 1000)], {}, is_whole=False) is None


def test_a_bin_of_one_number_is_named_by_it():
    bins = [Bin("number", str(floor), 50, float(floor)) for floor in (0, 1, 2, 30)]
    assert [bar["label"] for bar in distribution(bins, {}, is_whole=True)["bars"]] == ["0", "1", "2", "≥ 30"]
    assert [bar["label"] for bar in distribution(bins, {}, is_whole=False)["bars"]] == ["≥ 0", "≥ 1", "≥ 2", "≥ 30"]


@pytest.mark.parametrize(
    "known, coverage, relation",
    [
        (0, 0.0, "equal"),
        (19, 0.02, "less"),
        (20, 0.02, "equal"),
        (980, 0.98, "equal"),
        (981, 0.98, "more"),
        (1000, 1.0, "equal"),
    ],
)
def test_coverage_hides_a_handful_of_customers(known, coverage, relation):
    shown = quality(FIGURES | {"known_customers": known, "coverage": known / 1000})
    assert (shown["coverage"], shown["coverage_is"]) == (pytest.approx(coverage), relation)


@pytest.mark.parametrize(
    "value, unit, named, text",
    [
        (8_000_000, "base currency", "下限", "800万元"),
        (120_000_000, "CNY", "", "1.2亿元"),
        (14_359, "CNY", "", "14,359元"),
        (90, "days", "", "90天"),
        (3, "times", "", "3次"),
        (0.05, "ratio", "", "5%"),
        (0.123, "ratio", "", "12.3%"),
        (5, "ratio", "负债收入比", "5倍"),
        (60, "years", "年龄起点", "60岁"),
        (2, "years", "毕业年数上限", "2年"),
        (0.021, "a year on the daily average", "", "年化2.1%（按日均余额）"),
        (0.5, "each", "", "每笔0.5元"),
        (2.5, "weight", "权重", "2.5"),
        (7, "moons", "", "7 moons"),
    ],
)
def test_a_number_in_force_reads_as_a_banker_writes_it(value, unit, named, text):
    assert number_text(value, unit, YUAN, named) == text


def test_amounts_are_in_the_currency_of_the_bank():
    koruna = Currency("CZK", "捷克克朗", "捷克克朗")
    assert number_text(500_000, "CZK", koruna) == "50万捷克克朗"
    assert number_text(30, "a year for each open account", koruna) == "每个在用账户每年30捷克克朗"


def test_every_unit_of_the_policy_seeds_has_a_chinese_word():
    seeds = PROJECT_ROOT / "seeds" / "policy"
    found = {"base currency"}
    for table in seeds.rglob("*.csv"):
        rows = pd.read_csv(table, dtype=str)
        found |= set(rows["unit"].dropna()) if "unit" in rows else set()
    for described in seeds.rglob("*.yml"):
        for seed in yaml.safe_load(described.read_text(encoding="utf-8"))["seeds"]:
            metas = (column.get("config", {}).get("meta", {}) for column in seed.get("columns", []))
            found |= {meta["unit"] for meta in metas if "unit" in meta}
    assert found - {"base currency"} <= UNITS.keys()


def parameter(row: str, value: float, **said) -> dict:
    """A row of governance.tag_parameters, as the site reads it."""
    named = {"row_name": None, "value_name": None, "unit": "days", "source": "S0", "valid_from": None, "valid_to": None}
    return {"seed": "rules", "row": row, "value": value} | named | said


def test_numbers_stand_by_seed_and_row_with_source_and_validity():
    rows = [
        parameter("vip", 200_000, row_name="贵宾", value_name="下限（含）", unit="CNY", valid_from="1900-01-01"),
        parameter("vip", 1_000_000, row_name="贵宾", value_name="上限（不含）", unit="CNY", valid_from="1900-01-01"),
        parameter("recency / aum_tier / 4", 30, valid_from="2026-01-01", valid_to="2026-07-01"),
    ]
    assert parameter_groups(rows, YUAN, {"aum_tier": "客户层级"}) == [
        {
            "seed": "rules",
            "rows": [
                {
                    "name": "贵宾",
                    "values": [{"name": "下限（含）", "text": "20万元"}, {"name": "上限（不含）", "text": "100万元"}],
                    "source": "S0",
                    "validity": "长期",
                },
                {
                    "name": "recency · 客户层级 · 4",
                    "values": [{"name": None, "text": "30天"}],
                    "source": "S0",
                    "validity": "自2026-01-01起，2026-07-01前有效",
                },
            ],
        }
    ]


def test_a_tag_is_told_the_numbers_of_the_tags_that_decide_it():
    inputs = {
        "is_private": [("tag", "aum_tier"), ("source", "core.customers.status")],
        "aum_tier": [("tag", "aum_month_avg"), ("seed", "pyramid_tiers.aum_from")],
        "is_sellable": [("tag", "is_private"), ("tag", "is_sellable")],  # a circle ends
    }
    assert deciding_tags(inputs, {"aum_tier"}) == {
        "is_private": ["aum_tier"],
        "aum_tier": [],
        "is_sellable": ["aum_tier"],
    }


def test_an_entry_has_its_numbers_and_the_lists_that_its_definition_names(manifest, governance):
    for name in ("pyramid_tiers", "cities", "tier_overrides"):
        manifest["nodes"][f"seed.bank_tags.{name}"] = model(name) | {"resource_type": "seed"}
    columns = manifest["nodes"][MODEL + "fact_tags__aum"]["columns"]
    columns["aum_tier"]["config"]["meta"]["tag"] = TAGS["aum_tier"] | {
        "definition_zh": "层级，见pyramid_tiers；城市见cities，人工定级见tier_overrides。"
    }
    numbers = {"aum_tier": [parameter("vip", 200_000, seed="pyramid_tiers", unit="CNY")]}
    governance = replace(governance, parameters=numbers)
    assert lists_of(manifest, governance) == {"aum_tier": ["cities", "tier_overrides"]}
    tag = enrich(manifest, governance)["nodes"][TAG + "aum_tier"]["tag"]
    assert tag["parameters"][0]["rows"][0]["values"] == [{"name": None, "text": "20万元"}]
    assert tag["lists"] == ["cities", "tier_overrides"]


def test_lists_are_rows_in_force_and_one_of_customers_stays_in_the_warehouse():
    def seed(name: str, *columns: str) -> dict:
        return {"name": name, "schema": "policy", "config": {"column_types": dict.fromkeys(columns, "string")}}

    seeds = {
        "seed.bank_tags.groups": seed("groups", "occupation", "is_working", "valid_from", "valid_to"),
        "seed.bank_tags.overrides": seed("overrides", "core_customer_id", "reason"),
    }
    described = {"metadata": {"project_name": "bank_tags"}, "nodes": seeds}
    with duckdb.connect() as warehouse:
        warehouse.execute("""
            create schema policy;
            create table policy.groups as select * from (values
                ('farmer', true, date '1900-01-01', null), ('miner', true, date '1900-01-01', date '2026-06-30')
            ) as rows (occupation, is_working, valid_from, valid_to);
            create table policy.overrides as select 'C0000017' as core_customer_id, '张三的丈夫' as reason;
        """)
        lists = read_lists(warehouse, described, ["groups", "overrides"], "2026-06-30")
    assert lists == {
        "groups": {"columns": ["occupation", "is_working"], "rows": [["farmer", "是"]], "count": 1},
        "overrides": {"columns": [], "rows": [], "count": 1},
    }


def test_a_warehouse_without_governance_tables_says_what_to_do():
    with (
        duckdb.connect() as warehouse,
        pytest.raises(LookupError, match=r"governance\.tag_quality .*run dbt build first"),
    ):
        read_governance(warehouse)


@pytest.fixture(scope="module")
def site(demo_warehouse, tmp_path_factory) -> Path:
    """The site of the small demo bank, from a copy of its warehouse, for dbt opens it to write."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(demo_warehouse.folder, folder / "warehouse")
    warehouse = Warehouse(folder / "warehouse", demo_warehouse.raw)
    warehouse.dbt("docs", "generate", "--no-compile")
    out = folder / "site" / "index.html"
    for arguments in (
        ["review", "--out", str(out.parent / "review.html")],
        ["campaign", "report", "--out", str(out.parent / "campaigns")],
        ["catalogue", "site", "--target", str(warehouse.target), "--out", str(out)],
    ):
        result = CliRunner().invoke(app, arguments, env={"BANK_TAGS_DB": str(warehouse.database)})
        assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module", params=["file", "http"])
def address(request, site) -> Iterator[str]:
    """Where a browser opens the site."""
    if request.param == "file":
        yield site.as_uri()
        return
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(site.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


@pytest.mark.parametrize("query, width", [("月均", 1440), ("月均，沿用前一日余额", 1440), ("aum_month_avg", 390)])
def test_a_browser_searches_and_opens_a_tag(browser, address, query, width):
    by, until = pytest.importorskip("selenium.webdriver.common.by").By, wait(browser)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(address)
    until(lambda _: "标签超市" in browser.find_element(by.CSS_SELECTOR, ".hero").text)
    links = [link.get_attribute("href") for link in browser.find_elements(by.CSS_SELECTOR, ".hero a")]
    assert address.replace("index", "review") in links
    search = browser.find_element(by.ID, "search")
    search.click()
    search.send_keys(query)
    found = until(
        lambda _: browser.find_element(by.XPATH, "//a[contains(@class, 'result')][.//code[.='aum_month_avg']]")
    )
    found.click()
    until(lambda _: "月日均AUM" in browser.find_element(by.CSS_SELECTOR, ".tag-head").text)
    sections = {
        name: browser.find_element(by.ID, name).text for name in ("definition", "rule", "inputs", "values", "quality")
    }
    assert "当月1日至业务日的日均AUM" in sections["definition"]
    assert "Daily average AUM of the calendar month" in sections["definition"]
    assert "int_aum__by_category" in sections["rule"]
    assert "core.account_balances" in sections["inputs"]
    assert "空值含义" in sections["values"]
    assert "%" in sections["quality"] and "覆盖率" in sections["quality"]
    assert browser.find_elements(by.CSS_SELECTOR, "#distribution .bar")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


#: What lies over the page that is open, as a reader sees it: for each point of a grid over the window what is on top,
#: if that is neither the page, nor the frame around it, nor the round button of the graph. And anything fixed that
#: covers a third of the window, whether it takes clicks or not.
ON_TOP = """
    const page = document.querySelector(arguments[0]);
    const frame = innerWidth < 800 ? ".topbar, .launcher-btn" : ".topbar, .launcher-btn, .app-menu";
    const named = (each) => `${each.tagName}.${each.getAttribute("class") || ""}`;
    const found = [];
    for (let x = 1; x < 20; x += 1) for (let y = 1; y < 20; y += 1) {
        const top = document.elementFromPoint(x * innerWidth / 20, y * innerHeight / 20);
        if (top && !page.contains(top) && !top.contains(page) && !top.closest(frame)) found.push(named(top));
    }
    document.querySelectorAll("body *").forEach((each) => {
        const { position, visibility, display, opacity } = getComputedStyle(each);
        const isSeen = visibility !== "hidden" && display !== "none" && +opacity;
        if (position !== "fixed" || !isSeen || each.contains(page)) return;
        const box = each.getBoundingClientRect();
        const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0);
        const height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
        if (width > 0 && height > 0 && width * height > innerWidth * innerHeight / 3) found.push(named(each));
    });
    const middle = document.elementFromPoint(innerWidth * (innerWidth < 800 ? 0.5 : 0.6), 150);
    if (!page.contains(middle)) found.push(`in the middle: ${middle ? named(middle) : "nothing"}`);
    return [...new Set(found)];
"""
WIDTHS = (1440, 390)


class Reader:
    """Somebody before the catalogue, at a desk or with a phone."""

    def __init__(self, browser, address: str, width: int) -> None:
        self.browser, self.address, self.width = browser, address, width
        self.by, self.until = pytest.importorskip("selenium.webdriver.common.by").By, wait(browser)
        # A tab with a history of its own: a browser keeps fifty pages, not those of all tests.
        before = browser.current_window_handle
        browser.switch_to.new_window("tab")
        own = browser.current_window_handle
        browser.switch_to.window(before)
        browser.close()
        browser.switch_to.window(own)
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        browser.get("about:blank")
        browser.get_log("browser")
        self.go("")

    def go(self, place: str) -> None:
        """Open an address afresh, as from a bookmark."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.address}{place}")
        self.until(lambda _: self.browser.find_element(self.by.CSS_SELECTOR, ".page h1").text)

    def move(self, place: str) -> None:
        """Change the address of the page that is open, as by its address bar."""
        self.browser.execute_script("location.hash = arguments[0]", place)

    def element(self, selector: str):
        return self.until(lambda _: self.browser.find_element(self.by.CSS_SELECTOR, selector))

    def click(self, selector: str) -> None:
        """Click where the element is seen: what lies over it takes the click."""
        element = self.element(selector)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        self.until(lambda _: element.is_displayed())
        element.click()

    def search(self, words: str, *keys: str) -> None:
        box = self.element("#search")
        box.click()
        box.send_keys(words)
        self.element(".search-result")
        box.send_keys(*keys)

    def menu(self) -> None:
        """The tree is always there at a desk; on a phone it slides in."""
        if self.width < 800:
            self.click(".menu-button")

    def tree(self, *path: str) -> None:
        self.menu()
        for name in path:
            branch = f"//div[@class='tag-tree']/section[1]//a[contains(@class, 'branch')][span[.='{name}']]"
            found = self.until(lambda _, branch=branch: self.browser.find_element(self.by.XPATH, branch))
            if "open" not in found.get_attribute("class").split():
                self.until(lambda _, found=found: found.is_displayed())
                found.click()

    def sees(self, code: str) -> None:
        """The tag is on the page and nothing lies over it, also once everything has settled."""
        self.until(lambda _: self.browser.find_element(self.by.CSS_SELECTOR, ".code-line code").text == code)
        time.sleep(0.7)  # whatever still opens by itself, and the menu on its way out
        assert self.browser.execute_script(ON_TOP, "article.tag") == []
        assert self.browser.find_element(self.by.CSS_SELECTOR, ".code-line code").text == code
        assert self.browser.execute_script("return document.documentElement.scrollWidth") <= self.width
        assert "g_v" not in self.browser.execute_script("return location.hash")
        assert [entry for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"] == []

    def graph(self) -> None:
        """Ask for the lineage graph of the tag, which then covers the page."""
        self.click("[ng-click='lineage()']")
        self.until(lambda _: self.browser.execute_script("return window.graph && window.graph.nodes().length") > 2)
        assert self.browser.execute_script(ON_TOP, "article.tag") != []


TIER, AUM = "/tag/tag.bank_tags.aum_tier", "/tag/tag.bank_tags.aum_month_avg"


def by_search(reader):
    reader.search("客户层级")
    reader.click(".search-result[href*='tag.bank_tags.aum_tier?'], .search-result[href$='tag.bank_tags.aum_tier']")


def by_enter(reader):
    enter = pytest.importorskip("selenium.webdriver.common.keys").Keys.ENTER
    reader.search("aum_tier", enter)


def by_album(reader):
    reader.click(".albums .card")
    reader.click("a[href$='tag.bank_tags.aum_tier']")


def by_list(reader):
    reader.move("!/shelf/资产/客户分层")
    reader.click(".card[href$='tag.bank_tags.aum_tier']")


def by_tree(reader):
    reader.tree("资产", "客户分层", "金字塔")
    reader.click(".tag-tree [data-nav-unique-id='tag.bank_tags.aum_tier']")


def by_the_same_leaf(reader):
    by_tree(reader)
    reader.sees("aum_tier")
    reader.menu()
    reader.click(".tag-tree [data-nav-unique-id='tag.bank_tags.aum_tier']")


def by_a_link_of_another_tag(reader):
    reader.move("!" + AUM)
    reader.sees("aum_month_avg")
    reader.click("#used-by a[href$='tag.bank_tags.aum_tier'], #definition a[href$='tag.bank_tags.aum_tier']")


def by_a_column_of_a_table(reader):
    reader.move("!/model/model.bank_tags.segment__pyramid")
    link = reader.until(lambda _: reader.browser.find_element(reader.by.LINK_TEXT, "aum_tier"))
    reader.browser.execute_script("arguments[0].click()", link)


def by_address(reader):
    reader.go("#!" + TIER)


def by_changed_address(reader):
    reader.move("!" + AUM)
    reader.sees("aum_month_avg")
    reader.move("!" + TIER)


def by_reload(reader):
    by_search(reader)
    reader.sees("aum_tier")
    reader.browser.refresh()


def by_back(reader):
    reader.move("!" + TIER)
    reader.sees("aum_tier")
    reader.move("!" + AUM)
    reader.sees("aum_month_avg")
    reader.browser.back()


def by_forward(reader):
    by_back(reader)
    reader.sees("aum_tier")
    reader.browser.back()
    reader.until(lambda _: reader.browser.find_element(reader.by.CSS_SELECTOR, ".hero"))
    reader.browser.forward()


def by_back_from_its_graph(reader):
    reader.move("!" + TIER)
    reader.sees("aum_tier")
    reader.graph()
    reader.browser.back()


def by_back_from_the_graph_of_another(reader):
    reader.move("!" + TIER)
    reader.sees("aum_tier")
    reader.move("!" + AUM)
    reader.sees("aum_month_avg")
    reader.graph()
    reader.browser.back()
    reader.sees("aum_month_avg")
    reader.browser.back()


def by_closing_its_graph(reader):
    reader.move("!" + TIER)
    reader.sees("aum_tier")
    reader.graph()
    reader.click(".launcher [ng-click='closeGraph()']")


def by_address_under_a_graph(reader):
    reader.move("!" + AUM)
    reader.sees("aum_month_avg")
    reader.graph()
    reader.move("!" + TIER)


def by_back_under_a_search(reader):
    reader.move("!" + TIER)
    reader.sees("aum_tier")
    reader.move("!" + AUM)
    reader.sees("aum_month_avg")
    reader.search("贷款")
    reader.browser.back()


def by_a_link_beside_the_small_graph(reader):
    """The round button opens a small graph beside the page, which stays while nothing else is opened."""
    reader.move("!" + AUM)
    reader.sees("aum_month_avg")
    reader.click(".launcher-btn a")
    reader.until(lambda _: reader.browser.find_elements(reader.by.CSS_SELECTOR, ".launcher.on"))
    reader.move("!" + TIER)


#: The ways that are gone every day; the others, and all of them on a phone, are among the long tests.
LONG = (pytest.mark.slow, pytest.mark.long)
DAILY_WAYS = (by_search, by_album, by_list, by_a_link_of_another_tag)
OTHER_WAYS = (
    by_enter,
    by_tree,
    by_the_same_leaf,
    by_a_column_of_a_table,
    by_address,
    by_changed_address,
    by_reload,
    by_back,
    by_forward,
    by_back_from_its_graph,
    by_back_from_the_graph_of_another,
    by_closing_its_graph,
    by_address_under_a_graph,
    by_back_under_a_search,
    by_a_link_beside_the_small_graph,
)


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=LONG)])
@pytest.mark.parametrize("way", [*DAILY_WAYS, *(pytest.param(way, marks=LONG) for way in OTHER_WAYS)])
def test_every_way_to_a_tag_shows_the_tag_and_nothing_over_it(browser, site, way, width):
    reader = Reader(browser, site.as_uri(), width)
    way(reader)
    reader.sees("aum_tier")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_numbers_in_force_stand_on_the_page_of_a_tag(browser, site, width):
    reader = Reader(browser, site.as_uri(), width)
    reader.go("#!" + TIER)
    rows = {
        row.find_element(reader.by.TAG_NAME, "th").text: row.text
        for row in reader.element("#parameters").find_elements(reader.by.CSS_SELECTOR, "tbody tr")
    }
    bounds = {
        "大众": "上限（不含）5万元",
        "潜力": "下限（含）5万元上限（不含）20万元",
        "贵宾": "下限（含）20万元上限（不含）100万元",
        "财富": "下限（含）100万元上限（不含）800万元",
        "私人银行": "下限（含）800万元",
    }
    assert rows.keys() == bounds.keys()
    for tier, text in bounds.items():
        assert text in re.sub(r"\s", "", rows[tier]), rows[tier]
        assert "金字塔分层模型" in rows[tier] and "长期" in rows[tier]
    assert "pyramid_tiers" in reader.element("#parameters").text
    # The definition leads to them.
    reader.click("#definition a[ng-click]")
    reader.until(lambda _: reader.element("#parameters").rect["y"] >= 0)
    assert reader.browser.execute_script("return document.documentElement.scrollWidth") <= width
    # A list answers where there is no number: it stands open.
    reader.move("!/tag/tag.bank_tags.first_contact_type")
    reader.until(lambda _: "first_contact_type" in reader.element(".code-line").text)
    assert "厅堂柜面办理" in reader.element("#parameters").text
    # A tag that reads another one's value is told that one's numbers.
    reader.move("!/tag/tag.bank_tags.is_private_banking_customer")
    reader.until(lambda _: "is_private" in reader.element(".code-line").text)
    assert "800万元" in reader.element("#parameters").text


def test_where_a_definition_sends_a_reader_to_a_seed_the_page_answers(browser, site):
    """Each seed that a Chinese definition names: its numbers, another tag's, or its rows; never a row of a customer."""
    reader = Reader(browser, site.as_uri(), 1440)
    market = reader.browser.execute_script(
        """
        const { tags, seeds, build } = angular.element(document.body).injector().get("market");
        return {
            tags: tags.map(({ name, tag }) => ({ name, ...tag })), seeds: [...seeds.keys()], lists: build.lists,
        };
        """
    )
    tags = {tag["name"]: tag for tag in market["tags"]}
    sent = 0
    for name, tag in tags.items():
        named = set(re.findall(r"[a-z][a-z_]*", tag["definition_zh"] or "")) & set(market["seeds"])
        told = {group["seed"] for code in (name, *tag["decided_by"]) for group in tags[code]["parameters"]}
        assert named <= told | set(tag["lists"]), name
        assert set(tag["lists"]) <= market["lists"].keys()
        sent += bool(named)
    assert sent > 100
    assert not market["lists"]["tier_overrides"]["rows"]
    assert all(len(held["rows"]) == held["count"] for seed, held in market["lists"].items() if seed != "tier_overrides")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_catalogue_says_date_currency_and_customers_and_leads_to_the_other_pages(browser, site, width):
    reader = Reader(browser, site.as_uri(), width)
    hero = reader.element(".hero")
    assert all(text in hero.text for text in (DEMO_DATE.isoformat(), "人民币", "含潜在与已销户"))
    links = [link.get_attribute("href") for link in hero.find_elements(reader.by.TAG_NAME, "a")]
    assert [link.removeprefix(site.parent.as_uri() + "/") for link in links] == [
        "index.html#!/checks",
        "review.html",
        "reviews.html",
        "campaigns/index.html",
    ]
    reader.go("#!" + AUM)
    assert all(text in reader.element("#distribution").text for text in (DEMO_DATE.isoformat(), "位客户", "人民币"))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_the_checks_explains_each_and_opens_at_the_one_that_is_named(browser, site, width):
    """What a failing row prints leads here: every check stands on the page, the one of the address in sight."""
    reader = Reader(browser, site.as_uri(), width)
    reader.click(".other-pages a[href$='#!/checks']")
    reader.until(lambda _: reader.browser.find_elements(reader.by.CSS_SELECTOR, ".check"))
    with (PROJECT_ROOT / "seeds/governance/checks.csv").open(encoding="utf-8", newline="") as rows:
        explained = {row["check_name"]: row for row in csv.DictReader(rows)}
    shown = {
        each.get_attribute("id").removeprefix("check-"): each.text
        for each in reader.browser.find_elements(reader.by.CSS_SELECTOR, ".check")
    }
    assert list(shown) == list(explained)
    for name, row in explained.items():
        told = [row[f"{part}_{language}"] for part in ("what", "why", "remedy") for language in ("zh", "en")]
        assert all(text in shown[name] for text in (name, *told)), name
    assert re.search("通过 passed\\s+看过 [1-9][0-9]+ 个标签", shown["unit_given"]), shown["unit_given"]
    reader.go("#!/checks/class_of_inputs")
    asked = reader.element(".check.asked")
    reader.until(lambda _: 0 <= asked.rect["y"] - reader.browser.execute_script("return scrollY") < 400)
    assert asked.get_attribute("id") == "check-class_of_inputs"
    reader.move("!/checks/no_such_check")
    reader.until(lambda _: "no_such_check" in reader.element(".notice").text)
    assert reader.browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert [entry for entry in reader.browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_every_link_between_the_pages_leads_somewhere(site):
    pages = [*site.parent.glob("*.html"), *site.parent.glob("campaigns/*.html")]
    assert {"review.html", "reviews.html", "index.html"} <= {page.name for page in pages}
    reached = {page.resolve(): set() for page in pages}
    for page in pages:
        if page != site:
            for href in re.findall(r'<a href="([^"#:]+)"', page.read_text(encoding="utf-8")):
                assert (page.parent / href).exists(), (page.name, href)
                reached[page.resolve()].add((page.parent / href).resolve())
    around = {(site.parent / name).resolve() for name in ("index.html", "reviews.html", "campaigns/index.html")}
    for page, links in reached.items():
        if page != site.resolve():
            assert around - {page} <= links, page.name


def test_tables_and_lineage_of_dbt_still_work(browser, address):
    by, until = pytest.importorskip("selenium.webdriver.common.by").By, wait(browser)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(f"{address}#!/model/model.bank_tags.fact_tags__aum")
    link = until(lambda _: browser.find_element(by.LINK_TEXT, "aum_month_avg"))
    browser.execute_script("arguments[0].click()", link)
    until(lambda _: browser.find_element(by.CSS_SELECTOR, ".tag-head"))
    browser.execute_script("arguments[0].click()", browser.find_element(by.PARTIAL_LINK_TEXT, "lineage"))
    until(lambda _: browser.execute_script("return window.graph && window.graph.nodes().length") > 2)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_link_by_the_code_of_a_tag_opens_its_page(browser, address):
    by, until = pytest.importorskip("selenium.webdriver.common.by").By, wait(browser)
    browser.get("about:blank")
    browser.get(f"{address}#!/tag/aum_month_avg")
    until(lambda _: "月日均AUM" in browser.find_element(by.CSS_SELECTOR, ".tag-head").text)
    assert browser.current_url.endswith("#!/tag/tag.bank_tags.aum_month_avg")
    browser.back()
    assert browser.current_url == "about:blank"


def wait(browser):
    """Wait for something to be there, at most 20 seconds."""
    exceptions = pytest.importorskip("selenium.common.exceptions")
    ui = pytest.importorskip("selenium.webdriver.support.ui")
    missing = (exceptions.NoSuchElementException, exceptions.StaleElementReferenceException)
    return ui.WebDriverWait(browser, 20, poll_frequency=0.1, ignored_exceptions=missing).until
