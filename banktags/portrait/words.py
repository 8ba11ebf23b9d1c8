"""A portrait in words: who the customer is in one sentence, what may be offered to him and what must not, values."""

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


#: Contact channels in the order in which a manager thinks of them.
CHANNELS = ("SMS", "PHONE", "APP", "WECOM")
#: What is said of a channel that is closed so that campaigns can be measured: whoever knew would treat them otherwise.
NOT_TOLD = ("本期不做营销触达", "not for the time being")
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
            portrait.value("preferred_product") and f"prefers {portrait.value('preferred_product').replace('_', ' ')}",
            portrait.value("service_tier") and f"served as {portrait.value('service_tier').replace('_', ' ')}",
            aum is not None and f"AUM {portrait.currency.code} {aum:,.0f}",
            portrait.value("lifecycle_stage") and f"life cycle: {portrait.value('lifecycle_stage')}",
            tenure is not None and f"{tenure} days with the bank",
        )
        if part
    )
    return (f"{chinese}。" if chinese else "没有可见的信息。"), (f"{english}." if english else "Nothing to see.")


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
    """What may be offered to the customer and how he may be contacted; what must not, with the reason."""
    if portrait.value("relationship_status") == "closed":
        return [Permission(False, "营销 Marketing", "已销户：不得营销。", "The relation is closed: no marketing.")]
    said = (_offers, _excluded, _suitability, _contact, _care)
    return [one for say in said for one in say(portrait)]


def membership(row: Row) -> str:
    """A group or audience by name."""
    return row["name_zh"] or row.get("audience") or row["tag_code"]


def _offers(portrait: CustomerPortrait) -> list[Permission]:
    """What the audiences that reach the customer offer; their gates have seen to consent and suitability."""
    if portrait.is_contact_masked:
        return []
    return [
        Permission(
            True,
            "产品服务 Offer",
            (row["product_name"] or row["offer_zh"])
            + (f"，经{row['channel_name']}" if row["channel_name"] else "")
            + f"（客群：{row['name_zh']}）。",
            f"Offered to audience {row['audience']}.",
        )
        for row in portrait.offers
    ]


def _excluded(portrait: CustomerPortrait) -> list[Permission]:
    """What may be offered to the customer by nobody, with the gate that says so."""
    topic = "产品服务 Offer"
    if portrait.is_contact_masked:
        return []
    if closing := portrait.closing_gates:
        return [
            Permission(
                False,
                topic,
                f"不得推介任何产品：{'、'.join(row['gate_zh'] for row in closing)}。",
                f"Nothing may be offered: {', '.join(row['gate_en'] for row in closing)}.",
            )
        ]
    classes: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in portrait.exclusions:
        named = PRODUCT_CLASSES.get(row["product_class"], (row["product_class"],) * 2)
        classes.setdefault((row["gate_zh"], row["gate_en"]), []).append(named)
    return [
        Permission(
            False,
            topic,
            f"不得推介{'、'.join(chinese for chinese, _ in named)}：{reason_zh}。",
            f"No {', '.join(english for _, english in named)}: {reason_en}.",
        )
        for (reason_zh, reason_en), named in classes.items()
    ]


def _suitability(portrait: CustomerPortrait) -> list[Permission]:
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
    if not portrait.is_contact_masked and portrait.is_closed_to("INVESTMENT"):
        return []  # said by _excluded
    status, rating = portrait.value("suitability_status"), portrait.value("max_sellable_product_rating")
    if status in ("valid", "expiring"):
        level = portrait.label("risk_level") or "—"
        until = portrait.value("risk_assessment_valid_to_date") or "—"
        found = [
            Permission(
                True,
                topic,
                f"可推介风险等级不高于 {rating} 的产品：客户为{level}，测评有效至 {until}。",
                f"Products up to {rating} may be recommended: risk assessment valid until {until}.",
            )
        ]
        if rating != "R5":
            found.append(
                Permission(
                    False,
                    topic,
                    f"不得推介高于 {rating} 的产品。",
                    f"Nothing above {rating}.",
                )
            )
        if status == "expiring":
            found.append(
                Permission(True, topic, "测评即将到期：约客户重新测评。", "It expires soon: arrange a new one.")
            )
        return found
    reason = "风险测评已过期" if status == "expired" else "没有风险测评"
    return [
        Permission(
            False,
            topic,
            f"{reason}：先做测评；此前只可推介 R1 产品。",
            f"{'Assessment expired' if status == 'expired' else 'No assessment'}: R1 only, until assessed.",
        )
    ]


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
    order = {channel: place for place, channel in enumerate(CHANNELS)}
    channels = sorted(portrait.channels, key=lambda row: order.get(row["channel"], len(order)))
    given = [row for row in channels if row["gate"] is None]
    closed: dict[tuple, list[Row]] = {}
    for row in channels:
        if row["gate"] is not None:
            reason = (row["gate_zh"], row["gate_en"]) if row["is_told"] else NOT_TOLD
            closed.setdefault((*reason, row["is_closed_to_service"]), []).append(row)
    found = []
    if given:
        english = f"Marketing contact by {_names(given, 'name_en')}."
        found.append(Permission(True, topic, f"可营销触达：{_names(given)}。", english))
    for (reason_zh, reason_en, is_closed_to_service), rows in closed.items():
        by_zh, by_en = _names(rows), _names(rows, "name_en")
        if len(rows) == len(channels):
            by_zh, by_en = "任何渠道", "any channel"
        what_zh, what_en = ("营销或服务", "marketing or service") if is_closed_to_service else ("营销", "marketing")
        chinese = f"不得经{by_zh}做{what_zh}触达：{reason_zh}。"
        found.append(Permission(False, topic, chinese, f"No {what_en} by {by_en}: {reason_en}."))
    if not channels:
        found.append(
            Permission(False, topic, "没有触达许可：任何渠道都不得触达。", "No permission is known: no contact at all.")
        )
    if not portrait.holds("is_personalisation_allowed") and not portrait.is_masked("is_personalisation_allowed"):
        found.append(
            Permission(
                False,
                "个性化 Personalisation",
                "未同意或已拒绝个性化推荐：只可用不针对其个人特征的选项。",
                "No personalised recommendation: offer what is not based on his traits.",
            )
        )
    return found


def _names(channels: list[Row], language: str = "name_zh") -> str:
    return ("、" if language == "name_zh" else ", ").join(row[language] or row["channel"] for row in channels)


def _care(portrait: CustomerPortrait) -> list[Permission]:
    found = []
    complaints = portrait.number("open_complaint_count")
    if complaints:
        found.append(
            Permission(
                False,
                "投诉 Complaint",
                f"有 {complaints} 件未结投诉：先解决，再谈营销。",
                "Solve the open complaint first.",
            )
        )
    if portrait.holds("is_over_contacted_30d"):
        touches = portrait.value("marketing_touch_count_30d")
        found.append(
            Permission(
                False,
                "触达频次 Frequency",
                f"近30天已触达 {touches} 次：暂停主动营销。",
                f"Contacted {touches} times in 30 days: pause.",
            )
        )
    return found


def trait(row: Row) -> str:
    """A trait of a group by name: 客户层级 财富, or the tag alone where it is a yes: 有子女."""
    if row["tag_value"] == "true":
        return row["name_zh"].removeprefix("是否")
    return f"{row['name_zh']} {row['value_zh'] or row['tag_value']}"


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
