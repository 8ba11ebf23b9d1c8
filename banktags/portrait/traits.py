"""A group in words: its traits, whom its page counts, and what sets it apart."""

from banktags.pages.numbers import count
from banktags.portrait.group import GroupPortrait
from banktags.warehouse import Row


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
