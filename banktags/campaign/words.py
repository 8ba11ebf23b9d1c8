"""Verdicts and figures of a campaign as a marketing head reads them, in Chinese and English."""

from banktags.campaign.figures import Campaign
from banktags.pages.numbers import NONE, amount, count, percent, points, signed
from banktags.warehouse import Row

VERDICTS = {
    "win": ("有效", "It worked"),
    "loss": ("有害", "It did harm"),
    "inconclusive": ("尚无定论", "Inconclusive"),
    "invalid": ("不可信", "Not to be trusted"),
    "pending": ("观察中", "Still running"),
    "suppressed": ("不展示", "Not shown"),
}
REASONS = {
    "significant": "差异显著",
    "not_significant": "差异不显著",
    "not_after_correction": "多重比较校正后不显著",
    "no_variation": "两组均无人或人人发生",
    "no_control": "没有对照组",
    "sample_ratio_mismatch": "分组比例失衡",
    "not_yet_observed": "观察期未满",
    "group_too_small": "样本过小，不展示",
}
GOALS = {"CONVERSION": "转化", "AUM": "资产提升", "ACTIVATION": "激活", "RETENTION": "留存"}
DECISIONS = {
    "continue": "继续",
    "adjust_audience": "调整客群",
    "adjust_offer": "调整产品",
    "adjust_channel": "调整渠道",
    "enlarge_control": "扩大对照组",
    "stop": "停止",
}
CHANNELS = {"SMS": "短信", "APP": "手机银行", "PHONE": "电话", "WECOM": "企业微信", "BRANCH": "网点"}
METRICS_EN = {
    "conversion": "converted",
    "repurchase": "bought again",
    "activity": "were active",
    "churn": "left",
}


def mean(row: Row, value: float | None) -> str:
    """A rate as 4.5%, a mean amount as 1,234."""
    if value is None:
        return NONE
    return percent(value, 2) if row["metric_kind"] == "proportion" else _money(value)


def difference(row: Row, value: float | None) -> str:
    """A difference in percentage points, or in the base currency, with its sign."""
    if value is None:
        return NONE
    if row["metric_kind"] == "proportion":
        return points(value)
    return signed(_money(value))


def _money(value: float) -> str:
    """An amount a customer: to the cent where it is small."""
    return amount(value) if abs(value) >= 100 else f"{round(value, 2) + 0:.2f}".replace("-", "−")


def interval(row: Row) -> str:
    """[+0.29, +3.29]."""
    if row["effect_lower"] is None:
        return NONE
    return f"[{difference(row, row['effect_lower'])}, {difference(row, row['effect_upper'])}]"


def ratio(value: float | None) -> str:
    """A return as +123%."""
    return NONE if value is None else signed(f"{value:,.0%}".replace("-", "−"))


def headline(campaign: Campaign) -> tuple[str, str]:
    """The verdict in one sentence, in Chinese and English."""
    row = campaign.decision
    chinese, english = VERDICTS[row["verdict"]]
    metric, did = row["metric_name_zh"] + "率", METRICS_EN[row["metric"]]
    gap = f"{difference(row, row['effect'])}个百分点（95%区间{interval(row)}）"
    rates = f"触达组{metric}{mean(row, row['treatment_mean'])}，对照组{mean(row, row['control_mean'])}，相差{gap}"
    rates_en = (
        f"{mean(row, row['treatment_mean'])} of the treated and {mean(row, row['control_mean'])} of the controls "
        f"{did}, a difference of {difference(row, row['effect'])} points (95% interval {interval(row)})"
    )
    match row["reason"]:
        case "significant":
            return f"{chinese}：{rates}，超出偶然。", f"{english}: {rates_en}, more than chance."
        case "no_control":
            return (
                f"{chinese}：没有对照组，无从知道不做活动会怎样。",
                f"{english}: there are no controls, so nobody knows what would have happened anyway.",
            )
        case "sample_ratio_mismatch":
            planned = percent(row["planned_control_share"])
            got = percent(row["control_customers"] / (row["treatment_customers"] + row["control_customers"]))
            return (
                f"{chinese}：对照组计划占{planned}，实际占{got}，分组已被破坏，任何效果数字都不能用。",
                f"{english}: {planned} controls were planned and {got} found; the split is broken, so is every effect.",
            )
        case "not_yet_observed":
            return (
                f"{chinese}：观察期到{row['observed_on']}才满，现在下结论为时过早。",
                f"{english}: the window closes on {row['observed_on']}; it is too early to tell.",
            )
        case "group_too_small":
            return f"{chinese}：参与客户太少。", f"{english}: too few customers took part."
        case "no_variation":
            return (
                f"{chinese}：两组的{metric}没有差别，都是{mean(row, row['treatment_mean'])}，没有可比较的。",
                f"{english}: {mean(row, row['treatment_mean'])} of either arm {did}, so there is nothing to compare.",
            )
    detectable = points(row["minimum_detectable_effect"]).lstrip("+")
    return (
        f"{chinese}：{rates}，没有超出偶然；这样大小的两组，只看得出{detectable}个百分点以上的差异。",
        f"{english}: {rates_en}, which chance explains; such arms show differences from {detectable} points on.",
    )


