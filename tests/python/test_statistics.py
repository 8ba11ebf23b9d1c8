"""The statistics macros against scipy and statsmodels, all cases of a macro in one query, and the oracles."""

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from banktags.contract import PROJECT_ROOT

Z_ALPHA, Z_POWER = "1.959963984540054e0", "8.416212335729143e-1"


@pytest.fixture(scope="module")
def macros():
    """The macros as dbt renders them: they use nothing of dbt's context."""
    files = sorted((PROJECT_ROOT / "macros" / "statistics").glob("*.sql"))
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(source).module


def computed(columns: dict[str, str], cases: pd.DataFrame) -> pd.DataFrame:
    """Expressions by name over all cases, in their order."""
    selected = ", ".join(f"({sql}) as {name}" for name, sql in columns.items())
    with duckdb.connect() as con:
        con.register("cases", cases.assign(case_number=range(len(cases))))
        return con.sql(f"select {selected} from cases order by case_number").df()


@pytest.fixture(scope="module")
def proportions() -> pd.DataFrame:
    """A thousand pairs of arms from 20 to 200,000 customers, with rates down to nothing."""
    random = np.random.default_rng(48)
    n_1, n_2 = (np.exp(random.uniform(np.log(20), np.log(200_000), 1000)).astype(int) for _ in range(2))
    rate = np.exp(random.uniform(np.log(0.0005), np.log(0.9), 1000))
    x_1 = random.binomial(n_1, rate)
    x_2 = random.binomial(n_2, np.minimum(1, rate * random.uniform(0.7, 1.4, 1000)))
    return pd.DataFrame({"x_1": x_1, "n_1": n_1, "x_2": x_2, "n_2": n_2})


ARMS = ("x_1", "n_1", "x_2", "n_2")


def test_the_normal_distribution_agrees_with_scipy(macros):
    random = np.random.default_rng(1)
    x = np.concatenate([random.normal(0, 6, 1000), [0, 0.67448975, -5.656854249492381, -37, 40, -40]])
    p = np.concatenate([random.random(1000), 10.0 ** -np.arange(1, 301), [0.075, 0.5, 0.925]])
    found = computed({"cdf": macros.normal_cdf("x"), "p": macros.normal_p("x")}, pd.DataFrame({"x": x}))
    expected = np.where(np.abs(x) > 38, np.sign(x).clip(0), stats.norm.cdf(x))
    np.testing.assert_allclose(found["cdf"], expected, rtol=1e-12, atol=0)
    np.testing.assert_allclose(found["p"], 2 * stats.norm.sf(np.abs(x)), rtol=1e-12, atol=1e-300)
    found = computed({"quantile": macros.normal_quantile("p")}, pd.DataFrame({"p": p}))
    np.testing.assert_allclose(found["quantile"], stats.norm.ppf(p), rtol=1e-14, atol=1e-15)
    outside = computed({"quantile": macros.normal_quantile("p")}, pd.DataFrame({"p": [0.0, 1.0, -1.0, None]}))
    assert outside["quantile"].isna().all()


def test_student_s_t_agrees_with_scipy(macros):
    random = np.random.default_rng(2)
    cases = pd.DataFrame({"t": random.normal(0, 3, 1000), "df": np.exp(random.uniform(np.log(5), np.log(1e7), 1000))})
    cases["start"] = computed({"start": macros.student_t_approximate("df", Z_ALPHA)}, cases)["start"]
    found = computed(
        {"p": macros.student_t_p("t", "df"), "critical": macros.student_t_critical("0.05e0", "df", "start")}, cases
    )
    np.testing.assert_allclose(found["p"], 2 * stats.t.sf(np.abs(cases["t"]), cases["df"]), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["critical"], stats.t.ppf(0.975, cases["df"]), rtol=0, atol=1e-9)
    nothing = computed({"p": macros.student_t_p("cast(null as double)", "df")}, cases)
    assert nothing["p"].isna().all()
    few = pd.DataFrame({"t": [12.706, 4.303, 0.0], "df": [1, 2, 1]})
    found = computed({"p": macros.student_t_p("t", "df")}, few)
    np.testing.assert_allclose(found["p"], 2 * stats.t.sf(few["t"], few["df"]), atol=1e-4)


def test_proportions_agree_with_statsmodels(macros, proportions):
    columns = {"z": macros.two_proportion_z(*ARMS), "p": macros.normal_p(macros.two_proportion_z(*ARMS))}
    for side in ("lower", "upper"):
        columns[f"newcombe_{side}"] = macros.newcombe_bound(*ARMS, Z_ALPHA, side)
        columns[f"wilson_{side}"] = macros.wilson_bound("x_1", "n_1", Z_ALPHA, side)
    found = computed(columns, proportions)
    for case, row in zip(proportions.itertuples(), found.itertuples(), strict=True):
        if 0 < case.x_1 + case.x_2 < case.n_1 + case.n_2:
            z, p = proportions_ztest([case.x_1, case.x_2], [case.n_1, case.n_2])
            assert (row.z, row.p) == pytest.approx((z, p), abs=1e-9)
        else:
            assert np.isnan(row.z)
        newcombe = confint_proportions_2indep(case.x_1, case.n_1, case.x_2, case.n_2, method="newcomb")
        assert (row.newcombe_lower, row.newcombe_upper) == pytest.approx(newcombe, abs=1e-9)
        wilson = proportion_confint(case.x_1, case.n_1, method="wilson")
        assert (row.wilson_lower, row.wilson_upper) == pytest.approx(wilson, abs=1e-9)


