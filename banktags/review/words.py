"""The sentences that say what a quarter brought."""

from banktags.pages.numbers import NONE, Number, count, percent, points, signed
from banktags.review.figures import Review
from banktags.warehouse import Row

ORDINALS = "一二三四"


def quarter_name(period: str) -> str:
    """2026-Q2 as 2026年二季度."""
    year, _, number = period.partition("-Q")
    return f"{year}年{ORDINALS[int(number) - 1]}季度"


def bound(value: Number | None) -> str:
    """A bound of a tier: 20万, 800万."""
    return NONE if value is None else (f"{float(value) / 1e4:,.10g}万" if value >= 10_000 else f"{float(value):,.10g}")


def headline(review: Review) -> tuple[str, str]:
    """The quarter in one sentence, in Chinese and English."""
    total = review.totals()
    net, growth = total.upgraded - total.downgraded, total.closing_customers - total.opening_customers
    aum = review.currency.amount(total.aum)
    so_far = "" if review.is_complete else f"（截至{review.closing_date.month}月{review.closing_date.day}日）"
    chinese = (
        f"{quarter_name(review.period)}{so_far}，客户{count(total.closing_customers)}户"
        f"（{signed(count(growth))}），月日均AUM {aum}（{signed(percent(total.aum_growth))}）；"
        f"升级{count(total.upgraded)}户、降级{count(total.downgraded)}户，净升级{count(net)}户；"
        f"流失{count(total.left)}户，客户留存率{percent(total.retention_rate)}。"
    )
    english = (
        f"{count(total.closing_customers)} customers ({signed(count(growth))}), "
        f"AUM {signed(percent(total.aum_growth))}; {count(total.upgraded)} rose and {count(total.downgraded)} fell; "
        f"{count(total.left)} left, {percent(total.retention_rate)} were retained."
    )
    return chinese, english


def findings(review: Review) -> list[tuple[str, str]]:
    """What stands out, each a topic and a sentence: where AUM came from, which tier keeps its customers least, how far
    from plan, who is on the edge, on how few it hangs. What there are no figures for is left out.
    """
    found = [
        ("AUM从哪里来", _aum_drivers(review)),
        ("哪一层最留不住", _weakest_tier(review.of_period)),
        ("离目标多远", _off_plan(review)),
        ("谁在边界上", _on_the_edge(review.of_period)),
        ("集中在多少人", _on_how_few(review)),
    ]
    return [(topic, sentence) for topic, sentence in found if sentence]


def _aum_drivers(review: Review) -> str | None:
    tiers = review.of_period
    changes = {row["name_zh"]: row["aum_month_avg"] - row["opening_aum_month_avg"] for row in tiers}
    shares = {row["name_zh"]: row["opening_aum_month_avg"] for row in tiers}
    parts = [
        f"{name}{verb}{review.currency.amount(abs(changes[name]))}"
        + (f"（{signed(percent(share))}）" if share is not None else "")
        for name, verb, is_meant in (
            (max(changes, key=changes.get), "增加最多，", lambda change: change > 0),
            (min(changes, key=changes.get), "减少最多，", lambda change: change < 0),
        )
        if is_meant(changes[name])
        for share in [float(changes[name] / shares[name]) if shares[name] else None]
    ]
    return "；".join(parts) + "。" if parts else None


def _weakest_tier(tiers: list[Row]) -> str | None:
    held = [row for row in tiers if row["tier_retention_rate"] is not None]
    if not held:
        return None
    weakest = min(held, key=lambda row: row["tier_retention_rate"])
    return (
        f"{weakest['name_zh']}的层级保持率最低，{percent(weakest['tier_retention_rate'])}：期初"
        f"{count(weakest['opening_customers'])}户中{count(weakest['downgraded_customers'])}户降级、"
        f"{count(weakest['left_customers'])}户流失。"
    )


def _off_plan(review: Review) -> str | None:
    sentences = []
    for what, share, target in (
        ("客户占比", "customer_share", "target_customer_share"),
        ("利润占比", "profit_share", "target_profit_share"),
    ):
        planned = [row for row in review.of_period if row[share] is not None and row[target] is not None]
        if planned:
            off = max(planned, key=lambda row: abs(row[share] - row[target]))
            difference = points(off[share] - off[target])
            sentences.append(
                f"{what}各层与目标一致"
                if not difference.strip("0.+−")
                else f"{what}偏离最大的是{off['name_zh']}，{percent(off[share])}，目标{percent(off[target])}"
                f"（{difference}个百分点）"
            )
    return "；".join(sentences) + "。" if sentences else None


def _on_the_edge(tiers: list[Row]) -> str | None:
    near_up = sum(row["near_upgrade_customers"] or 0 for row in tiers)
    near_down = sum(row["near_downgrade_customers"] or 0 for row in tiers)
    floors = [row for row in tiers if row["near_downgrade_customers"]]
    if not floors:
        return f"{count(near_up)}户临近升级，无人临近降级。"
    crowded = max(floors, key=lambda row: row["near_downgrade_customers"])
    return (
        f"{count(near_up)}户临近升级，{count(near_down)}户临近降级；刚过{bound(crowded['aum_from'])}门槛的"
        f"{crowded['name_zh']}客户最多，{count(crowded['near_downgrade_customers'])}户，占本层"
        f"{percent(crowded['near_downgrade_customers'] / crowded['closing_customers'])}。"
    )


def _on_how_few(review: Review) -> str | None:
    *earlier, now = review.concentrated("aum") or [None]
    if now is None or now["top_1_share"] is None:
        return None
    before = f"，期初{percent(earlier[-1]['top_1_share'])}" if earlier else ""
    return f"前1%的客户持有{percent(now['top_1_share'])}的AUM{before}；基尼系数{now['gini']:.3f}。"
