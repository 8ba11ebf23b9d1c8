"""Accounts in several currencies, and the currency that pages name."""

import csv
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from dbt_warehouse import Warehouse, hashed
from typer.testing import CliRunner

from banktags.campaign import words as campaign_words
from banktags.campaign.figures import Campaign
from banktags.catalogue import TagEntry
from banktags.catalogue.site.entries import in_currency
from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.explain.decision import Nudge
from banktags.explain.reader import Tag
from banktags.explain.words import nudge_zh
from banktags.pages.currency import YUAN, Currency
from banktags.portrait import person
from banktags.portrait.customer import CustomerPortrait, Role
from banktags.portrait.page import render_customer
from banktags.review import words as review_words
from banktags.review.figures import Review

KORUNA = Currency("CZK", "捷克克朗", "捷克克朗")
#: Where a page's own text may say 元, each with why.
SAYS_YUAN = {
    "pages/currency.py": "the name of the yuan itself",
    "catalogue/site/entries.py": "what is put in the currency's place",
    "catalogue/site/parameters.py": "an example of a number with its unit",
    "review/rfm.py": "an example of a sentence",
    "explain/words.py": "nobody says 万元 of a gap",
    "portrait/person.py": "nobody says 年入30万元",
}


def test_no_page_says_yuan_by_itself():
    texts = [path for kind in ("py", "html", "js") for path in (PROJECT_ROOT / "banktags").rglob(f"*.{kind}")]
    says = {path.relative_to(PROJECT_ROOT / "banktags").as_posix() for path in texts if "元" in path.read_text("utf-8")}
    assert says == SAYS_YUAN.keys()


def test_an_amount_is_named():
    assert YUAN.amount(28_520_000) == "2,852万元"
    assert KORUNA.amount(28_520_000) == "2,852万捷克克朗"
    assert KORUNA.amount(None) == "—捷克克朗"
    assert YUAN.note == "金额单位：元（人民币）。Amounts in CNY."
    assert KORUNA.note == "金额单位：捷克克朗。Amounts in CZK."


def test_a_review_in_koruna():
    tier = {
        **dict.fromkeys(("opening_customers", "closing_customers", "joined_customers"), 1),
        **dict.fromkeys(("left_customers", "upgraded_customers", "downgraded_customers"), 1),
        "period": "2026-Q2",
        "name_zh": "大众",
        "closing_date": date(2026, 6, 30),
        "is_complete": True,
        "opening_aum_month_avg": Decimal(10_000_000),
        "aum_month_avg": Decimal(28_520_000),
        "profit_contribution_365d": None,
    }
    review = Review("2026-Q2", [tier], [], [], [], KORUNA)
    said = review_words.headline(review)[0] + str(review_words._aum_drivers(review))
    assert "月日均AUM 2,852万捷克克朗（" in said and "增加最多，1,852万捷克克朗（" in said
    assert "元" not in said


def test_a_portrait_in_koruna():
    role = Role("manager", "service", "客户经理", "服务", "C3", 5)
    amounts = {"annual_income_amount": "300000.00", "aum_month_avg": "1334727.64", "aum_to_next_tier": "20000.00"}
    rows = [
        {
            **dict.fromkeys(("value_zh", "since", "why", "masked_because")),
            **{"tag_code": code, "name_zh": code, "tag_value": value, "unit": "CZK", "is_masked": False},
            **{"status": "draft", "confidence": 1, "scenario": "portrait", "scenario_name": "客户画像"},
        }
        for code, value in amounts.items()
    ]
    outlook = {
        **{"alert_type": "near_upgrade", "other_tier_name": "财富", "basis": "month_average"},
        **{"basis_amount": Decimal(98_000), "boundary": Decimal(110_000), "aum_projected_month_avg": Decimal(99_000)},
    }
    seen = {"matter": "outlook", "is_masked": False}
    with (PROJECT_ROOT / "seeds" / "catalogue" / "tag_rules.csv").open(encoding="utf-8") as rules:
        dictionary = frozenset(row["tag_code"] for row in csv.DictReader(rules))
    portrait = CustomerPortrait(
        *("X", role, date(2026, 6, 30), dictionary, rows, (), (outlook,), (), (), (), (seen,), (), None),
        currency=KORUNA,
    )
    said = (*person.who(portrait), person.alert(portrait), *person.next_tier(portrait))
    assert "年入30万捷克克朗" in said[0] and "月日均AUM 133万捷克克朗" in said[0]
    assert "annual income CZK 300,000, AUM CZK 1,334,728" in said[1]
    assert "元" not in str(said)
    page = render_customer(portrait)
    assert "1,334,727.64 捷克克朗" in page and KORUNA.note in page
    assert not re.search(r"[0-9万] ?元", page)


