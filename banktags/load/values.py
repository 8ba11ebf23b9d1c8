"""What a delivered text says, as SQL: invisible signs at its ends are no part of it, and words for nothing are nothing.

The rules hold for every text column of CSV and Parquet alike:

- blanks and invisible signs (tab, line end, NBSP, BOM, zero-width space …) at either end of a value are taken off;
- a word by which systems write "nothing" (``NOTHING``) is an empty value;
- a key or a reference with an invisible sign inside, and any text that a spreadsheet has turned into a number with an
  exponent, is refused.
"""

import unicodedata

from banktags.contract import Column, Table
from banktags.load.extract import literal, quoted

#: Words for "nothing", compared without case: what systems and tools write for an empty value. ``NA`` is not among
#: them: it is Namibia's country code; nor is ``NONE``, which is a code. ``NaN`` is, but not in a column of numbers, where
#: it is a failed calculation.
NOTHING = {
    "\\n": "MySQL, Hive and PostgreSQL extracts",
    "null": "SQL tools, Hive",
    "(null)": "SQL Server and Oracle tools",
    "<null>": "SQL clients",
    "[null]": "SQL clients",
    "nan": "pandas, NumPy",
    "<na>": "pandas",
    "nat": "pandas, dates",
    "n/a": "spreadsheets, by hand",
    "#n/a": "spreadsheets, a look-up without result",
    "#null!": "spreadsheets, an error",
    "#ref!": "spreadsheets, an error",
    "#value!": "spreadsheets, an error",
    "#name?": "spreadsheets, an error",
    "#div/0!": "spreadsheets, an error",
    "-": "reports, by hand",
    "--": "reports, by hand",
}
#: Of a column of numbers.
NUMBERS = ("int", "bigint", "double", "decimal")
#: RE2 class of what nobody sees: separators, control signs, format signs (BOM, zero-width space, direction marks).
INVISIBLE = r"[\p{Z}\p{Cc}\p{Cf}]"
#: The same without the plain blank, and with full-width letters and digits: what no key holds.
NOT_IN_A_KEY = r"[\p{Zl}\p{Zp}\p{Cc}\p{Cf}\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}\x{FF01}-\x{FF5E}]"
#: 6.22202E+18, 6,22202E+18, 1E+18; and 6222020000000001.0, a key that passed through a column of floating numbers.
SPREADSHEET_NUMBER = r"[+-]?\d+([.,]\d*[eE][+-]?|[eE]\+)\d+|\d{5,}\.0+"


def visible(name: str) -> str:
    """A text without blanks and invisible signs at its ends, as ``trimmed`` does it in SQL."""
    begin, end = 0, len(name)
    while begin < end and _is_invisible(name[begin]):
        begin += 1
    while begin < end and _is_invisible(name[end - 1]):
        end -= 1
    return name[begin:end]


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) in ("Zs", "Zl", "Zp", "Cc", "Cf")


def trimmed(column: Column) -> str:
    """SQL of a delivered value as text, without what nobody sees at its ends."""
    return f"regexp_replace(cast({quoted(column.name)} as varchar), '^{INVISIBLE}+|{INVISIBLE}+$', '', 'g')"


def says_nothing(column: Column) -> str:
    """SQL that is true where a value is a word for nothing; not for an empty text."""
    words = [word for word in NOTHING if word != "nan" or column.data_type.partition("(")[0] not in NUMBERS]
    return f"lower({trimmed(column)}) in ({', '.join(map(literal, words))})"


def text(column: Column) -> str:
    """SQL of a delivered value as text; null when it is empty or a word for nothing."""
    return f"case when not {says_nothing(column)} then nullif({trimmed(column)}, '') end"


def is_identifier(column: Column, table: Table) -> bool:
    """Whether a column names somebody or something: a key, a reference, an account, card or document number."""
    return column.data_type == "string" and (
        column.name in table.primary_key or column.references is not None or column.name.endswith(("_id", "_no"))
    )
