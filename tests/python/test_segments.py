"""Pyramid and RFM against an independent calculation: pandas from the fact tags and the policy seeds in CSV."""

from collections.abc import Callable

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from rfm_reference import AXES, CLASSES, rfm_by_bands, rfm_by_quintiles

from banktags.clock import DEMO_DATE
from banktags.contract import PROJECT_ROOT
from banktags.freeze_rfm import computed_cut_points, replace_in_seed
from banktags.seeds.rows import seed_file

AS_OF = pd.Timestamp(DEMO_DATE)


def in_force(seed: str, **text_columns: type) -> pd.DataFrame:
    """Rows of a policy seed that hold for CNY on the date."""
    rows = pd.read_csv(seed_file(seed), dtype=text_columns, parse_dates=["valid_from", "valid_to"])
    is_valid = (rows["valid_from"] <= AS_OF) & (rows["valid_to"].isna() | (rows["valid_to"] > AS_OF))
    return rows[(rows["currency"] == "CNY") & is_valid]


def band_of(value: float, bands: pd.DataFrame, lower: str, upper: str, answer: str):
    """What the one half-open band that holds the value says."""
    holds = (bands[lower].isna() | (value >= bands[lower])) & (bands[upper].isna() | (value < bands[upper]))
    (found,) = bands.loc[holds, answer]
    return found


@pytest.fixture(scope="module")
def query(demo_warehouse) -> Callable[[str], pd.DataFrame]:
    def run(sql: str) -> pd.DataFrame:
        with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
            return connection.sql(sql).df().set_index("customer_id").sort_index()

    return run


@pytest.fixture(scope="module")
def facts(query) -> pd.DataFrame:
    """What pyramid and RFM are computed from: one row per customer of the spine."""
    return query("""
        select
            spine.customer_id, is_core_customer, status, opened_date,
            cast(aum_month_avg as double) as aum_month_avg, cast(aum_spot as double) as aum_spot,
            activity_recency_days, activity_monthly_avg_365d
        from intermediate.int_customer__spine as spine
        left join tags.fact_tags__aum using (customer_id)
        left join tags.fact_tags__transactions using (customer_id)
    """)


# Pyramid


def test_tiers_agree_with_pandas(facts, query):
    built = query("select * from segments.segment__pyramid")
    bands = in_force("pyramid_tiers")
    entitlements = pd.read_csv(seed_file("tier_entitlements")).sort_values("display_order").groupby("tier")["name_zh"]
    services = entitlements.agg("、".join)
    assert list(built.index) == list(facts.index)
    customers = facts[facts["is_core_customer"] & (facts["status"] == "ACTIVE")]
    assert built.loc[facts.index.difference(customers.index), "aum_tier"].isna().all()
    assert len(customers) > 250
    for customer_id, customer in customers.iterrows():
        tier = band_of(customer["aum_month_avg"], bands, "aum_from", "aum_to", "tier")
        row = built.loc[customer_id]
        assert row["aum_tier"] == tier
        assert row["aum_tier_rank"] == bands.set_index("tier").loc[tier, "tier_rank"]
        assert row["aum_tier_spot"] == band_of(customer["aum_spot"], bands, "aum_from", "aum_to", "tier")
        assert row["aum_tier_entitlements"] == services[tier]
        missing = bands.set_index("tier").loc[tier, "aum_to"] - customer["aum_month_avg"]
        assert np.isclose(row["aum_to_next_tier"], missing, atol=0.005, equal_nan=True)


# RFM


@pytest.fixture(scope="module")
def expected_rfm(facts) -> dict[str, pd.DataFrame]:
    """Scores, pattern and class of eligible customers by each method, as ``models/tags/segment/rfm.md`` says."""
    (parameters,) = in_force("rfm_parameters").to_dict("records")
    measures = (parameters["frequency_definition"], parameters["monetary_definition"])
    assert measures == ("activity_monthly_avg_365d", "aum_month_avg")
    assert (parameters["scoring_method"], parameters["split_method"]) == ("bands", "mean")
    tenure = (AS_OF - facts["opened_date"]).dt.days
    eligible = facts[
        facts["is_core_customer"] & (facts["status"] == "ACTIVE") & (tenure >= parameters["min_tenure_days"])
    ]
    window = parameters["recency_window_days"]
    values = pd.DataFrame(
        {
            "recency_days": eligible["activity_recency_days"].fillna(window).clip(upper=window),
            "frequency": eligible["activity_monthly_avg_365d"],
            "monetary": eligible["aum_month_avg"],
        }
    )
    return {"bands": rfm_by_bands(values, "CNY"), "quintile": rfm_by_quintiles(values, window)}


