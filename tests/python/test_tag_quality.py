"""Quality and confidence of the tags, against pandas: a sample of tags of each type and kind of bin."""

import hashlib
import math

import pandas as pd
import pytest

from banktags.seeds.rows import seed_file

AS_OF = pd.Timestamp("2026-06-30")

VALUES = ("gender", "rfm_class", "aum_tier", "city", "has_app", "is_single_product")
BUCKETS = ("branch_id", "household_id")
NUMBERS = ("age_years", "nps_score", "aum_spot", "aum_change_90d", "digital_transaction_share_90d", "rfm_frequency")
MONTHS = ("birth_date", "activity_last_date", "time_deposit_next_maturity_date")
SAMPLE = VALUES + BUCKETS + NUMBERS + MONTHS


def one_digit_floor(number: float) -> float:
    """The largest number of one significant digit that is not above it, found by trying them all."""
    candidates = [0.0] + [
        float(f"{sign}{digit}e{power}") for sign in "+-" for digit in range(1, 10) for power in range(-3, 12)
    ]
    return max(candidate for candidate in candidates if candidate <= number)


def months_from_as_of(date: pd.Timestamp) -> int:
    """Of 30 days: 0 is the window of the last 30 days, 1 the 30 days after the business date."""
    return math.ceil((date - AS_OF).days / 30)


def expected_bin(tag: str, value) -> str:
    """The bin of a known value by models/checks/bins.md."""
    if tag in VALUES:
        return str(value).lower() if isinstance(value, bool) else value
    if tag in BUCKETS:
        return hashlib.md5(value.encode()).hexdigest()[0]
    number = months_from_as_of(pd.Timestamp(value)) if tag in MONTHS else float(value)
    floor = one_digit_floor(number)
    return str(int(floor)) if floor == int(floor) else str(floor)


@pytest.fixture(scope="module")
def tags(demo_warehouse) -> pd.DataFrame:
    """customer_tags as Python objects, one column of the sample each; None is unknown."""
    return pd.DataFrame(
        demo_warehouse.rows(f"select {', '.join(SAMPLE)} from marts.customer_tags"), columns=list(SAMPLE), dtype=object
    )


@pytest.mark.parametrize("tag", SAMPLE)
def test_the_distribution_is_that_of_pandas(demo_warehouse, tags, tag):
    known = tags[tag].dropna()
    expected = known.map(lambda value: expected_bin(tag, value)).value_counts().to_dict()
    rows = demo_warehouse.rows(
        f"select bin_kind, bin, customers, customer_share from governance.tag_distribution where tag_code = '{tag}'"
    )
    assert {bin_: customers for kind, bin_, customers, _ in rows if kind != "unknown"} == expected
    unknown = [customers for kind, _, customers, _ in rows if kind == "unknown"]
    assert unknown == [len(tags) - len(known)] * (len(known) < len(tags))
    assert sum(share for *_, share in rows) == pytest.approx(1)
    assert all(math.isclose(share, customers / len(tags)) for _, _, customers, share in rows)


@pytest.mark.parametrize("tag", SAMPLE)
def test_the_scan_is_that_of_pandas(demo_warehouse, tags, tag):
    known = tags[tag].dropna()
    ((customers, known_customers, distinct, lowest, highest, data_type),) = demo_warehouse.rows(f"""
        select customers, known_customers, distinct_values, lowest_value, highest_value, data_type
        from governance.tag_scan where tag_code = '{tag}'
    """)
    assert (customers, known_customers) == (len(tags), len(known))
    estimated = data_type.startswith(("decimal", "double"))
    assert distinct == (pytest.approx(known.nunique(), rel=0.35) if estimated else known.nunique())
    ordered = tag in NUMBERS + MONTHS
    assert (lowest, highest) == ((str(known.min()), str(known.max())) if ordered else (None, None))


def test_every_tag_is_scanned_once(demo_warehouse):
    columns = demo_warehouse.rows("""
        select column_name from duckdb_columns() where table_name = 'customer_tags'
        and column_name not in ('customer_id', 'as_of_date') order by 1
    """)
    assert demo_warehouse.rows("select tag_code from governance.tag_scan order by 1") == columns
    assert (
        demo_warehouse.rows("""
        select tag_code from governance.tag_distribution group by tag_code
        having sum(customers) <> (select count(*) from marts.customer_tags)
    """)
        == []
    )


def test_one_scan_reads_the_customers(manifest):
    """A new tag adds no query: of the governance models one alone reads the wide mart, and once."""
    readers = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] == "governance"
        and "model.bank_tags.customer_tags" in node["depends_on"]["nodes"]
    ]
    assert readers == ["tag_scan"]
    (scan,) = (node for node in manifest["nodes"].values() if node["name"] == "tag_scan")
    assert scan["raw_code"].count("ref('customer_tags')") == 1


@pytest.mark.parametrize("tag", SAMPLE)
def test_the_quality_is_that_of_pandas(demo_warehouse, tags, tag):
    known = tags[tag].dropna()
    ((coverage, null_share, value, share, unlisted, status),) = demo_warehouse.rows(f"""
        select coverage, null_share, most_frequent_value, most_frequent_share, out_of_dictionary_customers, status
        from governance.tag_quality where tag_code = '{tag}'
    """)
    assert (coverage, null_share) == pytest.approx((len(known) / len(tags), 1 - len(known) / len(tags)))
    if tag in VALUES:
        counts = known.map(lambda value: expected_bin(tag, value)).value_counts()
        assert counts[value] == counts.max()
        assert share == pytest.approx(counts.max() / len(tags))
    else:
        assert (value, share) == (None, None)
    listed = tag in VALUES and tag != "city"  # the dictionary says of the city where its values stand, and lists none
    assert unlisted == (0 if listed else None)
    assert status == "not_compared"


# Confidence

AGES = {
    "risk_level": ("crm", "risk_assessments", "risk_level", "date '2026-06-30' - risk_assessed_date"),
    "bureau_credit_score": ("bureau", "credit_reports", "credit_score", "bureau_report_age_days"),
    "nps_score": ("crm", "nps_responses", "score", "nps_recency_days"),
}


@pytest.mark.parametrize("tag", AGES)
def test_the_confidence_is_that_of_pandas(demo_warehouse, tag):
    """Of every customer whose value is known; the long mart shows it beside the value."""
    system, table, column, age = AGES[tag]
    policy = pd.read_csv(seed_file("source_freshness_policy"))
    ((fresh, stale, floor),) = policy.loc[
        (policy.system_name == system) & (policy.table_name == table) & (policy.column_name == column),
        ["fresh_days", "stale_days", "confidence_floor"],
    ].itertuples(index=False)
    ages = dict(demo_warehouse.rows(f"select customer_id, {age} from marts.customer_tags where {tag} is not null"))
    expected = {
        customer: 1 - (1 - floor) * min(max((days - fresh) / (stale - fresh), 0), 1) for customer, days in ages.items()
    }
    assert any(confidence < 1 for confidence in expected.values()), "the demo bank has nothing old"
    shown = demo_warehouse.rows(
        f"select customer_id, cast(confidence as double) from marts.customer_tags_long where tag_code = '{tag}'"
    )
    assert dict(shown) == pytest.approx(expected, abs=0.00005)