def test_the_sample_ratio_agrees_with_scipy(macros, proportions):
    cases = proportions.assign(share=np.random.default_rng(3).uniform(0.05, 0.6, len(proportions)))
    cases["n_2"] = np.random.default_rng(4).binomial(cases["n_1"], cases["share"]) + 1
    chi_square = macros.sample_ratio_chi_square("n_1", "n_2", "share")
    found = computed({"chi_square": chi_square, "p": macros.chi_square_p(chi_square)}, cases)
    n = cases["n_1"] + cases["n_2"]
    expected = stats.chisquare(
        cases[["n_1", "n_2"]], np.column_stack([n * (1 - cases["share"]), n * cases["share"]]), axis=1
    )
    np.testing.assert_allclose(found["chi_square"], expected.statistic, rtol=1e-9)
    np.testing.assert_allclose(found["p"], expected.pvalue, rtol=0, atol=1e-9)


def test_amounts_agree_with_statsmodels(macros):
    """Welch by exact sums of cents: heavy-tailed amounts, arms of very unequal size and scatter."""
    random = np.random.default_rng(5)
    cases, expected = [], []
    for _ in range(1000):
        sizes = np.exp(random.uniform(np.log(8), np.log(800), 2)).astype(int)
        arms = [
            np.round(random.lognormal(random.uniform(5, 8), random.uniform(0.1, 1.5), size), 2)
            * (random.random(size) < 0.7)
            for size in sizes
        ]
        welch = CompareMeans(*(DescrStatsW(arm) for arm in arms))
        t, p, df = welch.ttest_ind(usevar="unequal")
        expected.append((t, p, df, *welch.tconfint_diff(usevar="unequal")))
        sums = [(len(arm), round(sum(arm), 2), sum(arm**2)) for arm in arms]
        cases.append([figure for arm in sums for figure in arm])
    cases = pd.DataFrame(cases, columns=["n_1", "y_1", "yy_1", "n_2", "y_2", "yy_2"])
    variances = computed({f"v_{i}": macros.variance_by_sums(f"n_{i}", f"y_{i}", f"yy_{i}") for i in (1, 2)}, cases)
    cases = cases.join(variances)
    four = ("v_1", "n_1", "v_2", "n_2")
    cases = cases.join(
        computed(
            {"error": macros.welch_standard_error(*four), "df": macros.welch_degrees_of_freedom(*four)},
            cases,
        )
    )
    cases["difference"] = cases["y_1"] / cases["n_1"] - cases["y_2"] / cases["n_2"]
    cases["t"] = cases["difference"] / cases["error"]
    cases["start"] = computed({"start": macros.student_t_approximate("df", Z_ALPHA)}, cases)["start"]
    found = computed(
        {"p": macros.student_t_p("t", "df"), "critical": macros.student_t_critical("0.05e0", "df", "start")}, cases
    )
    t, p, df, lower, upper = np.array(expected).T
    np.testing.assert_allclose(cases["t"], t, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["p"], p, rtol=0, atol=1e-9)
    np.testing.assert_allclose(cases["df"], df, rtol=1e-9)
    half = found["critical"] * cases["error"]
    np.testing.assert_allclose(cases["difference"] - half, lower, rtol=1e-9, atol=1e-9 * cases["error"].max())
    np.testing.assert_allclose(cases["difference"] + half, upper, rtol=1e-9, atol=1e-9 * cases["error"].max())


def test_cuped_is_the_regression_on_what_was_before(macros):
    random = np.random.default_rng(6)
    before = random.lognormal(8, 1, 500).round(2)
    after = (0.7 * before + random.normal(0, 900, 500)).round(2)
    sums = pd.DataFrame(
        [[500, before.sum(), after.sum(), (before**2).sum(), (before * after).sum(), (after**2).sum()]],
        columns=["n", "x", "y", "xx", "xy", "yy"],
    )
    variance = macros.cuped_variance(
        macros.variance_by_sums("n", "y", "yy"),
        macros.variance_by_sums("n", "x", "xx"),
        macros.covariance_by_sums("n", "x", "y", "xy"),
        f"({macros.cuped_theta('n', 'x', 'y', 'xx', 'xy')})",
    )
    found = computed({"theta": macros.cuped_theta("n", "x", "y", "xx", "xy"), "variance": variance}, sums)
    slope = np.polyfit(before, after, 1)[0]
    assert found["theta"][0] == pytest.approx(slope, rel=1e-9)
    assert found["variance"][0] == pytest.approx(np.var(after - slope * before, ddof=1), rel=1e-9)
    assert found["variance"][0] < np.var(after, ddof=1) / 5