@pytest.mark.parametrize("method", ["bands", "quintile"])
def test_rfm_by_each_method_agrees_with_pandas(expected_rfm, query, method):
    built = query(f"select * from segments.segment__rfm_methods where scoring_method = '{method}'")
    expected = expected_rfm[method].rename(columns={"pattern": "rfm_pattern"})
    pd.testing.assert_frame_equal(built[expected.columns], expected, check_dtype=False)
    assert set(built["is_deciding"]) == {method == "bands"}


def test_rfm_agrees_with_pandas(facts, expected_rfm, query):
    """The class is that of the bands; the scores of both methods stand beside it."""
    built = query("select * from segments.segment__rfm")
    assert list(built.index) == list(facts.index)
    bands, quintiles = expected_rfm["bands"], expected_rfm["quintile"]
    scores = [f"{axis}_score" for axis in AXES]
    expected = pd.concat(
        [
            quintiles[scores].add_prefix("rfm_"),
            bands[scores].rename(columns=lambda column: f"rfm_{column.replace('_score', '_band_score')}"),
            bands[["pattern"]].add_prefix("rfm_"),
            bands[["rfm_class"]],
        ],
        axis=1,
    )
    eligible = built.loc[expected.index, expected.columns]
    pd.testing.assert_frame_equal(eligible, expected, check_dtype=False)
    assert eligible["rfm_class"].nunique() >= 6, "too uniform a bank to prove anything"
    others = built.drop(index=expected.index)
    assert set(others["rfm_class"]) == {"not_applicable"}
    assert others[expected.columns.drop("rfm_class")].isna().all(axis=None)


def test_the_classes_mean_what_the_document_says(query):
    """重要价值 are 私行及贵宾; who needs activation has not been active within 30 days, nor is any 重要 below 贵宾."""
    built = query("""
        select customer_id, rfm_class, aum_tier, activity_recency_days as days
        from segments.segment__rfm
        inner join segments.segment__pyramid using (customer_id)
        inner join tags.fact_tags__transactions using (customer_id)
        where rfm_class <> 'not_applicable'
    """)
    important = built[built["rfm_class"].str.startswith("important")]
    assert set(important["aum_tier"]) <= {"vip", "wealth", "private_banking"}
    assert len(important) == built["aum_tier"].isin(["vip", "wealth", "private_banking"]).sum()
    recent = built["rfm_class"].map({name: pattern[0] == "1" for pattern, name in CLASSES.items()})
    assert (recent == (built["days"] < 30)).all()


@pytest.mark.parametrize("method", ["bands", "quintile"])
def test_the_cells_by_tier_agree_with_pandas(expected_rfm, facts, demo_warehouse, method):
    tiers = in_force("pyramid_tiers")
    amounts = facts.loc[expected_rfm[method].index, "aum_month_avg"]
    tier = amounts.map(lambda amount: band_of(amount, tiers, "aum_from", "aum_to", "tier"))
    by_hand = pd.crosstab(expected_rfm[method]["rfm_class"], tier)
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
        cells = connection.sql(f"select * from marts.rfm_class_by_tier where scoring_method = '{method}'").df()
    assert len(cells) == len(CLASSES) * (len(tiers) + 1)
    built = cells.pivot(index="rfm_class", columns="tier", values="customers")
    whole = by_hand.reindex(index=built.index, columns=built.columns, fill_value=0)
    assert (built == whole).all(axis=None)
    assert built.to_numpy().sum() == len(amounts)
    assert cells["share_of_population"].sum() == pytest.approx(1)
    shares = cells.pivot(index="rfm_class", columns="tier", values="share_of_tier")
    assert np.allclose(shares[by_hand.columns], whole[by_hand.columns] / by_hand.sum())


def test_the_most_recent_customer_scores_five_and_the_never_active_one(query):
    rows = query("""
        select customer_id, rfm_recency_days, rfm_recency_score
        from segments.segment__rfm inner join segments.segment__rfm_measures using (customer_id)
        where rfm_eligibility = 'eligible'
    """)
    best = rows[rows["rfm_recency_days"] == rows["rfm_recency_days"].min()]
    assert set(best["rfm_recency_score"]) == {5}
    by_days = rows.groupby("rfm_recency_days")["rfm_recency_score"]
    assert (by_days.nunique() == 1).all(), "customers with the same recency have different scores"
    assert by_days.first().is_monotonic_decreasing


def test_every_name_of_the_alias_table_stands_for_one_class():
    aliases = pd.read_csv(seed_file("rfm_class_aliases"))
    article = aliases[aliases["scheme"] == "article"].set_index("name_zh")["rfm_class"]
    pattern = {rfm_class: pattern for pattern, rfm_class in CLASSES.items()}
    assert {name: pattern[rfm_class] for name, rfm_class in article.items()} == {
        "重要价值客户": "111",
        "重要保持客户": "011",
        "重要发展客户": "101",
        "一般客户": "000",
    }
    for scheme in ("vecdp", "quick_audience"):
        assert sorted(aliases.loc[aliases["scheme"] == scheme, "rfm_class"]) == sorted(CLASSES.values())


