"""Quality figures and distributions as the site may show them: no figure about a handful of customers, no raw value."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from banktags.catalogue.site.governance import Bin

#: A figure about fewer customers than this could point at a person, and the site is a file that leaves the warehouse.
MIN_CUSTOMERS = 20
#: Bars that still read as one picture.
MAX_BARS = 24
#: Figures of tag_quality that the site shows. Lowest, highest and unexpected values are a customer's own: never shown.
SHOWN = (
    "customers",
    "distinct_values",
    "out_of_dictionary_customers",
    "previous_date",
    "psi_since_previous",
    "relative_change_since_previous",
    "reference_date",
    "psi_since_reference",
    "status",
)


def quality(figures: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Figures of one tag; None when the last build has not measured it.

    ``coverage`` is a bound (``coverage_is``: more, less) when only a handful of customers makes the difference, and
    ``out_of_dictionary_customers`` is then "<20".
    """
    if figures is None:
        return None
    known, customers = figures["known_customers"], figures["customers"]
    bound = MIN_CUSTOMERS / customers if customers else 0.0
    coverage, relation = figures["coverage"], "equal"
    if 0 < known < MIN_CUSTOMERS:
        coverage, relation = bound, "less"
    elif 0 < customers - known < MIN_CUSTOMERS:
        coverage, relation = 1 - bound, "more"
    shown = {name: figures[name] for name in SHOWN}
    if 0 < (shown["out_of_dictionary_customers"] or 0) < MIN_CUSTOMERS:
        shown["out_of_dictionary_customers"] = f"<{MIN_CUSTOMERS}"
    return shown | {"coverage": coverage, "coverage_is": relation}


def confidence(figures: Mapping[str, Any] | None) -> dict[str, Any]:
    """How far the values of one tag are trusted; ``customers`` below 1 is None for all, and may be "<20"."""
    if figures is None:
        return {"lowest": 1.0}
    customers = figures["customers"]
    few = customers is not None and customers < MIN_CUSTOMERS
    return {
        "lowest": figures["lowest"],
        "customers": f"<{MIN_CUSTOMERS}" if few else customers,
        "source": figures["source"],
    }


def distribution(bins: Iterable[Bin], labels: Mapping[str, str], is_whole: bool) -> dict[str, Any] | None:
    """Bars of one tag, and how many customers are in bins too small to show; None when its values are not to be shown.

    Args:
        bins: of the last build.
        labels: Chinese label by value, in the order of the dictionary.
        is_whole: whether the tag is a whole number, so that a bin below 10 is one number.
    """
    bins = list(bins)
    if not bins or any(each.kind == "bucket" for each in bins):
        return None
    shown, others = publishable(without_small_steps(coarse(bins)))
    order = {value: position for position, value in enumerate(labels)}
    shown.sort(
        key=lambda each: (each.kind == "unknown", each.floor or 0, order.get(each.value, len(order)), each.value)
    )
    bars = [{"label": _label(each, labels, is_whole), "kind": each.kind, "customers": each.customers} for each in shown]
    return {"bars": bars, "others": others}


def publishable(bins: Iterable[Bin]) -> tuple[list[Bin], int]:
    """Bins that may be shown, and the customers in the others.

    A lone small bin could be had by subtraction, so the others take in the next smallest bins until they have
    ``MIN_CUSTOMERS`` too.
    """
    kept, others = [], 0
    for each in sorted(bins, key=lambda each: each.customers):
        if each.customers < MIN_CUSTOMERS or 0 < others < MIN_CUSTOMERS:
            others += each.customers
        else:
            kept.append(each)
    return kept, others


def without_small_steps(bins: list[Bin]) -> list[Bin]:
    """Bins of numbers with the small ones joined to the one below, or at the low end to the one above."""
    joined: list[Bin] = []
    for each in (each for each in bins if each.floor is not None):
        if joined and min(each.customers, joined[-1].customers) < MIN_CUSTOMERS:
            joined[-1] = replace(joined[-1], value="", customers=joined[-1].customers + each.customers)
        else:
            joined.append(each)
    return joined + [each for each in bins if each.floor is None]


def coarse(bins: list[Bin]) -> list[Bin]:
    """Bins of numbers, merged to steps of 1, 2 and 5, or else of 10, where there are too many for one picture."""
    for steps in ((1, 2, 5), (1,)):
        if len(bins) <= MAX_BARS:
            break
        merged: Counter[float] = Counter()
        for each in bins:
            if each.floor is not None:
                merged[_step_below(each.floor, steps)] += each.customers
        numbers = [Bin(bins[0].kind, "", customers, floor) for floor, customers in sorted(merged.items())]
        bins = numbers + [each for each in bins if each.floor is None]
    return bins


def _step_below(floor: float, steps: tuple[int, ...]) -> float:
    """Largest step times a power of ten that is not above the number: 300 is 200 in steps of 1, 2, 5; −300 is −500."""
    if floor == 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(abs(floor)) + 1e-9)
    digit = round(abs(floor) / power)
    if floor > 0:
        return float(f"{max(step for step in steps if step <= digit) * power:.6g}")
    return -float(f"{min(step for step in (*steps, 10) if step >= digit) * power:.6g}")


def _label(each: Bin, labels: Mapping[str, str], is_whole: bool) -> str:
    if each.kind == "unknown":
        return "空值 null"
    if each.kind == "value":
        return f"{labels[each.value]} {each.value}" if each.value in labels else each.value
    number = f"{each.floor:,.6g}" if abs(each.floor) < 1 else f"{each.floor:,.0f}"
    if each.kind == "months":
        return "本月 this month" if each.floor == 0 else f"≥ {number.replace('-', '−')} 个月 months"
    return number if is_whole and each.value == number and 0 <= each.floor < 10 else f"≥ {number.replace('-', '−')}"
