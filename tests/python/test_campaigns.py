"""Campaigns of the demo bank: the readout against staged rows and scipy, what was planted, calibration, pages."""

import datetime
import re

import duckdb
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from typer.testing import CliRunner

from banktags.campaign import charts, words
from banktags.campaign.calibration import calibrate, compiled_models
from banktags.campaign.figures import Campaign, campaign_ids, read_campaign
from banktags.cli import app
from banktags.contract import PROJECT_ROOT

#: What counts as a conversion, written out by hand, and the customers of each campaign by golden id.
CONVERSIONS = {
    "CAMP-PRIVATE-FUND": """
        select customer_id, order_date as day, amount from staging.stg_wealth__orders
        where product_id = 'WP04' and order_type in ('PURCHASE', 'SIP') and status = 'CONFIRMED'
    """,
    "CAMP-DEPOSIT-RATE": """
        select customer_id, opened_date as day, balance as amount
        from staging.stg_core__accounts
        inner join staging.stg_core__account_balances using (account_id)
        where product_id = 'TD03' and balance_date = opened_date
    """,
    "CAMP-INSTALMENT": """
        select customer_id, transaction_date as day, amount
        from staging.stg_card__card_transactions
        inner join staging.stg_card__cards using (card_id)
        where instalments > 1 and transaction_type = 'PURCHASE' and card_type = 'CREDIT'
    """,
    "CAMP-RECALL": """
        select customer_id, order_date as day, amount from staging.stg_wealth__orders
        where product_id = 'WP01' and order_type in ('PURCHASE', 'SIP') and status = 'CONFIRMED'
    """,
}
GOLDEN = "select source_key as core, customer_id from intermediate.int_customer__identity where source_system = 'core'"
HORIZONS = (7, 30, 90)


@pytest.fixture(scope="module")
def read(demo_warehouse):
    def run(sql: str) -> pd.DataFrame:
        with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
            return connection.sql(sql).df()

    return run


@pytest.fixture(scope="module")
def readout(read) -> pd.DataFrame:
    return read("select * from marketing.campaign_readout")


def members(read, campaign: str) -> pd.DataFrame:
    """Golden customers by arm, those in both arms left out."""
    rows = read(
        f"select customer_id as core, arm, assigned_date from staging.stg_marketing__assignments "
        f"where campaign_id = '{campaign}'"
    ).merge(read(GOLDEN), on="core")
    arms = rows.groupby("customer_id").agg(arm=("arm", "first"), arms=("arm", "nunique"), day=("assigned_date", "min"))
    return arms[arms["arms"] == 1]


def of_all(readout: pd.DataFrame, campaign: str, horizon: int) -> pd.DataFrame:
    """All metrics of a campaign over all its customers."""
    return readout.query(f"campaign_id == '{campaign}' and horizon_days == {horizon} and group_value == 'all'")


@pytest.mark.parametrize("campaign", CONVERSIONS)
def test_conversions_agree_with_the_staged_rows(campaign, read, readout):
    people = members(read, campaign)
    events = read(CONVERSIONS[campaign]).rename(columns={"customer_id": "core"}).merge(read(GOLDEN), on="core")
    events = events.join(people.rename(columns={"day": "assigned"}), on="customer_id", how="inner")
    elapsed = (pd.to_datetime(events["day"]) - pd.to_datetime(events["assigned"])).dt.days
    for horizon in HORIZONS:
        inside = events[(elapsed >= 0) & (elapsed <= horizon)]
        days = inside.groupby("customer_id")["day"].nunique().reindex(people.index, fill_value=0)
        amounts = inside.groupby("customer_id")["amount"].sum().reindex(people.index, fill_value=0).astype(float)
        rows = of_all(readout, campaign, horizon).set_index("metric")
        if not rows["is_observed"].all():
            assert rows["verdict"].unique().tolist() == ["pending"] and rows["effect"].isna().all()
            continue
        for arm, side in (("TREATMENT", "treatment"), ("CONTROL", "control")):
            mine = people.index[people["arm"] == arm]
            assert rows[f"{side}_customers"].unique().tolist() == [len(mine)]
            assert rows.loc["conversion", f"{side}_outcome"] == (days[mine] > 0).sum()
            assert rows.loc["repurchase", f"{side}_outcome"] == (days[mine] > 1).sum()
            assert float(rows.loc["amount_bought", f"{side}_outcome"]) == pytest.approx(amounts[mine].sum())


