"""What is offered to a customer and what must not be, in words; and how far a task may be done."""

from dataclasses import dataclass

from banktags.portrait.customer import CustomerPortrait
from banktags.warehouse import Row

#: Classes of product that offers are excluded by, see seed product_categories.
PRODUCT_CLASSES = {
    "INVESTMENT": ("投资产品", "investments"),
    "CARD": ("信用卡", "credit cards"),
    "LOAN": ("贷款", "loans"),
    "DEPOSIT": ("存款", "deposits"),
}
OFFER_TOPICS = {
    "marketing": ("产品服务 Offer", "可推介", "May be offered"),
    "service": ("服务事项 Service", "可告知", "May be told"),
    "risk": ("风险提示 Risk", "可提示", "May be warned"),
}


@dataclass(frozen=True)
class Permission:
    """What may be done with a customer, or must not, and why."""

    is_allowed: bool
    topic: str
    chinese: str
    english: str


def offers(portrait: CustomerPortrait) -> list[Permission]:
    """What the audiences that reach the customer offer or tell."""
    if portrait.is_masked_matter("contact"):
        return []
    found = []
    for row in portrait.offers:
        topic, verb_zh, verb_en = OFFER_TOPICS[row["purpose"]]
        by_zh, by_en = (f"经{row['channel_zh']}", f" by {row['channel_en']}") if row["channel"] else ("", "")
        chinese = f"{by_zh}{verb_zh}{row['offer_zh']}（客群：{row['name_zh']}）。"
        found.append(Permission(True, topic, chinese, f"{verb_en}{by_en}."))
    return found


def excluded(portrait: CustomerPortrait) -> list[Permission]:
    """What may be offered to the customer by nobody, with the reason."""
    topic = "产品服务 Offer"
    if portrait.is_masked_matter("contact"):
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
