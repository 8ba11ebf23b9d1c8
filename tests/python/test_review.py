"""The quarterly review: the marts against pandas from the staged rows, day by day, and the page against the marts."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.clock import DEMO_DATE
from banktags.contract import PROJECT_ROOT
from banktags.pages import numbers
from banktags.review import charts, rfm, words
from banktags.review.figures import Review, read_review
from banktags.seeds.rows import seed_file

AS_OF = pd.Timestamp(DEMO_DATE)
#: Quarter ends whose month lies in the 365 days to 30 June 2026, with their quarters.
ENDS = {
    "2025-Q3": pd.Timestamp("2025-09-30"),
    "2025-Q4": pd.Timestamp("2025-12-31"),
    "2026-Q1": pd.Timestamp("2026-03-31"),
    "2026-Q2": pd.Timestamp("2026-06-30"),
}
REVIEWED = list(ENDS)[1:]
TIERS = pd.read_csv(seed_file("pyramid_tiers"), dtype=str, keep_default_na=False).query("currency == 'CNY'")
TIERS = TIERS.set_index("tier")


@pytest.fixture(scope="module")
def read(demo_warehouse):
    def run(sql: str) -> pd.DataFrame:
        with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
            return connection.sql(sql).df()

    return run


@pytest.fixture(scope="module")
def ledger(read) -> pd.DataFrame:
    """Every balance that counts in AUM: unit, golden customer, day, cents of its currency, and when the unit closed."""
    products = read("select product_id, product_category from staging.stg_core__products")
    categories = pd.read_csv(PROJECT_ROOT / "seeds" / "dictionaries" / "product_categories.csv")
    golden = read(
        "select source_key as core, customer_id from intermediate.int_customer__identity where source_system = 'core'"
    )
    accounts = read("""
        select account_id as unit, accounts.customer_id as core, product_id, currency, closed_date, balance_date as day,
            cast(balance * 100 as bigint) as cents, 'accounts' as balance_source
        from staging.stg_core__accounts as accounts
        inner join staging.stg_core__account_balances using (account_id)
    """)
    holdings = read("""
        select customer_id || '/' || product_id as unit, customer_id as core, product_id, 'CNY' as currency,
            null::date as closed_date, holding_date as day, cast(market_value * 100 as bigint) as cents,
            'holdings' as balance_source
        from staging.stg_wealth__holdings
    """)
    rows = pd.concat([accounts, holdings]).merge(products, on="product_id")
    rows = rows.merge(categories[categories["in_aum"]], on=["product_category", "balance_source"])
    return rows.merge(golden, on="core").sort_values("day")


@pytest.fixture(scope="module")
def rates(read) -> pd.DataFrame:
    """What each currency cost in yuan, by day of a rate."""
    return read("select currency, rate_date, mid_rate from staging.stg_core__exchange_rates order by rate_date")


def day_end(ledger: pd.DataFrame, rates: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Cents of yuan of each customer at the end of a day."""
    standing = ledger[ledger["day"] <= day].groupby("unit").last()
    is_open = standing["closed_date"].isna() | (pd.to_datetime(standing["closed_date"]) > day)
    standing = standing[is_open].copy()
    latest = rates[rates["rate_date"] <= day].groupby("currency")["mid_rate"].last()
    for unit, row in standing[standing["currency"] != "CNY"].iterrows():
        cents = Decimal(int(row["cents"])) * Decimal(str(latest[row["currency"]]))
        standing.loc[unit, "cents"] = int(cents.quantize(Decimal(1), ROUND_HALF_UP))
    return standing.groupby("customer_id")["cents"].sum()


def tier_of(yuan: Decimal) -> str:
    holds = [
        tier
        for tier, bounds in TIERS.iterrows()
        if not yuan < Decimal(bounds["aum_from"] or "-Infinity") and yuan < Decimal(bounds["aum_to"] or "Infinity")
    ]
    (tier,) = holds
    return tier


