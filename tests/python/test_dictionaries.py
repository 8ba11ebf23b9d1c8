"""The dictionaries against what their standards say of themselves: counts, structure and form of the codes."""

import csv
import re
from collections import Counter

import pytest

from banktags.contract import PROJECT_ROOT

DICTIONARIES = PROJECT_ROOT / "seeds" / "dictionaries"


def rows_of(dictionary: str) -> list[dict[str, str]]:
    with (DICTIONARIES / f"{dictionary}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_cities_are_all_of_the_country():
    """333 cities, prefectures, autonomous prefectures and leagues under provinces, and what stands beside them."""
    cities = rows_of("cities")
    today = [row["city_code"] for row in cities if not row["successor_code"]]
    assert sum(code.endswith("00") and not code.endswith("0000") for code in today) == 333
    assert {code for code in today if code.endswith("0000")} == {
        *("110000", "120000", "310000", "500000"),
        *("710000", "810000", "820000"),
    }
    of_their_own = Counter(code[:2] for code in today if code[2:4] == "90")
    assert of_their_own == {"41": 1, "42": 4, "46": 15, "65": 12}
    assert Counter(row["province_code"] for row in cities).keys() == {row["province_code"] for row in cities}
    assert len({row["province_code"] for row in cities}) == 34
    names = Counter(row["city_name"] for row in cities)
    assert max(names.values()) == 1
    assert all(row["city_code"].startswith(row["province_code"]) for row in cities)


def test_a_former_code_leads_to_one_of_today():
    cities = {row["city_code"]: row for row in rows_of("cities")}
    for row in cities.values():
        if row["successor_code"]:
            assert not cities[row["successor_code"]]["successor_code"], row


def test_codes_of_the_standards_have_their_form():
    assert len(rows_of("countries")) == 249
    assert all(
        re.fullmatch(r"[A-Z]{2}\|[A-Z]{3}\|[0-9]{3}", "|".join(list(row.values())[:3])) for row in rows_of("countries")
    )
    currencies = rows_of("currencies")
    assert all(
        re.fullmatch(r"[A-Z]{3}\|[0-9]{3}", f"{row['currency_code']}|{row['numeric_code']}") for row in currencies
    )
    assert {row["currency_code"] for row in currencies} >= {"CNY", "CZK", "USD", "GBP", "EUR", "HKD", "XAU", "DEM"}
    assert [row["currency_code"] for row in currencies if row["unit_zh"] == "元"] == ["CNY"]


def test_every_merchant_category_code_has_one_category():
    categories = rows_of("merchant_categories")
    assert all(re.fullmatch(r"[0-9]{4}", row["mcc"]) for row in categories)
    assert {row["mcc"] for row in categories} >= {str(code) for code in range(3000, 4000)}, (
        "airlines, car rental, hotels"
    )
    assert len(categories) > 1300
    named = {row["consumption_category"]: (row["name_zh"], row["name_en"]) for row in categories}
    assert all(named[row["consumption_category"]] == (row["name_zh"], row["name_en"]) for row in categories)


def test_home_country_is_a_country():
    project = (PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    (home,) = re.findall(r"home_country: (\w+)", project)
    assert home in {row["country_code"] for row in rows_of("countries")}


@pytest.mark.parametrize("path", sorted(DICTIONARIES.glob("*.csv")), ids=lambda path: path.stem)
def test_a_dictionary_is_as_a_reader_expects_it(path):
    """UTF-8 without a byte-order mark, one header, as many cells in each row, no blanks around a value."""
    text = path.read_bytes().decode("utf-8")
    assert not text.startswith("\ufeff")
    rows = list(csv.reader(text.splitlines()))
    assert all(len(row) == len(rows[0]) for row in rows)
    assert all(cell == cell.strip() for row in rows for cell in row)


def test_mappings_may_be_made_for_every_dictionary_that_staging_looks_codes_up_in():
    """The seed's YAML lists the dictionaries: a row for another would do nothing, silently."""
    calls = re.compile(r"codes_of\('(\w+)', '(\w+)'\)")
    models = (PROJECT_ROOT / "models" / "staging").glob("*/base_*.sql")
    looked_up = {call for model in models for call in calls.findall(model.read_text(encoding="utf-8"))}
    properties = (DICTIONARIES / "_dictionaries__seeds.yml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"- name: dictionary\n.*\n.*accepted: \[(.*)\]", properties)
    assert {dictionary for dictionary, _ in looked_up} == set(listed.split(", "))
    for dictionary, code in looked_up:
        assert len({row[code] for row in rows_of(dictionary)}) == len(rows_of(dictionary)), dictionary
