"""Rule tags against rules written out by hand: SQL and pandas over the fact tags, every threshold typed again."""

import csv
import re
from collections import defaultdict
from itertools import pairwise

import duckdb
import pandas as pd
import pytest

from banktags.catalogue import tag_entries
from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file

RULES = PROJECT_ROOT / "models" / "tags" / "rule"

FACTS = """
    tags.fact_tags__demographics
    inner join tags.fact_tags__aum using (customer_id, as_of_date)
    inner join tags.fact_tags__products using (customer_id, as_of_date)
    inner join tags.fact_tags__value using (customer_id, as_of_date)
    inner join tags.fact_tags__transactions using (customer_id, as_of_date)
    inner join tags.fact_tags__digital using (customer_id, as_of_date)
    inner join tags.fact_tags__consumption using (customer_id, as_of_date)
    inner join tags.fact_tags__credit using (customer_id, as_of_date)
    inner join tags.fact_tags__suitability using (customer_id, as_of_date)
    inner join tags.fact_tags__social using (customer_id, as_of_date)
    inner join tags.fact_tags__service using (customer_id, as_of_date)
    inner join segments.segment__pyramid using (customer_id, as_of_date)
"""

# To whom nothing may be offered: by what core says of their customer numbers, and no tag.
CLOSED_TO_OFFERS = """(relationship_status = 'closed' or exists (
    select 1 from staging.stg_core__customers as numbers
    inner join intermediate.int_customer__identity as i
        on i.source_system = 'core' and i.source_key = numbers.customer_id
    where i.customer_id = fact_tags__demographics.customer_id
        and (numbers.deceased_date <= as_of_date or numbers.is_frozen_by_order)))"""

# What the documents say, for today's customers; of anybody else the tag says nothing.
OF_CUSTOMERS = {
    ("value", "customer_value_level"): "if(aum_month_avg >= 500000, 'high_net_worth', 'ordinary')",
    ("value", "asset_level"): """'A' || (1 + list_aggregate(list_transform([10000, 50000, 200000, 500000, 1000000],
        lambda bound: (aum_month_avg + custody_securities_spot >= bound)::int), 'sum'))""",
    ("value", "is_single_product_private_banking"): "aum_month_avg >= 8000000 and product_category_count = 1",
    ("value", "has_large_maturity_ahead"): """time_deposit_next_maturity_date is not null
        and time_deposit_next_maturity_date - as_of_date <= 30 and time_deposit_next_maturity_amount >= 50000""",
    ("activity", "app_login_activity_7d"): "if(app_login_count_7d > 0, 'active', 'silent')",
    ("activity", "transaction_activity_level"): """case when activity_last_date > as_of_date - 30 then 'active'
        when activity_last_date > as_of_date - 90 then 'ordinary' else 'silent' end""",
    ("activity", "is_frequent_transactor_90d"): "transaction_count_90d >= 20",
    ("activity", "is_dormant_customer"): """tenure_days >= 365
        and (activity_last_date is null or activity_last_date <= as_of_date - 365)""",
    ("scenarios", "is_high_net_worth_wealth_target"): """aum_month_avg >= 1000000
        and coalesce(activity_last_date > as_of_date - 30, false)""",
    ("scenarios", "is_cross_sell_target"): """product_category_count >= 3
        and coalesce(activity_last_date > as_of_date - 30, false)""",
    ("scenarios", "is_wealth_promotion_target"): "aum_month_avg >= 300000 and transaction_count_90d >= 20",
    ("scenarios", "has_no_wealth_purchase_90d"): "wealth_purchase_count_90d = 0",
    ("groups", "is_private_banking_customer"): "aum_month_avg >= 8000000",
    ("groups", "is_payroll_customer"): "salary_count_90d >= 2",
    ("groups", "is_active_credit_card_customer"): "is_credit_card_holder and card_purchase_count_90d > 0",
    ("needs", "has_unmet_wealth_interest"): "wealth_page_view_count_30d >= 2 and wealth_purchase_count_90d = 0",
}

# Themes whose tags are offers: of whom nothing may be offered they say nothing.
OFFERS = ("scenarios", "needs")

