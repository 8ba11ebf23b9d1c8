"""CDNOW purchases through loader, staging, fact tags and segments, against pandas on the raw file."""

import math
from pathlib import Path

import pandas as pd
import pytest
from dbt_warehouse import Warehouse
from real_data import real_data
from rfm_reference import rfm_by_quintiles
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file

AS_OF = pd.Timestamp("1998-06-30")
WINDOW_DAYS = 365
BAND_SCORES = ("recency_band_score", "frequency_band_score", "monetary_band_score")
SCORES = ("recency_score", "frequency_score", "monetary_score")


@pytest.fixture(scope="module")
def data() -> Path:
    return real_data("cdnow")


@pytest.fixture(scope="module")
def warehouse(data, parsed_project, tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("cdnow")
    mapping = PROJECT_ROOT / "examples" / "cdnow"
    result = CliRunner().invoke(app, ["load", str(data), "--mapping", str(mapping), "--to", str(folder / "raw")])
    assert result.exit_code == 0, result.output
    built = Warehouse(folder, folder / "raw")
    selection = ("--select", "+segment__rfm", "--exclude-resource-type", "test", "unit_test")
    built.begin_parsed()
    built.dbt("build", *selection, variables="{as_of_date: 1998-06-30, base_currency: USD}")
    return built


@pytest.fixture(scope="module")
def purchases(data) -> pd.DataFrame:
    return pd.read_parquet(data / "purchases.parquet").assign(date=lambda rows: pd.to_datetime(rows["date"]))


@pytest.fixture(scope="module")
def expected(purchases) -> pd.DataFrame:
    """Measures, scores and class by customer."""
    year = purchases[purchases["date"] > AS_OF - pd.Timedelta(days=WINDOW_DAYS)].groupby("customer_id")
    first = purchases.groupby("customer_id")["date"].min()
    observed_days = (AS_OF - first).dt.days.clip(upper=WINDOW_DAYS - 1) + 1
    last = purchases.groupby("customer_id")["date"].max()
    measures = pd.DataFrame(
        {
            "recency_days": (AS_OF - last).dt.days.clip(upper=WINDOW_DAYS).astype(int),
            "frequency": year.size().reindex(first.index, fill_value=0)
            / (observed_days * 12 / WINDOW_DAYS).clip(lower=1),
            "monetary": year["amt"].sum().round(2).reindex(first.index, fill_value=0.0),
        }
    )
    return measures.join(rfm_by_quintiles(measures, WINDOW_DAYS))


@pytest.fixture(scope="module")
def built(warehouse) -> pd.DataFrame:
    """The same columns from the warehouse, under the key of the raw file."""
    rows = warehouse.rows(
        """
        select
            cast(identities.source_key as int), measures.rfm_eligibility,
            measures.rfm_recency_days, measures.rfm_frequency, cast(measures.rfm_monetary as double),
            rfm.rfm_recency_score, rfm.rfm_frequency_score, rfm.rfm_monetary_score,
            rfm.rfm_recency_band_score, rfm.rfm_frequency_band_score, rfm.rfm_monetary_band_score,
            rfm.rfm_pattern, rfm.rfm_class
        from segments.segment__rfm as rfm
        inner join segments.segment__rfm_measures as measures using (customer_id)
        inner join intermediate.int_customer__identity as identities using (customer_id)
        """
    )
    measures = ("recency_days", "frequency", "monetary")
    columns = ["customer_id", "eligibility", *measures, *SCORES, *BAND_SCORES, "pattern", "rfm_class"]
    return pd.DataFrame(rows, columns=columns).set_index("customer_id").sort_index()


def test_every_customer_and_nobody_else(built, purchases):
    assert len(purchases) == 69_659 and built.index.is_unique
    assert set(built.index) == set(purchases["customer_id"]) and len(built) == 23_570
    assert set(built["eligibility"]) == {"eligible"}


def test_every_purchase_is_staged(warehouse):
    staged = warehouse.rows("select count(*), sum(amount) from staging.stg_core__transactions")[0]
    assert (staged[0], str(staged[1])) == (69_659, "2500315.63")


def test_measures_agree(built, expected):
    assert (built["recency_days"] == expected["recency_days"]).all()
    assert (built["frequency"] - expected["frequency"]).abs().max() < 1e-12
    assert (built["monetary"] - expected["monetary"]).abs().max() < 1e-9


def test_scores_and_classes_agree(built, expected):
    for column in (*SCORES, "pattern", "rfm_class"):
        assert (built[column] == expected[column]).all(), column
    assert set(built["rfm_class"]) == {"important_value", "general_win_back"}, "who bought in the year, and who did not"


def test_scores_of_the_fixed_bands_agree(built, expected):
    bands = pd.read_csv(seed_file("rfm_bands")).query("currency == 'USD'")
    measures = {"recency": "recency_days", "frequency": "frequency", "monetary": "monetary"}
    for axis, measure in measures.items():
        ordered = bands[bands["axis"] == axis].fillna({"value_from": -math.inf}).sort_values("value_from")
        position = ordered["value_from"].searchsorted(expected[measure], side="right") - 1
        assert (built[f"{axis}_band_score"].to_numpy() == ordered["score"].to_numpy()[position]).all(), axis
