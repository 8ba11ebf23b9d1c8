"""An explanation in words: one tag as a page, many as lines, either as JSON; Chinese beside English."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from rich.table import Table

from banktags.door import MASK
from banktags.explain.decision import Clause, Comparison, Inputs, Nudge
from banktags.explain.reader import Explanation, Tag

#: Ten thousand, by which Chinese counts amounts.
WAN = Decimal(10_000)


def nudge_zh(nudge: Nudge, target: Tag, tags: Mapping[str, Tag]) -> str:
    """A change as a relationship manager says it: 差 3.2 万升财富."""
    name = target.labels.get(nudge.value, nudge.value)
    given = tags[nudge.input_tag]
    if nudge.change is None:
        return f"{given.name_zh}变为 {given.labels.get(nudge.to, nudge.to)} → {name}"
    size = abs(nudge.change)
    if given.money_zh:
        # Rounded up, so that it is enough. Nobody says 万元 here.
        money = "" if given.money_zh == "元" else given.money_zh
        amount = (
            f"{_plain((size / WAN).quantize(Decimal('0.01'), ROUND_CEILING))} 万{money}"
            if size >= WAN
            else f"{size:,} {given.money_zh}"
        )
        return f"差 {amount}升{name}" if nudge.change > 0 else f"少 {amount}降{name}"
    return f"{given.name_zh}{'增加' if nudge.change > 0 else '减少'} {_plain(size)} → {name}"


def nudge_en(nudge: Nudge) -> str:
    """The same with exact figures."""
    if nudge.change is None:
        return f"needs {nudge.input_tag} = {nudge.to} for {nudge.value}"
    more = "more" if nudge.change > 0 else "less"
    return f"needs {abs(nudge.change):,} {more} {nudge.input_tag} for {nudge.value}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _shown(text: str | None) -> str:
    """A value as a person reads it: numbers with their thousands."""
    if text is None:
        return "unknown"
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    return _grouped(number) if number.is_finite() else text


def _compared(comparison: Comparison, inputs: Inputs) -> str:
    """A comparison with the actual values: aum_month_avg 968,000.00 < 1,000,000."""
    given = " ".join(
        f"{'' if sign > 0 and at == 0 else '+ ' if sign > 0 else '- '}{code} {_shown(inputs.get(code))}"
        for at, (code, sign) in enumerate(comparison.inputs)
    )
    if len(comparison.inputs) > 1 and comparison.measured is not None:
        given += f" = {_grouped(comparison.measured)}"
    boundary = comparison.boundary_text if comparison.boundary is None else f"{_grouped(comparison.boundary)}"
    return f"{given} {comparison.operator} {boundary or ''}".strip()


def _grouped(number: Decimal) -> str:
    """With thousands; whole numbers without decimals, amounts with two."""
    for places in (Decimal(1), Decimal("0.01")):
        if number == number.quantize(places):
            return f"{number.quantize(places):,}"
    return f"{number.normalize():,f}"


def _comparisons(clause: Clause, inputs: Inputs) -> list[str]:
    """The comparisons of a clause with the actual values, each marked by whether it holds."""
    return [
        f"{'✓' if comparison.holds else '✗'} {_compared(comparison, inputs)}"
        for comparison in clause.comparisons
        if comparison.operator != "any" and comparison.inputs
    ]


def _failed(said: Explanation) -> list[str]:
    """What does not hold of each clause before, with the values that it keeps the customer from."""
    failed: dict[str, list[str]] = {}
    for clause in said.passed:
        first = next((one for one in clause.comparisons if not one.holds), None)
        # That something is known explains no value; nor does a clause that holds, where the value is not the rule's.
        if first is None or clause.value is None or first.operator == "is null":
            continue
        codes = [code for code, _ in first.inputs if said.inputs.get(code) is None]
        unknown = [f"? {name} unknown 未知" for name in (codes if first.inputs else [first.measure])]
        for line in unknown or [f"✗ {_compared(first, said.inputs)}"]:
            failed.setdefault(line, []).append(said.tag.label(clause.value))
    return [f"{line}  (not {', '.join(dict.fromkeys(values))})" for line, values in failed.items()]


def _why(said: Explanation) -> list[str]:
    """The deciding clause with the actual values; where it compares no tag, what does not hold of those before it."""
    if said.is_why_masked:
        return [f"{MASK} {said.masked_because}"]
    lines = (_comparisons(said.clause, said.inputs) if said.clause else []) or _failed(said)
    text = said.clause.text if said.clause else "no clause holds" if said.passed else None
    return ([text] if text else []) + [f"  {line}" for line in lines]


def _why_in_short(said: Explanation) -> str:
    """The comparisons of the deciding clause, or the last one that kept it from another value."""
    if said.is_why_masked:
        return MASK
    if said.rule:
        return said.rule if said.tag.kind == "fact" else "computed 计算得出"
    held = _comparisons(said.clause, said.inputs) if said.clause else []
    return "\n".join(held or [line.split("  (not")[0] for line in _failed(said)[-1:]])


def _since_in_short(said: Explanation) -> str:
    if said.is_masked:
        return MASK
    return str(said.last_change.day) if said.last_change else f"≤ {said.history_from}" if said.history_from else ""


def _change_in_short(said: Explanation, tags: Mapping[str, Tag]) -> str:
    if said.is_why_masked:
        return MASK
    return nudge_zh(said.nudges[0], said.tag, tags) if said.nudges else ""


def page(said: Explanation, tags: Mapping[str, Tag]) -> Table:
    page = Table(
        show_header=False,
        title=f"{said.customer_id}  {said.tag.code} {said.tag.name_zh}  {said.day}",
        title_justify="left",
    )
    page.add_column(no_wrap=True)
    page.add_column()
    page.add_row("value 值", said.tag.label(said.value))
    if said.value is None and said.tag.null_means:
        page.add_row("", said.tag.null_means)
    page.add_row("since 起于", said.since)
    if said.last_change and said.last_change.input_tag:
        change = said.last_change
        step = f"{_shown(change.input_before)} → {_shown(change.input_after)}"
        boundary = _shown(change.boundary) if change.boundary else ""
        page.add_row("changed by 触发", f"{change.input_tag} {step}, boundary {change.operator} {boundary}".strip())
    page.add_row("why 原因", said.rule or "\n".join(_why(said)))
    if said.rule and said.inputs:
        known = [f"{code} = {_shown(value)}" for code, value in said.inputs.items() if not _is_nothing(value)]
        page.add_row("inputs 输入", "\n".join(known) or "all unknown, false or 0")
    changes = "\n".join(f"{nudge_zh(one, said.tag, tags)}   {nudge_en(one)}" for one in said.nudges)
    if changes:
        page.add_row("what would change it\n如何改变", changes)
    if said.confidence is not None:
        page.add_row("confidence 置信度", f"{said.confidence}" + _of(said.least_fresh_source))
    for note in said.notes:
        page.add_row("note 说明", note)
    return page


def _is_nothing(value: str | None) -> bool:
    return value in (None, "false") or value.strip("0.") == ""


def _of(source: str | None) -> str:
    return f", by the age of {source}" if source else ""


def lines(explanations: list[Explanation], tags: Mapping[str, Tag]) -> Table:
    first = explanations[0]
    table = Table(
        *("tag 标签", "value 值", "since 起于", "why 原因", "nearest change 最近变化", "confidence 置信度"),
        title=f"{first.customer_id}  {first.day}",
        title_justify="left",
    )
    for said in explanations:
        table.add_row(
            f"{said.tag.code} {said.tag.name_zh}",
            said.tag.label(said.value),
            _since_in_short(said),
            _why_in_short(said),
            _change_in_short(said, tags),
            MASK if said.is_masked else "" if said.confidence is None else str(said.confidence),
        )
    return table


def as_json(said: Explanation, tags: Mapping[str, Tag]) -> dict[str, Any]:
    change = said.last_change
    return {
        "customer_id": said.customer_id,
        "tag_code": said.tag.code,
        "name_zh": said.tag.name_zh,
        "as_of_date": str(said.day),
        "is_masked": said.is_masked,
        "is_why_masked": said.is_why_masked,
        "masked_because": said.masked_because,
        "value": said.value,
        "value_zh": MASK if said.is_masked else said.tag.labels.get(said.value or ""),
        "null_means": said.tag.null_means if said.value is None else None,
        "since": str(change.day) if change else None,
        "history_from": str(said.history_from) if said.history_from else None,
        "last_change": {
            "as_of_date": str(change.day),
            "change_type": change.change_type,
            "old_value": change.old_value,
            "input_tag": change.input_tag,
            "input_before": change.input_before,
            "input_after": change.input_after,
            "operator": change.operator,
            "boundary": change.boundary,
        }
        if change
        else None,
        "clause": said.clause.text if said.clause else None,
        "comparisons": [
            {
                "measure": comparison.measure,
                "operator": comparison.operator,
                "boundary": comparison.boundary_text if comparison.boundary is None else str(comparison.boundary),
                "holds": comparison.holds,
            }
            for comparison in (said.clause.comparisons if said.clause else ())
            if comparison.operator != "any"
        ],
        "rule": said.rule,
        "inputs": dict(said.inputs),
        "inputs_of": str(said.inputs_of) if said.inputs_of else None,
        "what_would_change_it": [
            {
                "value": nudge.value,
                "value_zh": said.tag.labels.get(nudge.value),
                "input_tag": nudge.input_tag,
                "change": None if nudge.change is None else str(nudge.change),
                "to": nudge.to,
                "text_zh": nudge_zh(nudge, said.tag, tags),
                "text_en": nudge_en(nudge),
            }
            for nudge in said.nudges
        ],
        "confidence": None if said.confidence is None else str(said.confidence),
        "least_fresh_source": said.least_fresh_source,
        "notes": said.notes,
    }