# Rules that hold of others too: of prospects, or of former customers who still owe.
OF_ALL = {
    ("groups", "is_silver_customer"): "if(relationship_status <> 'closed', age_years >= 60, null)",
    ("groups", "is_middle_class_customer"): """if(relationship_status <> 'closed',
        annual_income_amount between 100000 and 500000, null)""",
    ("groups", "is_white_collar_customer"): """if(relationship_status <> 'closed',
        occupation in ('official', 'professional', 'office_staff') and age_years between 22 and 50, null)""",
    ("scenarios", "is_new_card_target"): f"""if(not {CLOSED_TO_OFFERS}, age_years between 18 and 25
        and occupation not in ('retired', 'homemaker', 'other')
        and (relationship_status = 'prospect' or not is_credit_card_holder), null)""",
    (
        "credit",
        "customer_risk_class",
    ): """(array['normal', 'special_mention', 'substandard', 'doubtful', 'loss'])[greatest(
        case loan_risk_class_worst when 'normal' then 1 when 'special_mention' then 2 when 'substandard' then 3
            when 'doubtful' then 4 when 'loss' then 5 end,
        case card_risk_class_worst when 'normal' then 1 when 'special_mention' then 2 when 'substandard' then 3
            when 'doubtful' then 4 when 'loss' then 5 end)]""",
    ("credit", "is_currently_overdue"): """if(relationship_status <> 'prospect',
        coalesce(loan_days_past_due_max, 0) + coalesce(card_days_past_due_max, 0) > 0, null)""",
    ("credit", "credit_level"): """case
        when loan_risk_class_worst in ('substandard', 'doubtful', 'loss') or has_written_off_loan then 'poor'
        when card_risk_class_worst in ('substandard', 'doubtful', 'loss') or bureau_credit_score < 620 then 'poor'
        when 'special_mention' in (loan_risk_class_worst, card_risk_class_worst) then 'fair'
        when bureau_credit_score between 620 and 669 then 'fair'
        when bureau_credit_score between 670 and 719 then 'good'
        when bureau_credit_score >= 720 then 'excellent' end""",
    ("suitability", "suitability_status"): f"""case when {CLOSED_TO_OFFERS} then null
        when risk_assessment_valid_to_date is null then 'missing'
        when risk_assessment_valid_to_date < as_of_date then 'expired'
        when risk_assessment_valid_to_date <= as_of_date + 30 then 'expiring' else 'valid' end""",
    ("suitability", "max_sellable_product_rating"): f"""case when not {CLOSED_TO_OFFERS} then
        if(risk_assessment_valid_to_date >= as_of_date, replace(risk_level, 'C', 'R'), 'R1') end""",
    ("marketing", "is_marketing_contactable"): f"""not {CLOSED_TO_OFFERS} and has_marketing_consent
        is not distinct from true""",
    ("marketing", "nps_category"): """case when relationship_status = 'closed' then null
        when nps_score in (9, 10) then 'promoter' when nps_score in (7, 8) then 'passive'
        when nps_score <= 6 then 'detractor' end""",
}


def of_customers(theme: str, rule: str) -> str:
    """The rule for today's customers, and of those for whom anything may be offered where it is of an offer."""
    judged = "relationship_status = 'active'" + (f" and not {CLOSED_TO_OFFERS}" if theme in OFFERS else "")
    return f"if({judged}, {rule}, null)"


@pytest.mark.parametrize(
    ("theme", "tag", "rule"),
    [
        *((*key, of_customers(key[0], rule)) for key, rule in OF_CUSTOMERS.items()),
        *((*key, rule) for key, rule in OF_ALL.items()),
    ],
)
def test_tag_agrees_with_the_rule_written_out(demo_warehouse, theme, tag, rule):
    query = f"select customer_id, {tag}, {rule} as expected from {FACTS} \
        inner join tags.rule_tags__{theme} using (customer_id, as_of_date) where {tag} is distinct from ({rule})"
    assert demo_warehouse.rows(query) == []


# Items in the order of the tie rule, with the fact tags that speak for them: held, bought, viewed.
INVESTMENTS = {
    "wealth_product": ("aum_wealth_spot", "wealth_purchase_count_90d", "wealth_page_view_count_30d"),
    "fund": ("aum_fund_spot", "fund_purchase_count_90d", "fund_page_view_count_30d"),
    "insurance": ("aum_insurance_spot", None, "insurance_page_view_count_30d"),
    "precious_metal": ("aum_metal_spot", None, None),
    "trust": ("aum_trust_spot", None, None),
    "structured_deposit": ("aum_structured_spot", None, None),
}
SIGNAL_WEIGHTS = (0.6, 0.25, 0.15)
SPENDING_WEIGHTS = {
    "travel": 1.0,
    "dining": 0.8,
    "fitness": 2.0,
    "cinema": 2.0,
    "karaoke": 2.0,
    "beauty": 1.5,
    "child": 1.0,
    "education": 0.5,
    "luxury": 0.5,
    "car": 0.5,
    "grocery": 0.4,
    "health": 0.4,
}


def ranked(scores: dict[str, float], least_share: float) -> list[tuple[str, float]]:
    """Items with at least that share of all scores, the highest first; of equals the one named first."""
    whole = sum(scores.values())
    shares = [(item, round(score / whole, 6)) for item, score in scores.items() if score > 0]
    return sorted((pair for pair in shares if pair[1] >= least_share), key=lambda pair: -pair[1])


