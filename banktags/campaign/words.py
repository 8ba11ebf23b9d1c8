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
    "saturated": "指标已到头，不提供信息",
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
#: What customers did, of a proportion; what the mean is of, of an amount.
METRICS_EN = {
    "conversion": "converted",
    "repurchase": "bought again",
    "activity": "were active",
    "churn": "left",
    "amount_bought": "amount bought",
    "aum_change": "change of AUM",
    "margin": "first-year margin",
    "margin_long": "long-term margin",
    "active_days": "active days",
}
#: Verdicts by which the campaign changed something, beyond chance.
PROVEN = ("win", "loss")


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


def confidence(row: Row) -> str:
    """The level of the intervals of a row: 95%, or 99.9%."""
    return _level(row["confidence_level"])


def _level(share: float) -> str:
    return f"{round(share * 100, 6):.6f}".rstrip("0").rstrip(".") + "%"


def judged_by(row: Row) -> str:
    """By which level and power the detectable effect is told: 双侧5%，功效80%."""
    return f"双侧{_level(row['alpha'])}，功效{_level(row['power'])}"


def metric_name(row: Row) -> str:
    """转化率 of a proportion, the name itself of an amount."""
    return row["metric_name_zh"] + ("率" if row["metric_kind"] == "proportion" else "")


def unit(row: Row) -> str:
    """个百分点 behind the difference of two proportions."""
    return "个百分点" if row["metric_kind"] == "proportion" else ""


def headline(campaign: Campaign) -> tuple[str, str]:
    """The verdict in one sentence, in Chinese and English."""
    row = campaign.decision
    chinese, english = VERDICTS[row["verdict"]]
    metric = metric_name(row)
    gap = f"{difference(row, row['effect'])}{unit(row)}（{confidence(row)}区间{interval(row)}）"
    rates = f"触达组{metric}{mean(row, row['treatment_mean'])}，对照组{mean(row, row['control_mean'])}，相差{gap}"
    rates_en = _compared_en(row)
    match row["reason"]:
        case "significant":
            return f"{chinese}：{rates}，超出偶然。", f"{english}: {rates_en}, more than chance."
        case "no_control":
            return (
                f"{chinese}：没有对照组，无从知道不做活动会怎样。",
                f"{english}: there are no controls, so nobody knows what would have happened anyway.",
            )
        case "sample_ratio_mismatch":
            meant, meant_zh, meant_en = drawn_share(row)
            got = percent(row["control_customers"] / (row["treatment_customers"] + row["control_customers"]))
            return (
                f"{chinese}：对照组{meant_zh}{meant}，实际占{got}，分组已被破坏，任何效果数字都不能用。",
                f"{english}: {meant} controls {meant_en}, {got} found: the split is broken, so is any effect.",
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
                f"{english}: {_both_en(row)}, so there is nothing to compare.",
            )
        case "saturated":
            return (
                f"{chinese}：{rates}；两组都已到头，这个指标看不出活动有没有作用。",
                f"{english}: {rates_en}; either arm is as far as it gets, so the metric cannot tell.",
            )
    detectable = difference(row, row["minimum_detectable_effect"]).lstrip("+")
    return (
        f"{chinese}：{rates}，没有超出偶然；这样大小的两组，只看得出{detectable}{unit(row)}以上的差异。",
        f"{english}: {rates_en}, which chance explains; such arms show differences from {detectable} on.",
    )


def _compared_en(row: Row) -> str:
    treated, control = mean(row, row["treatment_mean"]), mean(row, row["control_mean"])
    did = METRICS_EN.get(row["metric"], row["metric"])
    within = f"({confidence(row)} interval {interval(row)})"
    if row["metric_kind"] == "proportion":
        return (
            f"{treated} of the treated and {control} of the controls {did}, "
            f"a difference of {difference(row, row['effect'])} points {within}"
        )
    return (
        f"{did} a customer {treated} of the treated and {control} of the controls, "
        f"a difference of {difference(row, row['effect'])} {within}"
    )


def _both_en(row: Row) -> str:
    did, rate = METRICS_EN.get(row["metric"], row["metric"]), mean(row, row["treatment_mean"])
    return f"{rate} of either arm {did}" if row["metric_kind"] == "proportion" else f"{did} {rate} in either arm"


def drawn_share(row: Row) -> tuple[str, str, str]:
    """The share of controls that the split is tested against, and whether it was drawn or planned."""
    if row["drawn_control_share"] is not None:
        return percent(row["drawn_control_share"]), "抽取时占", "drawn"
    return percent(row["planned_control_share"]), "计划占", "planned"


def findings(campaign: Campaign) -> list[tuple[str, str]]:
    """What stands out, each a topic and a sentence; what there are no figures for is left out."""
    found = [
        ("归因与增量", _credited_and_caused(campaign)),
        ("花了多少", _cost(campaign)),
        ("在哪里有效", _where(campaign)),
        ("要看得更清", _needed(campaign)),
        ("对照是否干净", _contaminated(campaign)),
        ("看不出的指标", _saturated(campaign)),
    ]
    return [(topic, sentence) for topic, sentence in found if sentence]


