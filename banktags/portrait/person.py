"""A customer in words: who they are in one sentence, and how far they are from another tier."""

from decimal import Decimal

from banktags.pages.numbers import amount
from banktags.portrait.customer import CustomerPortrait

#: What a customer likes: the preferences that the sentence about them names where they hold.
TASTES = {
    "has_fitness_preference_90d": "常去健身",
    "has_travel_preference_90d": "喜欢旅游",
    "has_dining_preference_90d": "喜欢餐饮",
    "has_cross_border_online_preference_365d": "喜欢海淘",
    "has_instalment_preference_365d": "偏好分期",
}
ALERTS = {"downgrade_warning": "降级预警", "near_upgrade": "临近升级", "near_downgrade": "临近降级"}
BASES = {"month_average": "月日均AUM", "spot": "时点AUM", "projected_month_end": "预计月末月日均AUM"}


def who(portrait: CustomerPortrait) -> tuple[str, str]:
    """Who the customer is in one sentence: 30岁、年入30万、偏好基金、常去健身.

    What the role may not see is not in it; the tables have it, masked.
    """
    age, income = portrait.value("age_years"), portrait.number("annual_income_amount")
    product = portrait.label("preferred_product")
    person = [
        portrait.label("gender"),
        age and f"{age}岁",
        portrait.value("city"),
        portrait.label("occupation"),
        income and f"年入{plain_amount(income)}{portrait.currency.unit_zh.removeprefix('元')}",
        product and f"偏好{product}",
        *(said for code, said in TASTES.items() if portrait.holds(code)),
    ]
    tenure, aum = portrait.number("tenure_days"), portrait.number("aum_month_avg")
    bank = [
        portrait.label("relationship_status"),
        tenure is not None and f"来行{_tenure(int(tenure))}",
        portrait.label("service_tier") and f"{portrait.label('service_tier')}层",
        aum is not None and f"月日均AUM {plain_amount(aum)}{portrait.currency.unit_zh}",
        portrait.label("lifecycle_stage") and f"生命周期为{portrait.label('lifecycle_stage')}",
        portrait.label("rfm_class"),
    ]
    chinese = "；".join(part for part in ("、".join(filter(None, said)) for said in (person, bank)) if part)
    english = ", ".join(
        str(part)
        for part in (
            age and f"{age} years old",
            income and f"annual income {portrait.currency.code} {income:,.0f}",
            portrait.value("preferred_product") and f"prefers {_english(portrait, 'preferred_product')}",
            portrait.value("service_tier") and f"served as {_english(portrait, 'service_tier')}",
            aum is not None and f"AUM {portrait.currency.code} {aum:,.0f}",
            portrait.value("lifecycle_stage") and f"life cycle: {_english(portrait, 'lifecycle_stage')}",
            tenure is not None and f"{tenure} days with the bank",
        )
        if part
    )
    return (f"{chinese}。" if chinese else "没有可见的信息。"), (f"{english}." if english else "Nothing to see.")


def _english(portrait: CustomerPortrait, code: str) -> str:
    """A value of a dictionary as an English word: credit card."""
    return (portrait.value(code) or "").replace("_", " ")


def plain_amount(value: Decimal) -> str:
    """30万, 133.5万: an amount of a sentence."""
    return amount(value).replace(".0万", "万")


def _tenure(days: int) -> str:
    return f"{days}天" if days < 365 else f"{days // 365}年"


def next_tier(portrait: CustomerPortrait) -> list[tuple[str, str]]:
    """How far the customer is from the next tier and from losing their own: label and figure."""
    found = []
    to_next, above = portrait.number("aum_to_next_tier"), portrait.number("aum_above_tier_floor")
    if to_next is not None:
        found.append(("距升级 To the next tier", f"差 {portrait.currency.amount(to_next)}"))
    if above is not None:
        found.append(("距降级 Above the floor", f"多 {portrait.currency.amount(above)}"))
    if portrait.outlook and portrait.sees("outlook"):
        outlook = portrait.outlook[0]
        found.append(("预计月末 Projected", portrait.currency.amount(outlook["aum_projected_month_avg"])))
    due = portrait.value("service_tier_downgrade_due_date")
    if due:
        found.append(("降级日 Downgrade due", due))
    return found


def alert(portrait: CustomerPortrait) -> str | None:
    """The alert that stands, in a sentence."""
    if not portrait.outlook or not portrait.outlook[0]["alert_type"] or not portrait.sees("outlook"):
        return None
    outlook = portrait.outlook[0]
    other = f"（{outlook['other_tier_name']}）" if outlook["other_tier_name"] else ""
    basis, boundary = (portrait.currency.amount(outlook[name]) for name in ("basis_amount", "boundary"))
    return f"{ALERTS[outlook['alert_type']]}{other}：{BASES[outlook['basis']]} {basis}，边界 {boundary}。"
