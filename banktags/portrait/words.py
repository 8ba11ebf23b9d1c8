"""A portrait in words: who the customer is in one sentence, what may be offered to them and what must not, values."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from banktags.pages.currency import YUAN, Currency
from banktags.pages.numbers import amount, count, percent
from banktags.portrait.customer import CustomerPortrait
from banktags.portrait.group import GroupPortrait
from banktags.warehouse import Row

#: Units of the dictionary as a Chinese reader says them after a number.
UNITS = {
    "accounts": "户",
    "categories": "类",
    "complaints": "件",
    "day": "日",
    "days": "天",
    "devices": "台",
    "loans": "笔",
    "minutes": "分钟",
    "months": "个月",
    "persons": "人",
    "points": "分",
    "products": "个",
    "score": "分",
    "sessions": "次",
    "times": "次",
    "times a month": "次/月",
    "times per month": "次/月",
    "years": "岁",
}
#: What a customer likes: the preferences that the sentence about him names where they hold.
TASTES = {
    "has_fitness_preference_90d": "常去健身",
    "has_travel_preference_90d": "喜欢旅游",
    "has_dining_preference_90d": "喜欢餐饮",
    "has_cross_border_online_preference_365d": "喜欢海淘",
    "has_instalment_preference_365d": "偏好分期",
}
#: Classes of product that offers are excluded by, see seed product_categories.
PRODUCT_CLASSES = {
    "INVESTMENT": ("投资产品", "investments"),
    "CARD": ("信用卡", "credit cards"),
    "LOAN": ("贷款", "loans"),
    "DEPOSIT": ("存款", "deposits"),
}


@dataclass(frozen=True)
class Permission:
    """What may be done with a customer, or must not, and why."""

    is_allowed: bool
    topic: str
    chinese: str
    english: str


def shown(row: Row, currency: Currency = YUAN) -> str:
    """The value of a tag as a reader takes it in: label, amount in the base currency, date or number with its unit."""
    value = row["tag_value"]
    if row["is_masked"] or row["value_zh"]:
        return row["value_zh"] or value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if row["unit"] is None or not number.is_finite():
        return value
    if row["unit"] == "ratio":
        return percent(float(number))
    if row["unit"] in ("base currency", currency.code):
        return f"{number:,.2f} {currency.unit_zh}".replace("-", "−")
    unit = UNITS.get(row["unit"], "")
    text = f"{number.quantize(Decimal('0.01')):,}" if number != number.to_integral_value() else f"{number:,.0f}"
    return f"{text} {unit}".replace("-", "−").strip()


def is_nothing(row: Row) -> bool:
    """Whether a tag says no or nothing, which a page may say in one line with the others."""
    if row["is_masked"]:
        return False
    if row["tag_value"] == "false":
        return True
    try:
        return row["unit"] not in ("rank", "tier") and Decimal(row["tag_value"]) == 0
    except InvalidOperation:
        return False


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
    """How far the customer is from the next tier and from losing his own: label and figure."""
    found = []
    to_next, above = portrait.number("aum_to_next_tier"), portrait.number("aum_above_tier_floor")
    if to_next is not None:
        found.append(("距升级 To the next tier", f"差 {portrait.currency.amount(to_next)}"))
    if above is not None:
        found.append(("距降级 Above the floor", f"多 {portrait.currency.amount(above)}"))
    if portrait.outlook and not portrait.is_masked("aum_month_avg"):
        outlook = portrait.outlook[0]
        found.append(("预计月末 Projected", portrait.currency.amount(outlook["aum_projected_month_avg"])))
    due = portrait.value("service_tier_downgrade_due_date")
    if due:
        found.append(("降级日 Downgrade due", due))
    return found


ALERTS = {"downgrade_warning": "降级预警", "near_upgrade": "临近升级", "near_downgrade": "临近降级"}
BASES = {"month_average": "月日均AUM", "spot": "时点AUM", "projected_month_end": "预计月末月日均AUM"}


def alert(portrait: CustomerPortrait) -> str | None:
    """The alert that stands, in a sentence."""
    if not portrait.outlook or not portrait.outlook[0]["alert_type"] or portrait.is_masked("aum_month_avg"):
        return None
    outlook = portrait.outlook[0]
    other = f"（{outlook['other_tier_name']}）" if outlook["other_tier_name"] else ""
    basis, boundary = (portrait.currency.amount(outlook[name]) for name in ("basis_amount", "boundary"))
    return f"{ALERTS[outlook['alert_type']]}{other}：{BASES[outlook['basis']]} {basis}，边界 {boundary}。"


def permissions(portrait: CustomerPortrait) -> list[Permission]:
    """What may be offered to the customer and how they may be contacted; what must not, with the reason.

    The words of what portraits.portrait_permissions and portrait_offers judge.
    """
    said = (_offers, _excluded, _suitability, _contact, _care)
    return [one for say in said for one in say(portrait)]


def membership(row: Row) -> str:
    """A group or audience by name."""
    return row["name_zh"]


def task_contact(task: Row) -> list[str]:
    """How far a task may be done: by what the offer may be made, by what it may only be told, and what is closed."""
    if not task["may_tell"]:
        return [f"不得联系：{task['closed_because_zh'] or '没有触达许可'}。"]
    said = []
    if task["offered_by_zh"]:
        said.append(f"可经{task['offered_by_zh']}推介。")
    if task["told_by_zh"]:
        said.append(f"经{task['told_by_zh']}只可告知，不得推介：{task['not_offered_because_zh']}。")
    if task["closed_zh"]:
        said.append(f"不得经{task['closed_zh']}联系：{task['closed_because_zh']}。")
    return said


OFFER_TOPICS = {
    "marketing": ("产品服务 Offer", "可推介", "May be offered"),
    "service": ("服务事项 Service", "可告知", "May be told"),
    "risk": ("风险提示 Risk", "可提示", "May be warned"),
}


def _offers(portrait: CustomerPortrait) -> list[Permission]:
    """What the audiences that reach the customer offer or tell."""
    if portrait.is_contact_masked:
        return []
    found = []
    for row in portrait.offers:
        topic, verb_zh, verb_en = OFFER_TOPICS[row["purpose"]]
        by_zh, by_en = (f"经{row['channel_zh']}", f" by {row['channel_en']}") if row["channel"] else ("", "")
        chinese = f"{by_zh}{verb_zh}{row['offer_zh']}（客群：{row['name_zh']}）。"
        found.append(Permission(True, topic, chinese, f"{verb_en}{by_en}."))
    return found


def _excluded(portrait: CustomerPortrait) -> list[Permission]:
    """What may be offered to the customer by nobody, with the reason."""
    topic = "产品服务 Offer"
    if portrait.is_contact_masked:
        return []
    found = [
        Permission(
            False, topic, f"不得推介任何产品：{row['because_zh']}。", f"Nothing may be offered: {row['because_en']}."
        )
        for row in portrait.permitted("offer")
        if row["because"] == "closed"
    ]
    classes: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in portrait.permitted("product_class"):
        named = PRODUCT_CLASSES.get(row["subject"], ("该类产品", "products of this class"))
        classes.setdefault((row["because_zh"], row["because_en"]), []).append(named)
    return found + [
        Permission(
            False,
            topic,
            f"不得推介{'、'.join(chinese for chinese, _ in named)}：{reason_zh}。",
            f"No {', '.join(english for _, english in named)}: {reason_en}.",
        )
        for (reason_zh, reason_en), named in classes.items()
    ]


def _suitability(portrait: CustomerPortrait) -> list[Permission]:
    """Up to which rating investments may be recommended, or explained to who asks; none without an assessment."""
    topic = "投资产品 Investments"
    if portrait.is_masked("suitability_status") or portrait.is_masked("max_sellable_product_rating"):
        return [
            Permission(
                False,
                topic,
                "适当性高于本角色的可见级别：本页不能作推介依据。",
                "Suitability is above the class of the role: this page is no ground to recommend a product.",
            )
        ]
    level, until = portrait.label("risk_level") or "—", portrait.value("risk_assessment_valid_to_date") or "—"
    found = []
    for row in portrait.permitted("investment") + portrait.permitted("investment_if_asked"):
        if not row["is_allowed"]:
            chinese = f"{row['because_zh']}：不得推介任何投资产品，包括 R1；先做测评。"
            english = f"Before an assessment no investment may be recommended, not even R1: {row['because_en']}."
        elif row["matter"] == "investment":
            chinese = f"可推介风险等级不高于 {row['subject']} 的产品：客户为{level}，测评有效至 {until}。"
            english = f"Products up to {row['subject']} may be recommended: risk assessment valid until {until}."
        else:
            chinese = (
                f"客户主动咨询时，可介绍风险等级不高于 {row['subject']} 的产品：客户为{level}，测评有效至 {until}。"
            )
            english = f"To who asks, products up to {row['subject']}: risk assessment valid until {until}."
        found.append(Permission(row["is_allowed"], topic, chinese, english))
    for row in portrait.permitted("assessment"):
        chinese, english = "测评即将到期：约客户重新测评。", "The assessment expires soon: arrange a new one."
        found.append(Permission(row["is_allowed"], topic, chinese, english))
    for row in portrait.permitted("investment_above"):
        chinese, english = f"不得推介高于 {row['subject']} 的产品。", f"Nothing above {row['subject']}."
        found.append(Permission(row["is_allowed"], topic, chinese, english))
    return found


def _contact(portrait: CustomerPortrait) -> list[Permission]:
    """Through what marketing may reach the customer, and why not through the rest."""
    topic = "营销触达 Contact"
    if portrait.is_contact_masked:
        return [
            Permission(
                False,
                topic,
                "授权高于本角色的可见级别：不得据本页触达。",
                "Consent is above the class of the role: no contact on the ground of this page.",
            )
        ]
    channels = portrait.permitted("contact")
    if not channels:
        return [
            Permission(False, topic, "没有触达许可：任何渠道都不得触达。", "No permission is known: no contact at all.")
        ]
    given, closed = [row for row in channels if row["is_allowed"]], {}
    for row in channels:
        if not row["is_allowed"]:
            reason = (row["because_zh"], row["because_en"], row["is_allowed_for_service"])
            closed.setdefault(reason, []).append(row)
    found = []
    if given:
        chinese, english = f"可营销触达：{_names(given)}。", f"Marketing contact by {_names(given, 'subject_en')}."
        found.append(Permission(True, topic, chinese, english))
    for (reason_zh, reason_en, is_open_to_service), rows in closed.items():
        by_zh, by_en = _names(rows), _names(rows, "subject_en")
        if len(rows) == len(channels):
            by_zh, by_en = "任何渠道", "any channel"
        what_zh, what_en = ("营销", "marketing") if is_open_to_service else ("营销或服务", "marketing or service")
        chinese = f"不得经{by_zh}做{what_zh}触达：{reason_zh}。"
        found.append(Permission(False, topic, chinese, f"No {what_en} by {by_en}: {reason_en}."))
    return found


def _names(channels: list[Row], language: str = "subject_zh") -> str:
    return ("、" if language == "subject_zh" else ", ").join(row[language] for row in channels)


def _care(portrait: CustomerPortrait) -> list[Permission]:
    """What asks for care before anything else; nothing of it where its tag is above the role's class."""
    said = {
        "personalisation": (
            "个性化 Personalisation",
            "已拒绝个性化推荐：只介绍不针对其个人特征的选项。",
            "Personalised recommendation is refused: only what is not based on their traits.",
        ),
        "complaint": (
            "投诉 Complaint",
            f"有 {portrait.value('open_complaint_count')} 件未结投诉：先解决，再谈其他。",
            "Solve the open complaint first.",
        ),
    }
    return [
        Permission(row["is_allowed"], *said[matter])
        for matter in said
        for row in portrait.permitted(matter)
        if not portrait.is_masked(row["tag_code"])
    ]