def test_a_gap_in_koruna():
    tier = Tag("aum_tier", "客户层级", "rule", "string", None, None, {"wealth": "财富"})
    aum = Tag("aum_month_avg", "月日均AUM", "fact", "decimal(18,2)", "CZK", None, {}, "捷克克朗")
    for change, text in (("32000.00", "差 3.2 万捷克克朗升财富"), ("1941.45", "差 1,941.45 捷克克朗升财富")):
        nudge = Nudge("wealth", "aum_month_avg", Decimal(change), "1000000.00")
        assert nudge_zh(nudge, tier, {"aum_month_avg": aum}) == text


def test_a_campaign_in_koruna():
    returned = {
        **{"is_conversion_window": True, "cost_amount": Decimal(30_000), "treatment_customers": 400},
        **{"roi_short": None, "roi_ltv": None},
    }
    campaign = Campaign({}, [], [], [returned], [], [], [], KORUNA)
    assert campaign_words._cost(campaign) == "费用3.0万捷克克朗，每位触达组客户75.00捷克克朗。"


def test_an_entry_of_the_catalogue_in_koruna():
    entry = TagEntry(
        "aum_spot", "fact_tags__aum", "decimal(18,2)", "AUM.", definition_zh="时点AUM。单位：元。", unit="base currency"
    )
    assert in_currency(entry, YUAN) == replace(entry, unit="CNY")
    said = in_currency(entry, KORUNA)
    assert (said.unit, said.definition_zh) == ("CZK", "时点AUM。单位：捷克克朗。")
    days = TagEntry("tenure_days", "fact_tags__demographics", "bigint", "Days.", unit="days")
    assert in_currency(days, KORUNA) == days


# A bank with accounts in several currencies: landed, built, judged.

BALANCES = [
    # account, currency, balance
    ("yuan", "CNY", 100),
    ("yuan too", "cny", 100),
    ("more yuan", "CNY", 100),
    ("dollars", "USD", 10),
    ("yen", "JPY", 5000),
    ("own code", "RMB", 100),
]
#: Accounts of the second customer, whose AUM nobody knows as long as some of them have no rate.
SECOND = ("more yuan", "yen", "own code")
RATES = [("USD", "2026-05-19", "7.1"), ("USD", "2026-05-25", "7.2"), ("CNY", "2026-05-19", "1")]
CHECKS = ("assert_base_currency_is_that_of_most_accounts", "assert_foreign_currency_accounts_are_converted")
SELECTION = ("path:seeds/dictionaries", "+int_aum__intervals", "code_mappings", "int_currency__rates", *CHECKS)


