"""A real bank: the Czech data of Berka, mapped by examples/berka, against pandas straight from the raw files.

Nothing here reads the project's SQL or its seeds but the bounds of the tiers: the definitions are written out again.
"""

import math
from pathlib import Path

import pandas as pd
import pytest
from dbt_warehouse import Warehouse
from real_data import real_data
from rfm_reference import rfm_by_bands, rfm_by_quintiles
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file

AS_OF = pd.Timestamp("1994-03-30")


@pytest.fixture(scope="module")
def berka() -> Path:
    return real_data("berka")


@pytest.fixture(scope="module")
def warehouse(berka, parsed_project, tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("berka")
    mapping = PROJECT_ROOT / "examples" / "berka"
    loaded = CliRunner().invoke(app, ["load", str(berka), "--mapping", str(mapping), "--to", str(folder / "raw")])
    assert loaded.exit_code == 0, loaded.output
    built = Warehouse(folder, folder / "raw")
    built.begin_parsed()
    built.dbt(
        *("build", "--resource-type", "seed", "--resource-type", "model"),
        *(
            "--select",
            "+segment__pyramid",
            "+segment__rfm_methods",
            "+segment__rfm",
            "+fact_tags__products",
            "+staging_quality",
        ),
        variables="{as_of_date: 1994-03-30, base_currency: CZK}",
    )
    return built


@pytest.fixture(scope="module")
def known(berka) -> pd.DataFrame:
    """Clients known by the date, with the day that each first could use an account."""
    accounts = pd.read_parquet(berka / "account.parquet")[["account_id", "date"]]
    uses = pd.read_parquet(berka / "disp.parquet").merge(accounts, on="account_id")
    first = pd.to_datetime(uses.groupby("client_id")["date"].min())
    return first[first <= AS_OF].rename("opened").to_frame()


@pytest.fixture(scope="module")
def postings(berka) -> pd.DataFrame:
    """Postings up to the date with the owner of their account; flow in tenths of a crown, so that sums are exact."""
    disp = pd.read_parquet(berka / "disp.parquet")
    owners = disp[disp["type"] == "OWNER"][["account_id", "client_id"]]
    trans = pd.read_parquet(berka / "trans_whole_bank_1993_1994q1.parquet").merge(owners, on="account_id")
    trans["date"] = pd.to_datetime(trans["date"])
    trans = trans[trans["date"] <= AS_OF].copy()
    tenths = (trans["amount"] * 10).round().astype("int64")
    trans["flow"] = tenths.where(trans["type"] == "PRIJEM", -tenths)
    return trans


@pytest.fixture(scope="module")
def balances(known, postings) -> pd.DataFrame:
    """Balance on the date and its average over 1–30 March 1994, in crowns; zero for who owns no account."""
    flows = postings.pivot_table(index="date", columns="client_id", values="flow", aggfunc="sum", fill_value=0)
    day_ends = flows.reindex(pd.date_range(flows.index.min(), AS_OF), fill_value=0).cumsum()
    march = day_ends.loc["1994-03-01":"1994-03-30"]
    assert len(march) == 30
    computed = pd.DataFrame({"spot": day_ends.loc[AS_OF] / 10, "month_avg": march.sum() / 300})
    return computed.reindex(known.index, fill_value=0.0)


def customers(warehouse: Warehouse, model: str, *columns: str) -> pd.DataFrame:
    """Columns of a tag model by client, as numbers where they are decimals."""
    rows = warehouse.rows(f"select customer_id, {', '.join(columns)} from {model}")
    table = pd.DataFrame(rows, columns=["customer_id", *columns])
    table.index = table.pop("customer_id").str.removeprefix("client-").astype("int64")
    return table


def test_every_customer_known_by_then_and_nobody_else(warehouse, known):
    assert len(known) == 1489
    for model in ("tags.fact_tags__aum", "segments.segment__pyramid", "segments.segment__rfm"):
        built = customers(warehouse, model, "as_of_date")
        assert built.index.is_unique
        assert set(built.index) == set(known.index), model


def test_nothing_is_lost_in_staging(warehouse, postings):
    staged, quarantined = warehouse.rows(
        "select staged_rows, quarantined_rows from governance.staging_quality"
        " where system_name = 'core' and table_name = 'transactions'"
    )[0]
    assert (staged, quarantined) == (len(postings), 0)


def test_balances_on_the_day_and_by_month_average(warehouse, balances):
    built = customers(warehouse, "tags.fact_tags__aum", "aum_spot", "aum_month_avg").astype(float)
    difference = built.rename(columns={"aum_spot": "spot", "aum_month_avg": "month_avg"}) - balances
    assert difference["spot"].abs().max() < 1e-6
    assert difference["month_avg"].abs().max() <= 0.005 + 1e-9  # rounded to the haléř
    assert (balances["spot"] != 0).sum() > 1000


def test_tier_by_month_average_and_by_spot(warehouse, balances):
    tiers = pd.read_csv(seed_file("pyramid_tiers")).query("currency == 'CZK'")

    def tier_of(amount: float) -> str:
        fits = tiers[(tiers["aum_from"].fillna(-math.inf) <= amount) & (amount < tiers["aum_to"].fillna(math.inf))]
        return fits["tier"].item()

    built = customers(warehouse, "segments.segment__pyramid", "aum_tier", "aum_tier_spot")
    expected_tier = balances["month_avg"].round(2).map(tier_of)
    assert (built["aum_tier"] == expected_tier.reindex(built.index)).all()
    assert (built["aum_tier_spot"] == balances["spot"].map(tier_of).reindex(built.index)).all()
    assert expected_tier.nunique() >= 4


def test_holdings(warehouse, berka, known, postings, balances):
    disp = pd.read_parquet(berka / "disp.parquet")
    accounts = pd.read_parquet(berka / "account.parquet")
    owned = disp[disp["type"] == "OWNER"].merge(accounts[pd.to_datetime(accounts["date"]) <= AS_OF], on="account_id")
    account_count = owned.groupby("client_id").size().reindex(known.index, fill_value=0)

    cards = pd.read_parquet(berka / "card.parquet").drop(columns="type")
    cards = cards[pd.to_datetime(cards["issued"]) <= AS_OF].merge(disp, on="disp_id")
    has_card = pd.Series(known.index.isin(cards["client_id"]), known.index)

    # A loan is running until the repayments known by the date cover it.
    loans = pd.read_parquet(berka / "loan.parquet")
    loans = loans[pd.to_datetime(loans["date"]) <= AS_OF].merge(owned[["account_id", "client_id"]], on="account_id")
    repaid = postings[postings["k_symbol"] == "UVER"].groupby("account_id")["amount"].sum()
    loans["outstanding"] = loans["amount"] - loans["account_id"].map(repaid).fillna(0)
    has_loan = pd.Series(known.index.isin(loans[loans["outstanding"] > 0]["client_id"]), known.index)
    has_deposit = balances["spot"] > 0

    columns = (
        "account_count",
        "is_credit_card_holder",
        "has_loan",
        "has_demand_deposit",
        "product_category_count",
        "is_single_product",
    )
    built = customers(warehouse, "tags.fact_tags__products", *columns).reindex(known.index)
    assert (built["account_count"] == account_count).all()
    assert (built["is_credit_card_holder"] == has_card).all()
    assert (built["has_loan"] == has_loan).all()
    assert (built["has_demand_deposit"] == has_deposit).all()
    # Berka delivers no holdings: how many categories a customer has is unknown of everybody.
    assert built["product_category_count"].isna().all()
    assert built["is_single_product"].isna().all()
    assert (len(loans), len(cards), account_count.sum()) == (37, 6, 1229)


def test_activity_leaves_out_what_the_bank_posts(warehouse, activity):
    columns = ("activity_recency_days", "activity_count_365d", "activity_monthly_avg_365d", "activity_amount_365d")
    built = customers(warehouse, "tags.fact_tags__transactions", *columns).reindex(activity.index).astype(float)
    assert built["activity_recency_days"].equals(activity["recency"])
    assert (built["activity_count_365d"] == activity["count"]).all()
    assert (built["activity_monthly_avg_365d"] - activity["monthly_avg"]).abs().max() < 1e-9
    assert (built["activity_amount_365d"] - activity["amount"]).abs().max() < 1e-6


@pytest.fixture(scope="module")
def activity(known, postings) -> pd.DataFrame:
    """Recency, count, monthly average and amount of the postings that are not the bank's own."""
    own = postings[~postings["k_symbol"].isin(["UROK", "SANKC. UROK", "SLUZBY"])]
    in_year = own[own["date"] > AS_OF - pd.Timedelta(days=365)]
    observed_from = known["opened"].clip(lower=AS_OF - pd.Timedelta(days=364))
    months = (((AS_OF - observed_from).dt.days + 1) * 12 / 365).clip(lower=1.0)
    computed = pd.DataFrame(
        {
            "recency": (AS_OF - own.groupby("client_id")["date"].max()).dt.days.astype(float),
            "count": in_year.groupby("client_id").size(),
            "amount": in_year["flow"].abs().groupby(in_year["client_id"]).sum() / 10,
        }
    ).reindex(known.index)
    computed[["count", "amount"]] = computed[["count", "amount"]].fillna(0)
    computed["monthly_avg"] = computed["count"] / months
    return computed


def test_rfm_class(warehouse, known, balances, activity):
    tenure_days = (AS_OF - known["opened"]).dt.days
    eligible = known.index[tenure_days >= 90]
    measures = pd.DataFrame(
        {
            "recency_days": activity["recency"].fillna(365).clip(upper=365),
            "frequency": activity["monthly_avg"],
            "monetary": balances["month_avg"].round(2),
        }
    ).loc[eligible]
    bands, quintiles = rfm_by_bands(measures, "CZK"), rfm_by_quintiles(measures, 365)
    expected = bands["rfm_class"].reindex(known.index, fill_value="not_applicable")

    columns = ("rfm_recency_score", "rfm_frequency_score", "rfm_monetary_score", "rfm_class")
    built = customers(warehouse, "segments.segment__rfm", *columns).reindex(known.index)
    built_scores = built.loc[eligible, list(columns[:3])].astype("int64")
    assert (built_scores.to_numpy() == quintiles.iloc[:, :3].to_numpy()).all()
    assert (built["rfm_class"] == expected).all()
    assert expected.nunique() == 6, "who was active in the year was so within a month, so that nobody is to be woken up"
    beside = "(select * from segments.segment__rfm_methods where scoring_method = 'quintile' and not is_deciding)"
    assert (customers(warehouse, beside, "rfm_class")["rfm_class"].reindex(eligible) == quintiles["rfm_class"]).all()
    assert quintiles["rfm_class"].nunique() >= 7
