"""A randomised campaign from outside: Hillstrom's counts through loader, staging and readout, against statsmodels."""

import csv

import pytest
from dbt_warehouse import Warehouse
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT

pytestmark = [pytest.mark.slow, pytest.mark.long]

EXAMPLE = PROJECT_ROOT / "examples" / "hillstrom"


@pytest.fixture(scope="module")
def arms() -> dict[str, dict[str, int]]:
    with (EXAMPLE / "published" / "arms.csv").open(encoding="utf-8") as file:
        return {row.pop("arm"): {name: int(count) for name, count in row.items()} for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def warehouse(parsed_project, tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("hillstrom")
    arguments = [str(EXAMPLE / "published"), "--mapping", str(EXAMPLE / "mapping"), "--to", str(folder / "raw")]
    result = CliRunner().invoke(app, ["load", *arguments])
    assert result.exit_code == 0, result.output
    built = Warehouse(folder, folder / "raw")
    selection = ("--select", "+campaign_readout", "--exclude-resource-type", "test", "unit_test")
    built.begin_parsed()
    built.dbt("build", *selection, variables="{as_of_date: 2008-03-31, base_currency: USD}")
    return built


def test_the_counts_are_those_that_were_published(arms):
    totals = {name: sum(arm[name] for arm in arms.values()) for name in ("customers", "visits", "conversions")}
    assert totals["customers"] == 64_000
    assert round(totals["visits"] / 64_000, 5) == 0.14678
    assert round(totals["conversions"] / 64_000, 5) == 0.00903


@pytest.mark.parametrize("campaign, arm", [("MENS", "Mens E-Mail"), ("WOMENS", "Womens E-Mail")])
@pytest.mark.parametrize("metric, outcome", [("conversion", "conversions"), ("activity", "visits")])
def test_the_readout_is_that_of_the_counts(warehouse, arms, campaign, arm, metric, outcome):
    treated, controls = arms[arm], arms["No E-Mail"]
    ((n_1, n_2, x_1, x_2, effect, lower, upper, z, p, verdict),) = warehouse.rows(
        f"""
        select treatment_customers, control_customers, treatment_outcome, control_outcome, effect, effect_lower,
            effect_upper, statistic, p_value, verdict
        from marketing.campaign_readout
        where campaign_id = '{campaign}' and metric = '{metric}' and horizon_days = 14 and group_value = 'all'
        """
    )
    counts = (treated[outcome], treated["customers"], controls[outcome], controls["customers"])
    assert (x_1, n_1, x_2, n_2) == counts
    assert effect == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3], abs=1e-12)
    assert (z, p) == pytest.approx(proportions_ztest(counts[::2], counts[1::2]), rel=1e-9)
    assert (lower, upper) == pytest.approx(confint_proportions_2indep(*counts, method="newcomb"), abs=1e-9)
    assert verdict == "win"