def test_proportions_and_amounts_agree_with_scipy(read, readout):
    outcomes = read("select * from intermediate.int_campaign__outcomes")
    columns = {"conversion": "has_converted", "activity": "is_active", "active_days": "active_days"}
    columns |= {name: name for name in ("aum_change", "margin", "margin_long")}
    checked = 0
    for (campaign, horizon), rows in outcomes.groupby(["campaign_id", "horizon_days"]):
        arms = [rows[rows["arm"] == arm] for arm in ("TREATMENT", "CONTROL")]
        for metric, column in columns.items():
            (found,) = of_all(readout, campaign, horizon).query(f"metric == '{metric}'").itertuples()
            first, second = (arm[column].astype(float) for arm in arms)
            if found.metric_kind == "proportion":
                counts = first.sum(), len(first), second.sum(), len(second)
                interval = confint_proportions_2indep(*counts, method="newcomb")
                assert (found.effect_lower, found.effect_upper) == pytest.approx(interval, abs=1e-9)
                if 0 < counts[0] + counts[2] < len(rows):
                    assert found.p_value == pytest.approx(proportions_ztest(counts[::2], counts[1::2])[1], abs=1e-9)
                    checked += 1
            elif first.var() + second.var() > 0:
                welch = stats.ttest_ind(first, second, equal_var=False)
                bounds = welch.confidence_interval()
                assert found.effect == pytest.approx(first.mean() - second.mean())
                # Fewer than three degrees of freedom are read out too, and to fewer digits.
                assert found.p_value == pytest.approx(welch.pvalue, abs=1e-9 if welch.df > 3 else 1e-4)
                if welch.df > 5:
                    assert (found.effect_lower, found.effect_upper) == pytest.approx(bounds, rel=1e-6)
                checked += 1
    assert checked >= 12


#: Kept by hand from the seeds: margin a year, fee once, share kept a year, years at most; discount of 3 %.
VALUES = {
    "CAMP-PRIVATE-FUND": (0.008, 0.0, 0.8, 5),
    "CAMP-DEPOSIT-RATE": (0.009, 0.0, 1.0, 5),
    "CAMP-INSTALMENT": (0.0, 0.0045, 0.0, 1),
    "CAMP-RECALL": (0.008, 0.0, 0.8, 5),
}


def worth(amount: float, days: float, margin: float, fee: float, kept: float, years: int) -> tuple[float, float]:
    """Margin of the first year and of the whole term, year by year."""
    parts = [min(365, days - 365 * year) / 365 for year in range(years) if days > 365 * year]
    whole = sum(part * (kept / 1.03) ** year for year, part in enumerate(parts))
    return amount * (fee + margin * parts[0]), amount * (fee + margin * whole)


@pytest.mark.parametrize("campaign", VALUES)
def test_a_sale_earns_for_its_own_term(campaign, read):
    """Each conversion valued by hand: a deposit or bond to its end, an interest-free instalment by its fee alone."""
    terms = read("select product_id, term_days from staging.stg_core__products").set_index("product_id")["term_days"]
    (product,) = read(f"select product_id from staging.stg_marketing__campaigns where campaign_id = '{campaign}'").loc[
        0
    ]
    days = terms[product] if pd.notna(terms[product]) else 365 * VALUES[campaign][3]
    conversions = read(f"select * from intermediate.int_campaign__conversions where campaign_id = '{campaign}'")
    assert len(conversions) or campaign == "CAMP-RECALL"
    for row in conversions.itertuples():
        first, whole = worth(float(row.amount), float(days), *VALUES[campaign])
        if campaign == "CAMP-INSTALMENT":
            first = whole = float(row.amount) * 0.0045
        assert (float(row.margin), float(row.margin_long)) == pytest.approx((first, whole), abs=0.0051)
        assert row.margin_long >= row.margin