@pytest.fixture(scope="module")
def snapshots(read, ledger, rates) -> dict[str, pd.DataFrame]:
    """By quarter: month average, spot and tier of each customer whose relation is open at its end."""
    core = read("""
        select identity.customer_id, opened_date, closed_date, status
        from staging.stg_core__customers as customers
        inner join intermediate.int_customer__identity as identity
            on identity.source_system = 'core' and identity.source_key = customers.customer_id
    """)
    found = {}
    for period, end in ENDS.items():
        days = pd.date_range(end.replace(day=1), end)
        total = pd.concat([day_end(ledger, rates, day) for day in days]).groupby(level=0).sum()
        spot = day_end(ledger, rates, end)
        opened = pd.to_datetime(core["opened_date"]) <= end
        still = (core["status"] == "ACTIVE") | (pd.to_datetime(core["closed_date"]) > end)
        # A golden customer of two core numbers is one while either is open, from the opening of the first.
        begun = set(core.loc[opened, "customer_id"])
        customers = sorted(begun & set(core.loc[still, "customer_id"]))
        average = [
            (Decimal(int(total.get(customer, 0))) / (100 * len(days))).quantize(Decimal("0.01"), ROUND_HALF_UP)
            for customer in customers
        ]
        found[period] = pd.DataFrame(
            {
                "aum": average,
                "spot": [Decimal(int(spot.get(customer, 0))) / 100 for customer in customers],
                "tier": [tier_of(amount) for amount in average],
            },
            index=customers,
        )
    return found


def pairs() -> list[tuple[str, str]]:
    return list(zip(list(ENDS), REVIEWED, strict=False))


@pytest.mark.parametrize("before, period", pairs())
def test_the_matrix_agrees_with_pandas(before, period, snapshots, read):
    joined = snapshots[before].merge(
        snapshots[period], how="outer", left_index=True, right_index=True, suffixes=("_from", "_to")
    )
    joined["tier_from"] = joined["tier_from"].fillna("joined")
    joined["tier_to"] = joined["tier_to"].fillna("left")
    for column in ("aum_from", "aum_to"):
        joined[column] = joined[column].map(lambda amount: amount if isinstance(amount, Decimal) else Decimal(0))
    by_hand = joined.groupby(["tier_from", "tier_to"]).agg(
        customers=("aum_from", "size"), opening=("aum_from", "sum"), closing=("aum_to", "sum")
    )
    built = read(f"select * from marts.pyramid_migration where period = '{period}'")
    assert len(built) == 6 * 6 - 1
    found = built[built["customers"] > 0].set_index(["from_tier", "to_tier"]).sort_index()
    assert list(found.index) == list(by_hand.index)
    assert list(found["customers"]) == list(by_hand["customers"])
    assert found["aum_opening"].tolist() == pytest.approx(by_hand["opening"].astype(float).tolist(), abs=0.005)
    assert found["aum_closing"].tolist() == pytest.approx(by_hand["closing"].astype(float).tolist(), abs=0.005)
    assert (built["opening_date"].iloc[0], built["closing_date"].iloc[0]) == (ENDS[before], ENDS[period])


@pytest.mark.parametrize("before, period", pairs())
def test_the_review_agrees_with_pandas(before, period, snapshots, read):
    opening, closing = snapshots[before], snapshots[period]
    near = pd.read_csv(seed_file("tier_policy")).query("parameter == 'near_share'").set_index("rule")["value"]
    built = read(f"select * from marts.pyramid_review where period = '{period}'").set_index("tier")
    assert set(built.index) == set(TIERS.index)
    rank = TIERS["tier_rank"].astype(int)
    for tier, row in built.iterrows():
        began, ended = opening[opening["tier"] == tier], closing[closing["tier"] == tier]
        kept = closing["tier"].reindex(began.index).dropna()
        assert row["opening_customers"] == len(began)
        assert row["closing_customers"] == len(ended)
        assert row["left_customers"] == len(began) - len(kept)
        assert row["upgraded_customers"] == (rank[kept] > rank[tier]).sum()
        assert row["downgraded_customers"] == (rank[kept] < rank[tier]).sum()
        assert row["joined_customers"] == len(ended.index.difference(opening.index))
        if len(began):
            assert row["customer_retention_rate"] == pytest.approx(len(kept) / len(began))
            assert row["tier_retention_rate"] == pytest.approx((rank[kept] >= rank[tier]).sum() / len(began))
        assert row["aum_month_avg"] == pytest.approx(float(sum(ended["aum"])), abs=0.005)
        assert row["aum_spot"] == pytest.approx(float(sum(ended["spot"])), abs=0.005)
        assert row["aum_share"] == pytest.approx(float(sum(ended["aum"]) / sum(closing["aum"])))
        assert row["customer_share"] == pytest.approx(len(ended) / len(closing))
        amounts, bounds = ended["aum"].astype(float), TIERS.loc[tier]
        if bounds["aum_to"]:
            near_bound = amounts >= float(bounds["aum_to"]) * (1 - near["near_upgrade"])
            assert row["near_upgrade_customers"] == near_bound.sum()
        if bounds["aum_from"]:
            near_floor = amounts < float(bounds["aum_from"]) * (1 + near["near_downgrade"])
            assert row["near_downgrade_customers"] == near_floor.sum()