def land(folder: Path, currencies: dict[str, str] | None = None, rates: list[tuple] = RATES) -> Warehouse:
    """A bank of two customers with these accounts since 2026-05-20, landed by ``banktags load``."""
    tables = {
        "core__customers": [
            ("customer_id", "opened_date", "status"),
            *((c, "2015-01-01", "ACTIVE") for c in ("C1", "C2")),
        ],
        "core__products": [("product_id", "product_name", "product_category"), ("DD", "活期", "DEMAND_DEPOSIT")],
        "core__accounts": [
            ("account_id", "customer_id", "product_id", "currency", "opened_date", "status"),
            *(
                (a, "C2" if a in SECOND else "C1", "DD", (currencies or {}).get(a, c), "2015-01-01", "ACTIVE")
                for a, c, _ in BALANCES
            ),
        ],
        "core__account_balances": [
            ("account_id", "balance_date", "balance"),
            *((a, "2026-05-20", balance) for a, _, balance in BALANCES),
        ],
        "core__exchange_rates": [("currency", "rate_date", "mid_rate"), *rates],
    }
    contract_columns = {
        "core__customers": "name,id_type,id_no,gender,birth_date,mobile,city_code,occupation_code,education_code,"
        "marital_status_code,annual_income,closed_date,branch_id,manager_id",
        "core__products": "issuer_risk_rating,seller_risk_rating,term_days,launched_date,delisted_date",
        "core__accounts": "closed_date,maturity_date,branch_id",
    }
    extracts = folder / "in"
    extracts.mkdir(parents=True)
    for name, (header, *rows) in tables.items():
        empty = contract_columns[name].split(",") if name in contract_columns else []
        with (extracts / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([(*header, *empty), *((*row, *("" for _ in empty)) for row in rows)])
    result = CliRunner().invoke(app, ["load", str(extracts), "--to", str(folder / "raw"), "--date", "2026-05-31"])
    assert result.exit_code == 0, result.output
    return Warehouse(folder, folder / "raw")


def judged(warehouse: Warehouse, **variables: str) -> tuple[str, dict[str, str]]:
    """What the two checks of currencies say after a build, with the remedies, and their outcome."""
    given = {"as_of_date": "2026-05-31", **variables}
    options = ("--indirect-selection", "cautious", "--exclude-resource-type", "unit_test", "--vars", str(given))
    run = warehouse.dbt("build", "--select", *SELECTION, *options, check=False)
    assert "Compilation Error" not in run.stdout, run.stdout
    outcomes = {node.split(".")[2]: status for node, status in warehouse.results().items()}
    compiled = [next(warehouse.target.glob(f"compiled/*/tests/dbt/{check}.sql")) for check in CHECKS]
    said = [text for path in compiled for row in warehouse.rows(path.read_text(encoding="utf-8")) for text in row]
    return " ".join(said), {check: outcomes[check] for check in CHECKS}


@pytest.mark.slow
def test_a_foreign_account_is_converted_and_one_without_a_rate_is_named(tmp_path):
    warehouse = land(tmp_path)
    said, outcomes = judged(warehouse)
    assert outcomes == {CHECKS[0]: "pass", CHECKS[1]: "warn"}
    assert "1 accounts of 1 customers in JPY have no rate in core.exchange_rates" in said
    assert "the AUM of their owners is unknown" in said
    assert "in AAA have no rate" in said and "RMB" not in said  # what is no code is told by its shape
    assert "seeds/dictionaries/code_mappings.csv" in said
    found = warehouse.rows("select unit_key, valid_from, balance from intermediate.int_aum__intervals")
    assert set(found) == {
        (hashed("dollars"), date(2026, 5, 20), Decimal("71.00")),
        (hashed("dollars"), date(2026, 5, 25), Decimal("72.00")),
        (hashed("yuan"), date(2026, 5, 20), Decimal("100.00")),
        (hashed("yuan too"), date(2026, 5, 20), Decimal("100.00")),
    }
    said, outcomes = judged(warehouse, foreign_currency_treatment="refuse")
    assert outcomes[CHECKS[1]] == "fail"
    said, outcomes = judged(warehouse, foreign_currency_treatment="warn")
    assert outcomes[CHECKS[1]] == "warn"
    assert "in USD are taken as delivered, in CNY" in said
    assert warehouse.rows("select sum(balance) from intermediate.int_aum__intervals") == [(Decimal("5410.00"),)]


@pytest.mark.slow
def test_a_bank_built_in_the_wrong_currency_is_told(tmp_path):
    """Extracts that were landed before the contract had rates, too: they lack the folder."""
    warehouse = land(tmp_path, currencies=dict.fromkeys([account for account, *_ in BALANCES], "USD"), rates=[])
    for file in (warehouse.raw / "core" / "exchange_rates").rglob("*"):
        if file.is_file():
            file.unlink()
    for folder in sorted((warehouse.raw / "core" / "exchange_rates").rglob("*"), reverse=True):
        folder.rmdir()
    (warehouse.raw / "core" / "exchange_rates").rmdir()
    said, outcomes = judged(warehouse)
    assert outcomes[CHECKS[0]] == "fail"
    assert "6 of 6 accounts are not in base_currency CNY, 6 of them in USD" in said
    assert "make build BASE_CURRENCY=USD" in said
    assert list((warehouse.raw / "core" / "exchange_rates").rglob("*.parquet"))
    said, outcomes = judged(warehouse, base_currency="USD")
    assert outcomes == dict.fromkeys(CHECKS, "pass")