def test_active_days_agree_with_the_staged_rows(read):
    postings = read(
        "select customer_id, transaction_date as day from intermediate.int_transactions__customer "
        "where initiator = 'customer'"
    )
    logins = read("select customer_id as core, event_date as day from staging.stg_digital__app_events "
                  "where event_type = 'login'").merge(read(GOLDEN), on="core")  # fmt: skip
    days = pd.concat([postings, logins[["customer_id", "day"]]]).drop_duplicates()
    outcomes = read("select * from intermediate.int_campaign__outcomes where horizon_days = 30")
    assigned = read("select campaign_id, customer_id, assigned_date from intermediate.int_campaign__members")
    outcomes = outcomes.merge(assigned, on=["campaign_id", "customer_id"])
    both = outcomes[["campaign_id", "customer_id", "assigned_date"]].merge(days, on="customer_id")
    elapsed = (pd.to_datetime(both["day"]) - pd.to_datetime(both["assigned_date"])).dt.days
    counted = both[elapsed.between(0, 30)].groupby(["campaign_id", "customer_id"]).size()
    keys = pd.MultiIndex.from_frame(outcomes[["campaign_id", "customer_id"]])
    assert outcomes["active_days"].tolist() == counted.reindex(keys, fill_value=0).tolist()
    assert (outcomes["is_active"] == (outcomes["active_days"] > 0)).all()


def test_what_is_credited_is_read_out(read):
    """One day rule: of the treated, who is credited within a horizon has converted within it, on the first day too."""
    credited = read("""
        select
            credits.campaign_id, credits.customer_id, horizons.horizon_days, members.assigned_date, credits.event_date
        from intermediate.int_campaign__attributions as credits
        inner join intermediate.int_campaign__members as members using (campaign_id, customer_id)
        inner join intermediate.int_campaign__horizons as horizons using (campaign_id)
        where members.arm = 'TREATMENT' and horizons.is_observed
    """)
    elapsed = (pd.to_datetime(credited["event_date"]) - pd.to_datetime(credited["assigned_date"])).dt.days
    credited = credited[elapsed.between(0, credited["horizon_days"])]
    converted = read("select campaign_id, customer_id, horizon_days, has_converted "
                     "from intermediate.int_campaign__outcomes")  # fmt: skip
    assert (
        len(credited)
        and credited.merge(converted, on=["campaign_id", "customer_id", "horizon_days"])["has_converted"].all()
    )


def test_the_sensitivity_leaves_out_the_contaminated(read, readout):
    """Controls written to or treated elsewhere, found in the staged rows; the effect without them by statsmodels."""
    contaminated = read("select campaign_id, customer_id from intermediate.int_campaign__contamination")
    outcomes = read("select * from intermediate.int_campaign__outcomes where horizon_days = 30")
    sent = read("select distinct campaign_id, customer_id as core, touch_date from staging.stg_marketing__touches "
                "where touch_status = 'sent'").merge(read(GOLDEN), on="core")  # fmt: skip
    checked = 0
    for campaign, rows in outcomes.groupby("campaign_id"):
        controls = rows[rows["arm"] == "CONTROL"]
        own = set(sent.loc[sent["campaign_id"] == campaign, "customer_id"]) & set(controls["customer_id"])
        (found,) = of_all(readout, campaign, 30).query("metric == 'conversion'").itertuples()
        assert found.contaminated_controls == len(own)
        out = set(contaminated.loc[contaminated["campaign_id"] == campaign, "customer_id"])
        assert own <= out and len(out) <= len(own) + found.cross_treated_controls
        treated, clean = rows[rows["arm"] == "TREATMENT"], controls[~controls["customer_id"].isin(out)]
        counts = treated["has_converted"].sum(), len(treated), clean["has_converted"].sum(), len(clean)
        checked += len(out)
        if not (len(treated) and len(clean)):
            # Without an untouched control there is nothing to compare with, and no effect is told.
            assert pd.isna(found.sensitivity_effect)
            continue
        assert found.sensitivity_effect == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])
        interval = confint_proportions_2indep(*counts, method="newcomb")
        assert (found.sensitivity_lower, found.sensitivity_upper) == pytest.approx(interval, abs=1e-9)
        (days,) = of_all(readout, campaign, 30).query("metric == 'active_days'").itertuples()
        welch = stats.ttest_ind(treated["active_days"], clean["active_days"], equal_var=False)
        if welch.df > 5:
            bounds = welch.confidence_interval()
            assert (days.sensitivity_lower, days.sensitivity_upper) == pytest.approx(bounds, rel=1e-6)
    assert checked