def test_holm_agrees_with_statsmodels(macros):
    random = np.random.default_rng(7)
    cases = pd.DataFrame({"family": np.repeat(range(5), 200), "place": list(range(200)) * 5})
    cases["p"] = np.round(random.beta(0.2, 9, 1000), 5)  # rounded, so that some are equal
    cases.loc[random.random(1000) < 0.1, "p"] = np.nan
    with duckdb.connect() as con:
        con.register("numbers", cases)
        con.sql("create temp table tests as select family, place, if(isnan(p), null, p) as p from numbers")
        adjusted = con.sql(macros.with_holm("tests", "p", ["family"], ["place"])).df()
    adjusted = adjusted.sort_values(["family", "place"])["p_adjusted"].to_numpy()
    for family, rows in cases.groupby("family"):
        known = rows.index[rows["p"].notna()]
        np.testing.assert_allclose(adjusted[known], multipletests(rows.loc[known, "p"], method="holm")[1], atol=1e-12)
        assert np.isnan(adjusted[rows.index.difference(known)]).all(), family


@pytest.mark.parametrize(
    "arms, z, p, lower, upper",
    [
        ((300, 3000, 26, 333), 1.278, 0.201, -1.35, 4.86),
        ((200, 5000, 17, 556), None, 0.277, -0.91, 2.22),
        ((140, 2000, 9, 222), None, 0.096, -0.68, 5.20),
    ],
)
def test_the_campaigns_of_the_documents_are_inconclusive(macros, arms, z, p, lower, upper):
    columns = {"z": macros.two_proportion_z(*ARMS), "p": macros.normal_p(macros.two_proportion_z(*ARMS))}
    columns |= {side: macros.newcombe_bound(*ARMS, Z_ALPHA, side) for side in ("lower", "upper")}
    (row,) = computed(columns, pd.DataFrame([arms], columns=ARMS)).itertuples()
    assert z is None or round(row.z, 3) == z
    assert (round(row.p, 3), round(100 * row.lower, 2), round(100 * row.upper, 2)) == (p, lower, upper)


def test_sizes_and_split_are_those_of_the_requirements(macros):
    sizes = pd.DataFrame({"before": [0.04, 0.07, 0.10], "after": [0.05, 0.08, 0.12]})
    found = computed({"n": macros.required_per_arm("after", "before", Z_ALPHA, Z_POWER)}, sizes)
    assert found["n"].tolist() == [6745, 10890, 3841]
    chi_square = macros.sample_ratio_chi_square("n_1", "n_2", "1e-1")
    split = pd.DataFrame({"n_1": [8900], "n_2": [1100]})
    (row,) = computed({"chi_square": chi_square, "p": macros.chi_square_p(chi_square)}, split).itertuples()
    assert (round(row.chi_square, 2), round(row.p, 5)) == (11.11, 0.00086)
    wilson = pd.DataFrame({"x": [140, 200, 300], "n": [2000, 5000, 3000]})
    found = computed({side: macros.wilson_bound("x", "n", Z_ALPHA, side) for side in ("lower", "upper")}, wilson)
    assert (found * 100).round(2).to_numpy().tolist() == [[5.96, 8.20], [3.49, 4.58], [8.98, 11.13]]


def test_what_is_detectable_is_what_the_required_number_detects(macros):
    """At the required number the detectable difference is the one asked for, but for how the formulas differ."""
    found = computed(
        {"mde": macros.detectable_difference("4.5e-2", "n", "n", Z_ALPHA, Z_POWER)}, pd.DataFrame({"n": [6745]})
    )
    assert found["mde"][0] == pytest.approx(0.01, rel=1e-3)
    nothing = computed({"mde": macros.detectable_difference("0", "n", "n", Z_ALPHA, Z_POWER)}, pd.DataFrame({"n": [9]}))
    assert nothing["mde"].isna().all()
    equal = {"n": macros.required_per_arm("4e-2", "4e-2", Z_ALPHA, Z_POWER)}
    assert computed(equal, pd.DataFrame({"n": [9]}))["n"].isna().all()


def test_amounts_need_as_many_as_the_power_formula_says(macros):
    found = computed(
        {"n": macros.required_per_arm_of_amounts("difference", "9e0", "16e0", Z_ALPHA, Z_POWER)},
        pd.DataFrame({"difference": [0.5, -0.5, 0.0]}),
    )
    # (1.959964 + 0.841621)² · 25 / 0.25 = 784.89
    assert found["n"][:2].tolist() == [785, 785] and pd.isna(found["n"][2])