def preferences_of(customer: pd.Series) -> dict[str, object]:
    """The preferences of one customer, from their fact tags."""
    counts = {name: customer[f"{name}_transaction_count_90d"] for name in ("digital", "counter", "atm")}
    channels = {"digital": counts["digital"], "counter": 2 * counts["counter"], "atm": counts["atm"]}
    channel = ranked(channels, 0.4) if sum(counts.values()) >= 3 else []

    investments: dict[str, float] = defaultdict(float)
    for signal, weight in enumerate(SIGNAL_WEIGHTS):
        seen = {item: max(customer[tags[signal]], 0) for item, tags in INVESTMENTS.items() if tags[signal]}
        for item, measure in seen.items():
            investments[item] += weight * measure / sum(seen.values()) if measure else 0
    held = ("wealth_product", "fund", "insurance", "precious_metal", "trust", "structured_deposit")
    evidence = sum(customer[f"has_{item}"] for item in held) + customer["investment_purchase_count_90d"]
    investment = ranked({item: investments[item] for item in INVESTMENTS}, 0.3) if evidence >= 1 else []

    spent = {item: max(customer[f"{item}_spending_amount_90d"], 0) for item in SPENDING_WEIGHTS}
    weighted = {item: SPENDING_WEIGHTS[item] * amount for item, amount in spent.items()}
    spending = ranked(weighted, 0.1) if customer["card_purchase_count_90d"] >= 3 else []

    def item(choices: list[tuple[str, float]], place: int) -> str | None:
        return choices[place][0] if len(choices) > place else None

    return {
        "preferred_channel_90d": item(channel, 0),
        "preferred_channel_share_90d": channel[0][1] if channel else None,
        "preferred_wealth_type": item(investment, 0),
        "preferred_wealth_type_share": investment[0][1] if investment else None,
        "second_wealth_type": item(investment, 1),
        "preferred_consumption_90d": item(spending, 0),
        "preferred_consumption_share_90d": spending[0][1] if spending else None,
        "second_consumption_90d": item(spending, 1),
        "third_consumption_90d": item(spending, 2),
    }


def test_preferences_agree_with_shares_worked_out_by_customer(demo_warehouse):
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
        facts = connection.sql(f"select * from {FACTS} where relationship_status = 'active'").df()
        tags = connection.sql("select * from tags.rule_tags__preferences").df().set_index("customer_id")

    preferred = pd.DataFrame([preferences_of(customer) for _, customer in facts.iterrows()], index=facts["customer_id"])
    actual = tags.loc[preferred.index, preferred.columns]
    for code in preferred:
        shares = code.endswith(("share", "share_90d"))
        same = (preferred[code] - actual[code]).abs() < 2e-6 if shares else preferred[code] == actual[code]
        differing = ~(same | (preferred[code].isna() & actual[code].isna()))
        assert not differing.any(), pd.DataFrame({"expected": preferred[code], "actual": actual[code]})[
            differing
        ].head()
        assert preferred[code].notna().any(), f"no customer of the demo bank has {code}"

    others = tags.loc[tags.index.difference(facts["customer_id"]), list(preferred.columns)]
    assert others.isna().all(axis=None)


def rows_of(seed: str) -> list[dict[str, str]]:
    with (seed_file(seed)).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_threshold_is_read_and_every_threshold_read_exists():
    calls = re.compile(r"threshold\('(\w+)', '(\w+)'\)")
    read = [call for model in RULES.glob("*.sql") for call in calls.findall(model.read_text(encoding="utf-8"))]
    assert set(read) == {(row["rule"], row["parameter"]) for row in rows_of("rule_thresholds")}


def test_every_threshold_belongs_to_a_rule_tag(manifest):
    codes = {entry.code for entry in tag_entries(manifest) if entry.model.startswith("rule_tags__")}
    assert {row["rule"] for row in rows_of("rule_thresholds")} <= codes
    assert len(codes) >= 40


def test_validities_of_a_threshold_never_overlap():
    periods = defaultdict(list)
    for row in rows_of("rule_thresholds"):
        periods[row["rule"], row["parameter"], row["currency"]].append((row["valid_from"], row["valid_to"] or "9999"))
    for threshold, validities in periods.items():
        validities.sort()
        for (_, end), (start, _) in pairwise(validities):
            assert end <= start, f"{threshold} has two rows in force on {start}: end the first there"


def test_a_threshold_has_a_currency_if_and_only_if_it_is_an_amount():
    for row in rows_of("rule_thresholds"):
        assert bool(row["currency"]) == (row["unit"] == "base currency"), row


def test_what_a_weight_may_name_is_a_fact_tag_and_no_more(manifest):
    """Macro weighable_tags lists what the seed names; test assert_every_weight_is_measured is of all else."""
    listed = manifest["macros"]["macro.bank_tags.weighable_tags"]["macro_sql"]
    tags = set(re.findall(r"'(\w+)'[,\]\n]", listed.split("return(", 1)[1]))
    assert tags == {row["tag_code"] for row in rows_of("preference_weights")}
    assert tags <= {entry.code for entry in tag_entries(manifest) if entry.kind == "fact"}


def test_an_item_has_one_place_in_the_tie_rule():
    places = defaultdict(set)
    for row in rows_of("preference_weights"):
        places[row["preference"], row["item"]].add(row["tie_order"])
    assert all(len(orders) == 1 for orders in places.values())
    orders = [(preference, *orders) for (preference, _), orders in places.items()]
    assert len(orders) == len(set(orders))