def test_a_metric_that_cannot_move_says_nothing(readout):
    activity = readout.query("metric == 'activity' and group_value == 'all' and horizon_days == 30")
    full = activity[activity[["treatment_mean", "control_mean"]].min(axis=1) >= 0.95]
    assert len(full) and full["is_saturated"].all()
    assert set(full["reason"]) <= {"saturated", "no_variation", "significant"}


def test_p_values_are_corrected_within_their_campaign(readout):
    for (campaign, is_primary), rows in readout.groupby(["campaign_id", "is_primary"]):
        known = rows[rows["p_value"].notna()]
        assert rows["tests_in_family"].unique().tolist() == [len(known)], (campaign, is_primary)
        if len(known):
            expected = multipletests(known["p_value"], method="holm")[1]
            assert known["p_adjusted"].tolist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_each_campaign_is_decided_by_one_comparison(read, readout):
    primary = readout[readout["is_primary"]]
    assert primary["campaign_id"].is_unique and set(primary["campaign_id"]) == set(readout["campaign_id"])
    windows = read("select campaign_id, conversion_window_days from staging.stg_marketing__campaigns")
    at = dict(zip(primary["campaign_id"], primary["horizon_days"], strict=True))
    assert at == {campaign: days for campaign, days in windows.itertuples(index=False) if campaign in at}


def test_the_planted_conversions_are_found_and_the_planted_effect_covered(read, readout, demo_bank):
    truth = pd.read_parquet(demo_bank / "_truth" / "outcomes.parquet").rename(columns={"customer_id": "core"})
    effects = pd.read_parquet(demo_bank / "_truth" / "treatment_effects.parquet").set_index("campaign_id")
    truth = truth.merge(read(GOLDEN), on="core")
    outcomes = read("select * from intermediate.int_campaign__outcomes where horizon_days = 30")
    for campaign in ("CAMP-PRIVATE-FUND", "CAMP-DEPOSIT-RATE", "CAMP-INSTALMENT"):
        planned = truth[truth["campaign_id"] == campaign]
        converts = planned["converts_if_treated"].where(planned["arm"] == "TREATMENT", planned["converts_if_control"])
        found = outcomes[(outcomes["campaign_id"] == campaign) & outcomes["has_converted"]]
        assert set(planned.loc[converts, "customer_id"]) <= set(found["customer_id"])
        (decision,) = readout[(readout["campaign_id"] == campaign) & readout["is_primary"]].itertuples()
        assert decision.effect_lower <= effects.loc[campaign, "true_effect"] <= decision.effect_upper


def test_no_group_under_the_least_size_is_shown(read, readout):
    small = readout[readout["treatment_customers"] + readout["control_customers"] < 20]
    assert len(small) and small[["effect", "treatment_outcome", "control_outcome"]].isna().all(axis=None)
    tags = read("select treatment_customers + control_customers as customers from marketing.campaign_tag_effect")
    assert (tags["customers"] >= 20).all()
    funnel = read("select customers, base_customers from marketing.campaign_funnel")
    assert not (funnel["base_customers"] < 20).any()


def test_the_readout_is_right_as_often_as_it_says(demo_warehouse, parsed_project):
    models = compiled_models(datetime.date(2026, 6, 30), parsed_project)
    found = calibrate(demo_warehouse.database, models, campaigns=120, seed=1)
    assert (found.campaigns, found.null_campaigns) == (120, 60)
    assert found.coverage >= 0.93
    assert found.null_win_rate <= 0.06