# Cut points frozen for the next period


def test_frozen_cut_points_are_the_computed_ones_to_the_last_digit(demo_warehouse, tmp_path):
    seed = tmp_path / "rfm_cut_points.csv"
    seed.write_text((seed_file("rfm_cut_points")).read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
        rows = computed_cut_points(connection)
        replace_in_seed(rows, seed)
        replace_in_seed(rows, seed)  # freezing again replaces
        types = "{'value_from': 'double', 'value_to': 'double', 'is_high': 'boolean'}"
        frozen = f"read_csv('{seed}', header = true, types = {types})"
        columns = "scoring_method, axis, measure, score, value_from, value_to, is_high"
        computed = "segments.segment__rfm_cut_points"
        counts = connection.sql(f"""
            select count(*), count(distinct period), min(period),
                (select count(*) from (
                    select {columns} from {computed} where scoring_method = 'quintile'
                    except select {columns} from {frozen}
                ))
            from {frozen}
        """).fetchone()
    assert counts == (15, 1, "2026-Q3", 0), "the fifths of three axes, and no bands, which policy fixes"


# The generic tests of the project, on data that they must refuse


def failures(test: str, setup: str, **arguments) -> list[tuple]:
    """Rows that a generic test returns on tables made by ``setup``, without their last column, the remedy."""
    text = (PROJECT_ROOT / "tests" / "dbt" / "generic" / f"{test}.sql").read_text(encoding="utf-8")
    body = text[text.index("%}", text.index("{% test")) + 2 : text.index("{% endtest %}")]
    names = {
        "dbt": {"type_numeric": lambda: "decimal(28, 6)"},
        "ref": lambda name: name,
        "as_of_date": lambda: "date '2026-06-30'",
        "printed_rows": lambda **_: "",
        "valid_from": None,
        "valid_to": None,
    }
    sql = jinja2.Template(body).render(names | arguments)
    with duckdb.connect() as connection:
        connection.execute(setup)
        return [row[:-1] for row in connection.sql(sql).fetchall()]


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ("(null, 5, 1, null), (5, 20, 1, null), (20, null, 1, null)", None),
        ("(null, 5, 1, null), (5, 5, 1, null), (5, null, 1, null)", None),
        ("(null, 5, 1, 3), (5, null, 1, 3), (null, 9, 3, null), (9, null, 3, null)", None),
        ("(null, 5, 1, null), (6, null, 1, null)", "gap below this band"),
        ("(null, 5, 1, null), (4, null, 1, null)", "bands overlap"),
        ("(null, null, 1, null), (4, null, 1, null)", "bands overlap"),
        ("(null, null, 1, null), (null, null, 1, null)", "bands overlap"),
        ("(0, 5, 1, null), (5, null, 1, null)", "amounts below the lowest band are not covered"),
        ("(null, 5, 1, null), (5, 20, 1, null)", "amounts above the highest band are not covered"),
        ("(null, null, 1, 3), (null, null, 2, null)", "bands overlap"),
        (
            "(null, null, 1, 3), (null, null, 4, null)",
            "no bands in force from this date, though later ones are defined",
        ),
        ("(null, 5, 1, 1), (5, null, 1, null)", "amounts below the lowest band are not covered"),
    ],
)
def test_covers_all_amounts(bands, said):
    setup = f"""
        create table bands as
        select 'CNY' as currency, lower::double as lower, upper::double as upper,
            date '2026-01-01' + first as first_day, date '2026-01-01' + last as last_day
        from (values {bands}) as band (lower, upper, first, last)
    """
    arguments = {"model": "bands", "lower": "lower", "upper": "upper", "group_by": ["currency"]}
    rows = failures("covers_all_amounts", setup, **arguments, valid_from="first_day", valid_to="last_day")
    assert (said is None and not rows) or said in {row[-1] for row in rows}


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ("('a', date '2026-06-30'), ('b', date '2026-06-30')", []),
        ("('a', date '2026-06-30')", [("b", "is missing")]),
        (
            "('a', date '2026-06-30'), ('b', date '2026-06-30'), ('b', date '2026-06-30')",
            [("b", "stands more than once")],
        ),
        ("('a', date '2026-06-30'), ('b', date '2026-06-29')", [("b", "has another as_of_date than the run")]),
        (
            "('a', date '2026-06-30'), ('b', date '2026-06-30'), ('x', date '2026-06-30')",
            [("x", "is not a customer of the spine")],
        ),
    ],
)
def test_covers_spine(tags, said):
    setup = f"""
        create table int_customer__spine as select * from (values ('a'), ('b')) as spine (customer_id);
        create table tags as select * from (values {tags}) as tag (customer_id, as_of_date)
    """
    assert failures("covers_spine", setup, model="tags") == said
