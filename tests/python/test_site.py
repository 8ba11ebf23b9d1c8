"""The catalogue site: what stands in it, what must not, and that a browser finds a tag in it."""

import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import Warehouse
from typer.testing import CliRunner

from banktags.catalogue.site.entries import LISTS_ALBUMS, enrich
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
from banktags.cli import app

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
        rules={"aum_month_avg": {"rule_expression": RULE, "rule_sql": f"select {RULE}", "rule_hash": "674104cb"}},
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
    assert (tag["rule"], tag["rule_hash"]) == (RULE, "674104cb")
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
    assert browser.find_element(by.CSS_SELECTOR, ".hero a").get_attribute("href") == address.replace("index", "review")
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


def wait(browser):
    """Wait for something to be there, at most 20 seconds."""
    exceptions = pytest.importorskip("selenium.common.exceptions")
    ui = pytest.importorskip("selenium.webdriver.support.ui")
    missing = (exceptions.NoSuchElementException, exceptions.StaleElementReferenceException)
    return ui.WebDriverWait(browser, 20, poll_frequency=0.1, ignored_exceptions=missing).until