def test_a_forest_has_one_scale_that_holds_nothing_and_all():
    rows = [
        {"effect": 0.02, "effect_lower": 0.01, "effect_upper": 0.03},
        {"effect": None, "effect_lower": None, "effect_upper": None},
        {"effect": -0.01, "effect_lower": -0.03, "effect_upper": 0.01},
    ]
    forest = charts.forest(rows)
    first, unknown, last = forest.marks
    assert (unknown.left, unknown.width, unknown.point) == (None, None, None)
    assert forest.zero == pytest.approx(50)
    assert first.left - forest.zero == pytest.approx(forest.zero - (last.left + last.width) + 2 * first.width / 2)
    assert all(mark.left > 0 and mark.left + mark.width < 100 for mark in (first, last))


DECISION = {
    "verdict": "win", "reason": "significant", "is_primary": True, "is_saturated": False,
    "metric": "conversion", "metric_name_zh": "转化", "metric_kind": "proportion", "tier_name_zh": "大众",
    "treatment_mean": 0.1236, "control_mean": 0.0822,
    "effect": 0.0414, "effect_lower": 0.0145, "effect_upper": 0.0648,
    "alpha": 0.05, "confidence_level": 0.95, "power": 0.8,
    "planned_control_share": 0.2, "drawn_control_share": None, "treatment_customers": 50, "control_customers": 50,
    "contaminated_controls": 0, "cross_treated_controls": 0,
    "sensitivity_effect": 0.05, "sensitivity_lower": 0.02, "sensitivity_upper": 0.08,
    "observed_on": datetime.date(2026, 7, 1), "minimum_detectable_effect": 0.0397, "required_per_arm": 900,
}  # fmt: skip
RETURN = {
    "treatment_customers": 50, "attributed_customers": 12, "incremental_customers": 5.0,
    "incremental_customers_lower": 1.0, "incremental_customers_upper": 9.0, "conversion_verdict": "win",
    "margin_verdict": "win", "confidence_level": 0.95, "cost_amount": 100.0,
    "roi_short": 1.2, "roi_short_lower": 0.1, "roi_short_upper": 2.3, "roi_ltv": 1.4,
}  # fmt: skip
#: Every reason with the verdicts that it can have.
VERDICTS_BY_REASON = {
    "significant": ("win", "loss"),
    "not_significant": ("inconclusive",),
    "not_after_correction": ("inconclusive",),
    "saturated": ("inconclusive",),
    "no_variation": ("inconclusive",),
    "no_control": ("invalid",),
    "sample_ratio_mismatch": ("invalid",),
    "not_yet_observed": ("pending",),
    "group_too_small": ("suppressed",),
}
CASES = [(verdict, reason) for reason, verdicts in VERDICTS_BY_REASON.items() for verdict in verdicts]
#: What only a difference beyond chance can say.
FACTS = ("不做活动也会买", "真正增加", "反而少了", "超出偶然。", "多于归因", "效果校正后仍显著")
LEVEL = re.compile(r"\d+(?:\.\d+)?%区间|(?<=\()\d+(?:\.\d+)?% interval")


def told(decision: dict, **returned) -> words.Campaign:
    """A campaign whose whole is one comparison, with its return."""
    decision = DECISION | decision
    window = RETURN | {"confidence_level": decision["confidence_level"]} | returned
    return Campaign({}, [decision | {"horizon_days": 30, "group_dimension": group} for group in ("all", "tier")],
                    [], [window | {"is_conversion_window": True}], [], [], [])  # fmt: skip


@pytest.mark.parametrize(
    "reason, verdict, words_in_it",
    [
        ("significant", "win", "有效：触达组转化率12.36%，对照组8.22%，相差+4.14个百分点"),
        ("no_control", "invalid", "不可信：没有对照组"),
        ("sample_ratio_mismatch", "invalid", "不可信：对照组计划占20.0%，实际占50.0%"),
        ("not_yet_observed", "pending", "观察中：观察期到2026-07-01才满"),
        ("not_significant", "inconclusive", "只看得出3.97个百分点以上的差异"),
        ("no_variation", "inconclusive", "没有可比较的"),
        ("saturated", "inconclusive", "这个指标看不出活动有没有作用"),
        ("group_too_small", "suppressed", "参与客户太少"),
    ],
)
def test_a_verdict_is_one_sentence(reason, verdict, words_in_it):
    chinese, english = words.headline(told({"verdict": verdict, "reason": reason}))
    assert words_in_it in chinese and english.endswith(".")


