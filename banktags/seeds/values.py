"""A value of a seed by the type of its column: what it says, or why it says nothing.

Numbers and dates have one spelling, so that what a spreadsheet makes of them (5%, 1,000, 2026/1/1) is refused and never
read as something else.
"""

import datetime
import re
import unicodedata
from decimal import Decimal

#: The text that dbt reads as no value.
NULL = "null"
WHOLE = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: What the largest column of whole numbers holds.
LARGEST = {"int": 2**31 - 1, "bigint": 2**63 - 1}
#: First year that a date may have, and the first that it may not.
YEARS = range(1900, 2200)


def is_empty(value: str) -> bool:
    """Whether dbt reads the value as none."""
    return value == "" or value.lower() == NULL


def text_fault(value: str) -> tuple[str, str] | None:
    """Blanks around a text and characters that nobody sees: what is wrong, and the remedy."""
    if value != value.strip():
        return "has a blank before or after it", f"Write {value.strip()!r} without the blank"
    hidden = [character for character in value if unicodedata.category(character) in ("Cc", "Cf")]
    if hidden:
        return f"has a character that cannot be seen (U+{ord(hidden[0]):04X})", "Write the value anew"
    return None


def value_fault(value: str, data_type: str) -> tuple[str, str] | None:
    """What a value must be and is not, and the remedy; None when it is of its type."""
    base = data_type.split("(")[0]
    if base in ("int", "bigint"):
        if not WHOLE.fullmatch(value):
            return "must be a whole number", _number_remedy(value, whole=True)
        if abs(int(value)) > LARGEST[base]:
            return f"must be a whole number of at most {LARGEST[base]}", "Correct the value"
        return None if value != "-0" else ("must be a whole number", "Write 0")
    if base in ("double", "decimal"):
        if not PLAIN.fullmatch(value):
            return "must be a number", _number_remedy(value, whole=False)
        if value.startswith("-") and not Decimal(value):
            return "must be a number", "Write 0"
        return _digits_fault(value, data_type) if base == "decimal" else None
    if base == "date":
        return None if _is_date(value) else ("must be a date, as YYYY-MM-DD", _date_remedy(value))
    if base == "boolean" and value not in ("true", "false"):
        meant = value.lower()
        return "must be true or false", f"Write {meant}" if meant in ("true", "false") else "Write true or false"
    return None


def number_of(value: str) -> Decimal | None:
    """The number that a value says; None where it says none."""
    return Decimal(value) if PLAIN.fullmatch(value) else None


def _digits_fault(value: str, data_type: str) -> tuple[str, str] | None:
    """A decimal of more digits than its column holds would be rounded, or stop the build."""
    digits, places = map(int, re.findall(r"\d+", data_type))
    whole, _, fraction = value.lstrip("-").partition(".")
    if len(fraction.rstrip("0")) > places:
        return f"must be a number of at most {places} decimals", f"Round it to {places} decimals"
    if len(whole) > digits - places:
        return f"must be a number of at most {digits - places} digits before the point", "Correct the value"
    return None


def _number_remedy(value: str, whole: bool) -> str:
    """How the number that somebody meant is written."""
    text = unicodedata.normalize("NFKC", value).replace("，", ",").strip()
    kind = "Write a whole number, as 30" if whole else "Write a plain number, as 0.05"
    if match := re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*%", text):
        return f"Write {_plain(Decimal(match[1]) / 100)}, without the percent sign"
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return f"Write {text.replace(',', '')}, without separators"
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", text, re.IGNORECASE):
        number = Decimal(text)
        if not whole or number == number.to_integral_value():
            return f"Write {_plain(number)}"
    return kind


def _plain(number: Decimal) -> str:
    """A number without exponent, without zeros at its end."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _is_date(value: str) -> bool:
    if not DATE.fullmatch(value):
        return False
    try:
        return datetime.date.fromisoformat(value).year in YEARS
    except ValueError:
        return False


def _date_remedy(value: str) -> str:
    """The date that a spreadsheet has written in its own way, or no end that a person has."""
    if value.startswith("9999-"):
        return "Leave it empty: that is no end"
    match = re.fullmatch(
        r"([0-9]{4})[/.年-]([0-9]{1,2})[/.月-]([0-9]{1,2})日?( 0?0:00(:00)?)?", value.strip(), re.ASCII
    )
    if match:
        meant = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
        if _is_date(meant):
            return f"Write {meant}"
    return "Write it as 2026-06-30"
