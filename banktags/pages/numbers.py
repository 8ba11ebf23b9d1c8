"""Numbers as a Chinese banker reads them."""

from decimal import Decimal

Number = int | float | Decimal
NONE = "—"


def count(value: Number | None) -> str:
    """12,345."""
    return NONE if value is None else f"{value:,.0f}".replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    """A share as 12.3%; what is not nothing never looks like it."""
    if share is None:
        return NONE
    least = 10.0 ** -(digits + 2)
    return f"<{least:.{digits}%}" if 0 < share < least / 2 else f"{share:.{digits}%}".replace("-", "−")


def amount(value: Number | None) -> str:
    """An amount as 12.34亿, 5,678万 or 910, to four digits or so."""
    if value is None:
        return NONE
    size = abs(float(value))
    if size >= 99_995_000:
        text = f"{float(value) / 1e8:,.2f}亿"
    elif size >= 9_999.5:
        text = f"{float(value) / 1e4:,.{0 if size >= 999_950 else 1}f}万"
    else:
        text = f"{float(value):,.0f}"
    return text.replace("-", "−")


def exact(value: Number | None) -> str:
    """An amount to its last digit, such as a bound: 800万, 1.2亿, 5.5万, 14,359."""
    if value is None:
        return NONE
    size = round(float(value), 6)
    for unit, name in ((1e8, "亿"), (1e4, "万")):
        # Four decimals of 亿 and two of 万 still read as one number; what is finer is written out.
        if abs(size) >= unit and round(size / unit, 2 if unit == 1e4 else 4) == round(size / unit, 10):
            return f"{size / unit:,.10g}{name}".replace("-", "−")
    return f"{size:,.12g}".replace("-", "−")


def signed(text: str) -> str:
    """A formatted number with its sign: +1,234."""
    return text if text.startswith(("−", NONE)) or not text.strip("0.,%万亿") else f"+{text}"


def points(difference: float | None) -> str:
    """A difference of two shares, in percentage points, with its sign."""
    if difference is None:
        return NONE
    return signed(f"{round(difference * 100, 2) + 0:.2f}".replace("-", "−"))


def p_value(p: float | None) -> str:
    """0.026, or <0.001."""
    if p is None:
        return NONE
    return "<0.001" if p < 0.001 else f"{p:.3f}"