def findings(campaign: Campaign) -> list[tuple[str, str]]:
    """What stands out, each a topic and a sentence; what there are no figures for is left out."""
    found = [
        ("归因与增量", _credited_and_caused(campaign)),
        ("花了多少", _cost(campaign)),
        ("在哪里有效", _where(campaign)),
        ("要看得更清", _needed(campaign)),
    ]
    return [(topic, sentence) for topic, sentence in found if sentence]


def _credited_and_caused(campaign: Campaign) -> str | None:
    row = campaign.window_return
    if row is None or row["incremental_customers"] is None:
        return None
    return (
        f"按末次触达归因，活动带来{count(row['attributed_customers'])}位转化客户；与对照组相比，真正增加的约"
        f"{count(row['incremental_customers'])}位（{count(row['incremental_customers_lower'])} 至 "
        f"{count(row['incremental_customers_upper'])}），其余的人不做活动也会买。"
        if row["attributed_customers"] > row["incremental_customers"]
        else f"按末次触达归因{count(row['attributed_customers'])}位转化客户；与对照组相比，增加约"
        f"{count(row['incremental_customers'])}位（{count(row['incremental_customers_lower'])} 至 "
        f"{count(row['incremental_customers_upper'])}）。"
    )


def _cost(campaign: Campaign) -> str | None:
    row = campaign.window_return
    if row is None or not row["cost_amount"]:
        return None
    each = float(row["cost_amount"]) / row["treatment_customers"] if row["treatment_customers"] else None
    currency = campaign.currency
    sentence = f"费用{currency.amount(row['cost_amount'])}"
    if each is not None:
        sentence += f"，每位触达组客户{each:.2f}{currency.unit_zh}"
    if row["roi_short"] is not None:
        sentence += f"；短期ROI {ratio(row['roi_short'])}，计入长期价值{ratio(row['roi_ltv'])}（净额口径，0为保本）"
    return sentence + "。"


def _where(campaign: Campaign) -> str | None:
    judged = [row for row in campaign.by_tier if row["verdict"] in ("win", "loss", "inconclusive")]
    if not judged:
        return None
    won = [row["tier_name_zh"] for row in judged if row["verdict"] == "win"]
    if won:
        return f"分层看，{'、'.join(won)}客户的效果校正后仍显著。"
    return "分层看，没有哪一层的效果在校正后显著：单看某一层的数字，不足为据。"


def _needed(campaign: Campaign) -> str | None:
    row = campaign.decision
    if row["verdict"] != "inconclusive" or row["required_per_arm"] is None:
        return None
    return (
        f"若真实差异就是{difference(row, row['effect'])}个百分点，"
        f"每组需要{count(row['required_per_arm'])}位客户才能看出；"
        f"这次触达组{count(row['treatment_customers'])}位、对照组{count(row['control_customers'])}位。"
    )
