"""What may be done with a customer and what must not, in words.

What is allowed, why, and what the role may see of it stands in ``portraits.portrait_permissions_by_role``.
"""

from banktags.portrait.customer import CustomerPortrait
from banktags.portrait.offers import Permission, excluded, offers
from banktags.warehouse import Row


def permissions(portrait: CustomerPortrait) -> list[Permission]:
    """What may be offered to the customer and how they may be contacted; what must not, with the reason.

    The words of what portraits.portrait_permissions_by_role and portrait_offers judge.
    """
    said = (offers, excluded, _suitability, _contact, _care)
    return [one for say in said for one in say(portrait)]


def _suitability(portrait: CustomerPortrait) -> list[Permission]:
    """Up to which rating investments may be recommended, or explained to who asks; none without an assessment."""
    topic = "投资产品 Investments"
    if portrait.is_masked_matter("investment"):
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
    if portrait.is_masked_matter("contact"):
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
    """What asks for care before anything else."""
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
    return [Permission(row["is_allowed"], *said[matter]) for matter in said for row in portrait.permitted(matter)]
