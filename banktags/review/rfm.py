"""How the RFM classes lie over the tiers, by the method that decides and by the other beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from banktags.pages.numbers import count, percent
from banktags.review.figures import Review
from banktags.review.words import bound
from banktags.warehouse import Row

METHODS = {"bands": "固定分档", "quintile": "五分位"}
METHODS_ENGLISH = {"bands": "by the bands of policy", "quintile": "by fifths of the customers"}
MEASURES = {
    "activity_recency_days": "最近交易在{}天内",
    "activity_monthly_avg_365d": "月均交易{}次及以上",
    "product_use_monthly_avg_365d": "月均使用产品{}次及以上",
    "aum_month_avg": "月日均AUM {}及以上",
    "activity_amount_365d": "年累计交易金额{}及以上",
}
AXES = {"recency": "R高", "frequency": "F高", "monetary": "M高"}
#: The classes that the documents call those of 私行及贵宾, and those to be woken up.
TOLD = {"important_value": "", "important_retention": "（需激活）"}


@dataclass(frozen=True)
class Method:
    """One way to part the customers: its cells by tier and by class, the highest tier and the best class first."""

    name: str
    name_english: str
    tiers: list[list[Row]]
    classes: list[list[Row]]

    @property
    def customers(self) -> int:
        """Customers whom RFM applies to."""
        return sum(cell["customers"] for row in self.tiers for cell in row)


@dataclass(frozen=True)
class Spread:
    """Both methods, the deciding one first, with what it means by high and what stands out."""

    methods: list[Method]
    bounds: str
    lead: str


def spread(review: Review) -> Spread:
    """The classes over the tiers, of a review that has them; customers without a tier are shown if there are any."""
    empty = {
        tier
        for tier in {cell["tier"] for cell in review.rfm if cell["tier_rank"] == 0}
        if not any(cell["customers"] for cell in review.rfm if cell["tier"] == tier)
    }
    cells = [cell for cell in review.rfm if cell["tier"] not in empty]
    methods = [_method(method, list(rows)) for method, rows in groupby(cells, key=lambda cell: cell["scoring_method"])]
    return Spread(methods, _bounds(review), _lead(methods[0]))


def _method(method: str, cells: Sequence[Row]) -> Method:
    by_class = sorted(cells, key=lambda cell: _place(cell["rfm_pattern"]))
    return Method(
        METHODS[method],
        METHODS_ENGLISH[method],
        [
            sorted(rows, key=lambda cell: _place(cell["rfm_pattern"]))
            for _, rows in groupby(cells, key=lambda cell: cell["tier"])
        ],
        [list(rows) for _, rows in groupby(by_class, key=lambda cell: cell["rfm_class"])],
    )


def _place(pattern: str) -> tuple[bool, bool, bool]:
    """Where a class stands: those of much money first, then the recent, then the frequent."""
    recency, frequency, monetary = (digit == "0" for digit in pattern)
    return monetary, recency, frequency


def _bounds(review: Review) -> str:
    """What high means: R高：最近交易在30天内；F高：月均交易5次及以上；M高：月日均AUM 20万元及以上。"""
    found = {row["axis"]: row for row in review.rfm_bounds}
    parts = []
    for axis, name in AXES.items():
        row = found.get(axis)
        if row is None:
            parts.append(f"{name}：没有客户")
            continue
        value = row["value_to"] if axis == "recency" else row["value_from"]
        if value is None:
            parts.append(f"{name}：所有客户")
            continue
        digits = float(f"{value:.4g}")  # a fifth begins at any value, and nobody reads seven digits
        text = f"{bound(digits)}{review.currency.unit_zh}" if axis == "monetary" else f"{digits:g}"
        parts.append(f"{name}：{MEASURES[row['measure']].format(text)}")
    return "；".join(parts) + "。"


def _lead(method: Method) -> str:
    """Where the customers of the best class are, and how many are to be woken up."""
    sentences = []
    for row in method.classes:
        cells = [cell for cell in row if cell["customers"]]
        if row[0]["rfm_class"] not in TOLD:
            continue
        total = sum(cell["customers"] for cell in cells)
        where = "、".join(
            f"{cell['tier_name']}{count(cell['customers'])}户（{percent(cell['share_of_class'])}）" for cell in cells
        )
        name = f"{row[0]['rfm_class_name']}{TOLD[row[0]['rfm_class']]}"
        sentences.append(f"{name}{count(total)}户" + (f"：{where}" if cells else ""))
    return "；".join(sentences) + "。"