def test_a_split_is_told_by_what_was_drawn():
    broken = {"verdict": "invalid", "reason": "sample_ratio_mismatch", "drawn_control_share": 0.3}
    chinese, english = words.headline(told(broken))
    assert "对照组抽取时占30.0%，实际占50.0%" in chinese and "30.0% controls drawn" in english


@pytest.mark.parametrize("better_kind", [("proportion", "conversion"), ("amount", "active_days")])
@pytest.mark.parametrize(("verdict", "reason"), CASES)
def test_every_sentence_depends_on_the_verdict(verdict, reason, better_kind):
    """Of a campaign that proves nothing, nothing is told as what it did, or as what would have been without it."""
    kind, metric = better_kind
    valid = verdict in ("win", "loss", "inconclusive")
    sides = {"incremental_customers": None, "roi_short": None} if not valid else {}
    if verdict == "loss":
        sides = {"incremental_customers": -5.0}
    if verdict == "inconclusive":
        sides = {"roi_short_lower": -0.4}
    campaign = told(
        {
            "verdict": verdict, "reason": reason, "metric_kind": kind, "metric": metric,
            "cross_treated_controls": 3, "is_saturated": reason == "saturated",
        },
        conversion_verdict=verdict if valid else None, margin_verdict=verdict if valid else None, **sides,
    )  # fmt: skip
    sentences = [*words.headline(campaign), *(sentence for _, sentence in words.findings(campaign))]
    said = " ".join(sentences)
    assert "None" not in said and "nan" not in said
    if verdict not in words.PROVEN:
        assert [fact for fact in FACTS if fact in said] == []
        assert "短期ROI +120%" not in said
    if verdict == "inconclusive":
        assert "凭现有数据判断不了" in said and "还不能说是赚是亏" in said
    if verdict == "win":
        assert "不做活动也会买" in said and "短期ROI +120%" in said
    if verdict == "loss":
        assert "反而少了约5位" in said and "不做活动也会买" not in said and "损害" in said
    assert ("剔除他们后" in said) == valid
    assert ("都已到头" in said) == (reason == "saturated")


def test_what_is_told_of_conversions_goes_by_their_own_verdict():
    """A campaign that won by another metric has not thereby caused conversions, nor margin."""
    unknown = {"conversion_verdict": "inconclusive", "margin_verdict": "inconclusive", "roi_short_lower": -0.2}
    campaign = told({"metric": "churn"}, **unknown)
    said = " ".join(sentence for _, sentence in words.findings(campaign))
    assert "没有超出偶然" in said and "真正增加" not in said and "短期ROI +120%" not in said


@pytest.mark.parametrize(
    ("lower", "upper", "verdict", "told_of_it"),
    [
        (0.1, 2.3, "win", "按区间下限也赚"),
        (-0.1, 2.3, "win", "还不能说是赚是亏"),
        (-0.9, -0.3, "inconclusive", "按区间上限也亏"),
        (-0.1, 0.3, "inconclusive", "还不能说是赚是亏"),
        (None, None, "inconclusive", "两组的毛利没有差别"),
    ],
)
def test_a_return_is_told_by_its_own_interval(lower, upper, verdict, told_of_it):
    """More margin beyond chance may still not pay, and margin that chance explains may surely not."""
    campaign = told({}, roi_short_lower=lower, roi_short_upper=upper, margin_verdict=verdict)
    (sentence,) = (said for topic, said in words.findings(campaign) if topic == "花了多少")
    assert told_of_it in sentence and ("还不能说" in sentence) == (told_of_it == "还不能说是赚是亏")


@pytest.mark.parametrize(("alpha", "level"), [(0.05, "95%"), (0.1, "90%"), (0.01, "99%"), (0.001, "99.9%")])
def test_every_sentence_names_the_level_of_the_policy(alpha, level):
    for verdict, reason in CASES:
        row = {"verdict": verdict, "reason": reason, "alpha": alpha, "confidence_level": 1 - alpha, "power": 0.9}
        campaign = told(row | {"contaminated_controls": 1}, conversion_verdict=verdict, margin_verdict=verdict)
        said = " ".join([*words.headline(campaign), *(sentence for _, sentence in words.findings(campaign))])
        named = set(LEVEL.findall(said))
        assert named <= {f"{level}区间", f"{level} interval"}, (verdict, reason)
    assert words.judged_by(DECISION | row) == f"双侧{words._level(alpha)}，功效90%"