def _credited_and_caused(campaign: Campaign) -> str | None:
    """By the verdict on the conversion: only what is beyond chance is told as caused."""
    row = campaign.window_return
    if row is None or row["incremental_customers"] is None:
        return None
    credited = f"按末次触达归因{count(row['attributed_customers'])}位转化客户"
    bounds = f"{count(row['incremental_customers_lower'])} 至 {count(row['incremental_customers_upper'])}"
    caused = f"约{count(abs(row['incremental_customers']))}位（{confidence(row)}区间 {bounds}）"
    match row["conversion_verdict"]:
        case "win" if row["attributed_customers"] > row["incremental_customers"]:
            return f"{credited}；与对照组相比，活动真正增加的{caused}，归因的其余客户不做活动也会买。"
        case "win":
            return f"{credited}；与对照组相比，活动真正增加的{caused}，多于归因到的。"
        case "loss":
            return f"{credited}，但与对照组相比，转化客户反而少了{caused}：归因的转化不是活动的功劳。"
        case "inconclusive":
            return (
                f"{credited}；与对照组的差异没有超出偶然：增减在 {bounds} 位之间（{confidence(row)}区间）都有可能，"
                "归因的转化有多少是活动带来的，凭现有数据判断不了。"
            )
    return None


def _cost(campaign: Campaign) -> str | None:
    """What was spent, and by the verdict on the margin whether it came back."""
    row = campaign.window_return
    if row is None or not row["cost_amount"]:
        return None
    each = float(row["cost_amount"]) / row["treatment_customers"] if row["treatment_customers"] else None
    currency = campaign.currency
    sentence = f"费用{currency.amount(row['cost_amount'])}"
    if each is not None:
        sentence += f"，每位触达组客户{each:.2f}{currency.unit_zh}"
    if row["roi_short"] is None or row["margin_verdict"] not in (*PROVEN, "inconclusive"):
        return sentence + "。"
    if row["roi_short_lower"] is None:
        return sentence + f"；两组的毛利没有差别，短期ROI {ratio(row['roi_short'])}（净额口径，0为保本）。"
    within = f"{ratio(row['roi_short_lower'])} 至 {ratio(row['roi_short_upper'])}（{confidence(row)}区间）"
    if not _is_told(row):
        return sentence + f"；短期ROI在{within}之间都有可能，还不能说是赚是亏（净额口径，0为保本）。"
    sentence += f"；短期ROI {ratio(row['roi_short'])}，{within}，{roi_note(row)}"
    if row["roi_ltv"] is not None:
        sentence += f"；计到产品期限为止的长期ROI {ratio(row['roi_ltv'])}"
    return sentence + "（净额口径，0为保本）。"


def _is_told(row: Row) -> bool:
    """Whether the interval of the return lies on one side of break-even."""
    return row["roi_short_upper"] < 0 or row["roi_short_lower"] > 0


def _where(campaign: Campaign) -> str | None:
    judged = [row for row in campaign.by_tier if row["verdict"] in (*PROVEN, "inconclusive")]
    if not judged:
        return None
    told = []
    for verdict, effect in (("win", "效果"), ("loss", "损害")):
        tiers = [row["tier_name_zh"] for row in judged if row["verdict"] == verdict]
        if tiers:
            told.append(f"{'、'.join(tiers)}客户的{effect}校正后仍显著")
    if told:
        return f"分层看，{'；'.join(told)}。"
    return "分层看，没有哪一层的效果在校正后显著：单看某一层的数字，不足为据。"


def _needed(campaign: Campaign) -> str | None:
    row = campaign.decision
    if row["reason"] not in ("not_significant", "not_after_correction") or row["required_per_arm"] is None:
        return None
    return (
        f"若真实差异就是{difference(row, row['effect'])}{unit(row)}，"
        f"每组需要{count(row['required_per_arm'])}位客户才能看出（{judged_by(row)}）；"
        f"这次触达组{count(row['treatment_customers'])}位、对照组{count(row['control_customers'])}位。"
    )


def _contaminated(campaign: Campaign) -> str | None:
    """How the effect stands without the controls who were treated all the same; only where the comparison stands."""
    row = campaign.decision
    own, others = row["contaminated_controls"], row["cross_treated_controls"]
    if not (own or others) or row["sensitivity_effect"] is None or row["verdict"] not in (*PROVEN, "inconclusive"):
        return None
    bounds = f"[{difference(row, row['sensitivity_lower'])}, {difference(row, row['sensitivity_upper'])}]"
    return (
        f"对照客户中{count(own)}位被本活动误触达，{count(others)}位被同类产品的其他活动触达；剔除他们后，"
        f"{metric_name(row)}增量为{difference(row, row['sensitivity_effect'])}{unit(row)}"
        f"（{confidence(row)}区间{bounds}），不剔除为{difference(row, row['effect'])}。结论仍按不剔除的判断。"
    )


def _saturated(campaign: Campaign) -> str | None:
    """Metrics that could not move at the campaign's own window, whatever the campaign did."""
    names = [metric_name(row) for row in campaign.whole if row["is_saturated"]]
    if not names:
        return None
    return f"两组的{'、'.join(names)}都已到头（几乎人人如此，或几乎无人如此），差异不说明问题。"


def caused_note(row: Row) -> str:
    """What is to be thought of what a campaign caused at a horizon, by the verdict on the conversion."""
    return {
        "win": "超出偶然",
        "loss": "少于对照，超出偶然",
        "inconclusive": "未超出偶然",
    }.get(row["conversion_verdict"], NONE)


def roi_note(row: Row, name: str = "roi_short") -> str:
    """What is to be thought of a return, by its own interval: on which side of break-even it lies, if on one."""
    if row[name] is None or row[f"{name}_lower"] is None:
        return ""
    if row[f"{name}_upper"] < 0:
        return "按区间上限也亏"
    return "按区间下限也赚" if row[f"{name}_lower"] > 0 else "未分盈亏"
