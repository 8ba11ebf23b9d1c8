"""Values of tags as a reader takes them in: labels, amounts in the base currency, numbers with their units."""

from decimal import Decimal, InvalidOperation

from banktags.pages.currency import YUAN, Currency
from banktags.pages.numbers import percent
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