def test_no_page_or_sentence_types_a_level():
    """Neither the words nor the pages: what they name is read."""
    for file in (PROJECT_ROOT / "banktags" / "campaign").iterdir():
        if file.suffix in (".html", ".py") and file.name != "calibration.py":
            text = re.sub(r'"""[^"]*"""', "", file.read_text(encoding="utf-8"))
            assert not re.search(r"(9\d(\.\d+)?|80) ?%(?! ?\{)|双侧\d", text), file.name


# Command and pages


def test_a_warehouse_without_campaigns_says_what_to_do():
    with duckdb.connect() as warehouse, pytest.raises(LookupError, match=r"campaign_readout.*dbt build"):
        campaign_ids(warehouse)


def test_a_campaign_that_is_not_there_is_refused_with_those_that_are(demo_warehouse):
    environment = {"BANK_TAGS_DB": str(demo_warehouse.database)}
    result = CliRunner().invoke(app, ["campaign", "report", "CAMP-NONE"], env=environment)
    assert result.exit_code == 2
    assert "CAMP-NONE is not read out" in result.output and "CAMP-RECALL" in result.output


@pytest.fixture(scope="module")
def pages(demo_warehouse, tmp_path_factory):
    out = tmp_path_factory.mktemp("campaigns")
    environment = {"BANK_TAGS_DB": str(demo_warehouse.database)}
    result = CliRunner().invoke(app, ["campaign", "report", "--out", str(out)], env=environment)
    assert result.exit_code == 0, result.output
    return out


def test_the_pages_need_nothing_and_name_nobody(pages, read):
    customers = set(read("select customer_id from intermediate.int_customer__spine")["customer_id"])
    names = [path.name for path in pages.iterdir()]
    assert {"index.html", "CAMP-INSTALMENT.html"} <= set(names)
    for path in pages.iterdir():
        html = path.read_text(encoding="utf-8")
        assert "://" not in html.replace("http://www.w3.org/2000/svg", "") and "<script" not in html
        assert not customers & set(re.findall(r"[\w:-]+", html))


@pytest.mark.parametrize("width", [1440, 390])
def test_a_browser_shows_the_figures_of_the_readout(browser, pages, demo_warehouse, width):
    by = pytest.importorskip("selenium.webdriver.common.by").By
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as warehouse:
        campaign, known = read_campaign(warehouse, "CAMP-INSTALMENT"), campaign_ids(warehouse)
    for page in ("CAMP-INSTALMENT", "index"):
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get((pages / f"{page}.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert len(browser.find_elements(by.CSS_SELECTOR, "tr[data-campaign]")) == len(known) + 1  # and the total
    browser.get((pages / "CAMP-INSTALMENT.html").as_uri())
    figure = {
        name: browser.find_element(by.CSS_SELECTOR, f"[data-figure={name}]").text for name in ("verdict", "control")
    }
    decision = campaign.decision
    assert figure == {
        "verdict": words.VERDICTS[decision["verdict"]][0],
        "control": f"{decision['control_customers']:,}",
    }
    for step in campaign.steps("arm", "TREATMENT"):
        (shown,) = browser.find_elements(by.CSS_SELECTOR, f"#funnel [data-step={step['step']}] b")
        assert shown.text == f"{step['customers']:,}"
    for row in campaign.whole:
        (shown,) = browser.find_elements(by.CSS_SELECTOR, f"#metrics tr[data-metric={row['metric']}]")
        assert words.interval(row) in shown.text and words.VERDICTS[row["verdict"]][0] in shown.text
    marks = browser.find_elements(by.CSS_SELECTOR, "#effect .forest-row .track")
    for track in marks:
        for mark in track.find_elements(by.CSS_SELECTOR, "i, b"):
            assert track.rect["x"] - 7 <= mark.rect["x"]
            assert mark.rect["x"] + mark.rect["width"] <= track.rect["x"] + track.rect["width"] + 7