@pytest.mark.parametrize("period", ENDS)
def test_concentration_agrees_with_numpy(period, snapshots, read):
    amounts = np.sort(snapshots[period]["aum"].astype(float).to_numpy())
    (built,) = read(
        f"select * from marts.pyramid_concentration where period = '{period}' and measure = 'aum'"
    ).itertuples()
    # Half the mean difference between two customers, relative to the mean: Gini's own definition.
    gini = np.abs(amounts[:, None] - amounts[None, :]).mean() / 2 / amounts.mean()
    assert built.gini == pytest.approx(gini)
    for percent in (1, 5, 10):
        top = amounts[-int(np.ceil(len(amounts) * percent / 100)) :]
        assert getattr(built, f"top_{percent}_share") == pytest.approx(top.sum() / amounts.sum())
    curve = read(
        f"select percentile, cumulative_share from marts.pyramid_lorenz_curve where period = '{period}' "
        "and measure = 'aum' order by percentile"
    )
    for percentile, share in curve.itertuples(index=False):
        lower = amounts[: len(amounts) * percentile // 100]
        assert share == pytest.approx(lower.sum() / amounts.sum(), abs=1e-9)


def test_profit_belongs_to_the_business_date(read):
    profits = read("""
        select measure, period, amount from marts.pyramid_concentration where measure = 'profit'
    """)
    assert profits["period"].tolist() == ["2026-Q2"]
    known = read("select period, count(profit_contribution_365d) as known from marts.pyramid_review group by all")
    assert dict(known.itertuples(index=False)) == {"2025-Q4": 0, "2026-Q1": 0, "2026-Q2": 5}


# Words and geometry


@pytest.mark.parametrize(
    "value, text",
    [
        (2407398136.63, "24.07亿"),
        (99994999, "9,999万"),
        (99995000, "1.00亿"),
        (-52341260.82, "−5,234万"),
        (84955.78, "8.5万"),
        (9999.49, "9,999"),
        (0, "0"),
        (None, "—"),
    ],
)
def test_amounts_as_a_banker_says_them(value, text):
    assert numbers.amount(value) == text


def test_numbers_say_what_they_are():
    assert numbers.percent(0.0004) == "<0.1%"
    assert numbers.percent(0.0) == "0.0%"
    assert numbers.percent(-0.085) == "−8.5%"
    assert [numbers.signed(numbers.count(n)) for n in (3, 0, -3)] == ["+3", "0", "−3"]
    assert [numbers.points(x) for x in (0.0018, -0.0022, -0.000001, None)] == ["+0.18", "−0.22", "0.00", "—"]
    assert words.quarter_name("2026-Q2") == "2026年二季度"
    assert [words.bound(x) for x in (8_000_000, 55_000, 500)] == ["800万", "5.5万", "500"]


def tier(name: str, rank: int, **figures) -> dict:
    """A row of pyramid_review in which nothing happened, but for ``figures``."""
    customers = dict.fromkeys(("opening", "stayed", "upgraded", "downgraded", "left", "joined", "closing"), 0)
    shares = ("customer_share", "target_customer_share", "profit_share", "target_profit_share", "tier_retention_rate")
    return {
        "period": "2026-Q2",
        "name_zh": name,
        "tier_rank": rank,
        "closing_date": date(2026, 5, 15),
        "is_complete": False,
        "tier_version": "1.0.0",
        **{f"{kind}_customers": number for kind, number in customers.items()},
        **dict.fromkeys((*shares, "near_upgrade_customers", "near_downgrade_customers", "profit_contribution_365d")),
        "opening_aum_month_avg": Decimal(0),
        "aum_month_avg": Decimal(0),
        "aum_from": None,
    } | figures


def test_a_bank_of_nobody_has_a_headline():
    review = Review("2026-Q2", [tier("大众", 1)], [], [], [])
    chinese, _ = words.headline(review)
    assert chinese.startswith("2026年二季度（截至5月15日），客户0户（0），月日均AUM 0元（—）")
    assert chinese.endswith("客户留存率—。")
    assert words.findings(review) == [("谁在边界上", "0户临近升级，无人临近降级。")]


def test_the_sentences_name_the_extremes():
    vip = tier(
        "贵宾",
        2,
        opening_customers=10,
        downgraded_customers=2,
        left_customers=1,
        closing_customers=7,
        tier_retention_rate=0.7,
        opening_aum_month_avg=Decimal(4_000_000),
        aum_month_avg=Decimal(3_000_000),
        customer_share=0.07,
        target_customer_share=0.08,
        aum_from=Decimal(200_000),
        near_downgrade_customers=3,
    )
    mass = tier(
        "大众",
        1,
        opening_customers=90,
        closing_customers=93,
        tier_retention_rate=1.0,
        aum_month_avg=Decimal(500_000),
        customer_share=0.93,
        target_customer_share=0.925,
        near_upgrade_customers=4,
    )
    assert dict(words.findings(Review("2026-Q2", [vip, mass], [], [], []))) == {
        "AUM从哪里来": "大众增加最多，50.0万元；贵宾减少最多，100万元（−25.0%）。",
        "哪一层最留不住": "贵宾的层级保持率最低，70.0%：期初10户中2户降级、1户流失。",
        "离目标多远": "客户占比偏离最大的是贵宾，7.0%，目标8.0%（−1.00个百分点）。",
        "谁在边界上": "4户临近升级，3户临近降级；刚过20万门槛的贵宾客户最多，3户，占本层42.9%。",
    }


def test_the_flow_has_one_scale_and_every_mover():
    def cell(origin, destination, movement, customers):
        names = {"from_tier": origin, "from_tier_name": origin, "to_tier": destination, "to_tier_name": destination}
        return {**names, "movement": movement, "customers": customers}

    cells = [
        cell("vip", "vip", "stayed", 900),
        cell("vip", "mass", "downgraded", 1),
        cell("vip", "left", "left", 0),
        cell("mass", "vip", "upgraded", 30),
        cell("mass", "mass", "stayed", 9000),
        cell("mass", "left", "left", 9),
        cell("joined", "vip", "joined", 0),
        cell("joined", "mass", "joined", 60),
    ]
    flow = charts.flow(cells)
    assert [(node.tier, node.customers) for node in flow.origins] == [("vip", 1), ("mass", 39), ("joined", 60)]
    assert [(node.tier, node.customers) for node in flow.destinations] == [("vip", 30), ("mass", 61), ("left", 9)]
    assert sum(ribbon.customers for ribbon in flow.ribbons) == 100
    for nodes in (flow.origins, flow.destinations):
        assert nodes[-1].y + nodes[-1].height == pytest.approx(charts.FLOW_HEIGHT)
        heights = [(node.height - charts.NODE_SLOT) / node.customers for node in nodes]
        assert heights == pytest.approx([heights[0]] * 3)


def test_without_movers_the_flow_is_empty():
    cell = dict.fromkeys(("from_tier", "from_tier_name", "to_tier", "to_tier_name"), "mass")
    flow = charts.flow([{**cell, "movement": "stayed", "customers": 5}])
    assert flow.ribbons == [] and flow.origins[0].customers == 0


def rfm_review(*cells: tuple[str, str, int], **bounds: tuple[str, float | None, float | None]) -> Review:
    """A review whose classes lie over the tiers as ``cells`` say: pattern, tier and customers, by bands."""
    names = {"111": "重要价值", "011": "重要保持", "110": "一般价值"}
    codes = {"111": "important_value", "011": "important_retention", "110": "general_value"}
    ranks = {"贵宾": 2, "大众": 1, "未分层": 0}
    rows = [
        {
            "scoring_method": "bands",
            "rfm_pattern": pattern,
            "rfm_class": codes[pattern],
            "rfm_class_name": names[pattern],
            "tier": where,
            "tier_name": where,
            "tier_rank": ranks[where],
            "customers": customers,
            "share_of_class": customers / max(sum(n for p, _, n in cells if p == pattern), 1),
        }
        for pattern, where, customers in sorted(cells, key=lambda cell: -ranks[cell[1]])
    ]
    high = [
        {"axis": axis, "measure": measure, "value_from": low, "value_to": up}
        for axis, (measure, low, up) in bounds.items()
    ]
    return Review("2026-Q2", [tier("大众", 1)], [], [], [], rfm=rows, rfm_bounds=high)


def test_the_classes_say_where_the_best_customers_are():
    found = rfm.spread(
        rfm_review(
            ("110", "贵宾", 0),
            ("110", "大众", 6),
            ("011", "贵宾", 0),
            ("011", "大众", 0),
            ("111", "贵宾", 3),
            ("111", "大众", 1),
            ("111", "未分层", 0),
            recency=("activity_recency_days", None, 30.0),
            frequency=("activity_monthly_avg_365d", 5.0, None),
            monetary=("aum_month_avg", 14119.95, None),
        )
    )
    assert found.lead == "重要价值4户：贵宾3户（75.0%）、大众1户（25.0%）；重要保持（需激活）0户。"
    assert found.bounds == "R高：最近交易在30天内；F高：月均交易5次及以上；M高：月日均AUM 1.412万元及以上。"
    (method,) = found.methods
    assert method.customers == 10
    assert [row[0]["rfm_class_name"] for row in method.classes] == ["重要价值", "重要保持", "一般价值"]
    assert [row[0]["tier"] for row in method.tiers] == ["贵宾", "大众"], "nobody is without a tier"


def test_customers_without_a_tier_are_shown():
    found = rfm.spread(
        rfm_review(("111", "贵宾", 3), ("111", "未分层", 2), recency=("activity_recency_days", None, None))
    )
    assert [row[0]["tier"] for row in found.methods[0].tiers] == ["贵宾", "未分层"]
    assert found.bounds == "R高：所有客户；F高：没有客户；M高：没有客户。"


# Command and page


def test_a_warehouse_without_the_marts_says_what_to_do():
    with duckdb.connect() as warehouse, pytest.raises(LookupError, match=r"marts\.pyramid_review.*dbt build"):
        read_review(warehouse)


def test_a_quarter_that_is_not_there_is_refused_with_those_that_are(demo_warehouse):
    result = CliRunner().invoke(
        app, ["review", "--quarter", "2019Q1"], env={"BANK_TAGS_DB": str(demo_warehouse.database)}
    )
    assert result.exit_code == 2
    assert "2019Q1 is not reviewed" in result.output and "2025-Q4, 2026-Q1, 2026-Q2" in re.sub(
        r"[\s│]+", " ", result.output
    )


def test_without_a_quarter_to_review_there_is_no_page(tmp_path):
    database, page = tmp_path / "bank_tags.duckdb", tmp_path / "review.html"
    page.write_text("of another bank")
    with duckdb.connect(str(database)) as warehouse:
        warehouse.execute("create schema marts")
        warehouse.execute("create schema segments")
        warehouse.execute(
            "create table segments.segment__rfm_cut_points (is_in_force boolean, is_high boolean, "
            "scoring_method varchar, axis varchar, measure varchar, value_from double, value_to double)"
        )
        warehouse.execute(
            "create table marts.rfm_class_by_tier (is_deciding boolean, scoring_method varchar, "
            "tier_rank int, rfm_pattern varchar)"
        )
        for mart in ("pyramid_review", "pyramid_migration", "pyramid_concentration", "pyramid_lorenz_curve"):
            warehouse.execute(
                f"create table marts.{mart} (period varchar, tier_rank int, from_tier_rank int, to_tier_rank int, "
                "measure varchar, percentile int)"
            )
    result = CliRunner().invoke(app, ["review", "--out", str(page)], env={"BANK_TAGS_DB": str(database)})
    assert result.exit_code == 0 and "No quarter to review yet" in result.output
    assert not page.exists()


@pytest.fixture(scope="module")
def page(demo_warehouse, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("review") / "review.html"
    result = CliRunner().invoke(app, ["review", "--out", str(out)], env={"BANK_TAGS_DB": str(demo_warehouse.database)})
    assert result.exit_code == 0, result.output
    return out


def test_the_page_needs_nothing_and_names_nobody(page, read):
    html = page.read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"' )]+", html.replace("http://www.w3.org/2000/svg", "")) == []
    assert "<script" not in html
    customers = set(read("select customer_id from intermediate.int_customer__spine")["customer_id"])
    assert not customers & set(re.findall(r"[\w:-]+", html))


def test_an_earlier_quarter_knows_no_profit_and_no_later_quarter(demo_warehouse, tmp_path):
    out = tmp_path / "review.html"
    result = CliRunner().invoke(
        app,
        ["review", "--quarter", "2026Q1", "--out", str(out)],
        env={"BANK_TAGS_DB": str(demo_warehouse.database)},
    )
    assert result.exit_code == 0, result.output
    html = out.read_text(encoding="utf-8")
    assert "2026年一季度" in html and "本季没有，不推算" in html
    assert "2026-Q2" not in html
    assert "RFM类别只在数据日期已知" in html and "rfm-numbers" not in html.split("</style>")[1]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_browser_shows_the_figures_of_the_marts(browser, page, read, width):
    by = pytest.importorskip("selenium.webdriver.common.by").By
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(page.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []

    cells = read("select * from marts.pyramid_migration where period = '2026-Q2'")
    shown = {
        (cell.get_attribute("data-from"), cell.get_attribute("data-to")): cell.find_element(by.TAG_NAME, "b").text
        for cell in browser.find_elements(by.CSS_SELECTOR, ".matrix td[data-from]")
    }
    assert shown == {(cell.from_tier, cell.to_tier): f"{cell.customers:,}" for cell in cells.itertuples()}

    review = read("select * from marts.pyramid_review where period = '2026-Q2' order by tier_rank desc")
    customers = browser.find_element(by.CSS_SELECTOR, "[data-figure=customers]").text
    assert customers == f"{review['closing_customers'].sum():,}"
    assert f"客户{customers}户" in browser.find_element(by.ID, "headline").text
    for row in review.itertuples():
        (kept,) = browser.find_elements(by.CSS_SELECTOR, f"#retention-numbers tr[data-tier={row.tier}]")
        rates = (row.tier_retention_rate, row.customer_retention_rate)
        assert kept.text.split()[-2:] == ["—" if pd.isna(rate) else f"{rate:.1%}" for rate in rates]
        (near,) = browser.find_elements(by.CSS_SELECTOR, f"#crowding-numbers tr[data-tier={row.tier}]")
        crowds = [row.near_upgrade_customers, row.near_downgrade_customers]
        assert [cell.text for cell in near.find_elements(by.TAG_NAME, "b")] == [
            "—" if pd.isna(crowd) else f"{crowd:,.0f}" for crowd in crowds
        ]
    now = browser.find_element(by.CSS_SELECTOR, "#concentration-numbers .now").text
    (concentration,) = read(
        "select * from marts.pyramid_concentration where period = '2026-Q2' and measure = 'aum'"
    ).itertuples()
    assert f"{concentration.top_1_share:.1%}" in now and f"{concentration.gini:.3f}" in now
    assert (
        len(browser.find_elements(by.CSS_SELECTOR, "#flow .ribbon"))
        == ((cells["movement"] != "stayed") & (cells["customers"] > 0)).sum()
    )
    classes = read("select * from marts.rfm_class_by_tier where is_deciding and tier <> 'unknown'")
    shown = {
        (row.get_attribute("data-class"), cell.get_attribute("data-tier")): cell.text
        for row in browser.find_elements(by.CSS_SELECTOR, "#rfm-numbers tr[data-class]")
        for cell in row.find_elements(by.CSS_SELECTOR, "td[data-tier]")
    }
    assert shown == {(cell.rfm_class, cell.tier): f"{cell.customers:,}" for cell in classes.itertuples()}
    charts_shown = browser.find_elements(by.CSS_SELECTOR, "#rfm .stacks")
    drawn = charts_shown[0].find_elements(by.CSS_SELECTOR, ".stack i")
    assert len(charts_shown) == 2 and len(drawn) == (classes["customers"] > 0).sum()
    tracks = [
        row.find_element(by.CSS_SELECTOR, ".stack")
        for row in charts_shown[0].find_elements(by.CSS_SELECTOR, ".stack-row")
    ]
    for track in tracks:
        widths = sum(part.size["width"] for part in track.find_elements(by.TAG_NAME, "i"))
        assert widths in (0, pytest.approx(track.size["width"], abs=2)), "the shares of a tier fill its bar"