def trait(row: Row) -> str:
    """A trait of a group by name: 客户层级 财富, or the tag alone where it is a yes: 有子女."""
    if row["tag_value"] == "true":
        return row["name_zh"].removeprefix("是否")
    return f"{row['name_zh']} {row['value_zh'] or row['tag_value']}"


def counted(portrait: GroupPortrait) -> tuple[str, str]:
    """Which customers a group's page counts, in one sentence of each language."""
    group = portrait.group
    name = group["name_zh"]
    of_unknown_zh = of_unknown_en = ""
    if group["unknown_customers"] is None:
        of_unknown_zh = f"是否属于{name}未知的不足{portrait.minimum}人，两边都不计。"
        of_unknown_en = f" Fewer than {portrait.minimum} of whom membership is unknown are on neither side."
    elif group["unknown_customers"]:
        of_unknown_zh = f"是否属于{name}未知的{count(group['unknown_customers'])}人，两边都不计。"
        of_unknown_en = f" {count(group['unknown_customers'])} of whom membership is unknown are on neither side."
    active = count(group["active_customers"])
    chinese = f"统计截至{portrait.as_of_date}的存续客户{active}人，不含潜在客户和已销户客户。{of_unknown_zh}"
    return chinese, f"Active customers on {portrait.as_of_date}, no prospects and none who left.{of_unknown_en}"


def group_headline(portrait: GroupPortrait) -> tuple[str, str]:
    """What sets a group apart, in one sentence of each language."""
    group = portrait.group
    if portrait.is_masked:
        return (
            f"{group['name_zh']}：{portrait.masked_because}，一切数字以 *** 代替。",
            "What makes the group is above the class of the role: every figure stands as ***.",
        )
    if group["is_suppressed"]:
        few = portrait.minimum
        return (
            f"{group['name_zh']}或其对照不足{few}人：按最小群体规则，一切数字都不显示。",
            f"The group or its comparison has fewer than {few} customers: nothing is said about it.",
        )
    above, below = portrait.above, portrait.below
    members, others = count(group["customers"]), count(group["comparison_customers"])
    said = f"{group['name_zh']}{members}人，与{group['comparison_name_zh']}{others}人相比"
    parts = [
        verb + "、".join(f"{trait(row)}（TGI {row['tgi']:.0f}）" for row in rows[:3])
        for verb, rows in (("明显更多的是", above), ("明显更少的是", below))
        if rows
    ]
    chinese = f"{said}，{'；'.join(parts)}。" if parts else f"{said}，没有显著差异。"
    english = (
        f"{members} members; {len(above)} traits significantly more and {len(below)} less frequent "
        f"than among the {others} other active customers, of {portrait.tested} tested."
    )
    return chinese, english
