"""What a delivered text says, as SQL: invisible signs at its ends are no part of it, and words for nothing are nothing.

The rules hold for every text column of CSV and Parquet alike:

- blanks and invisible signs (tab, line end, NBSP, BOM, zero-width space …) at either end of a value are taken off;
- a word by which systems write "nothing" (texts of seed ``unknown_sentinels``) is an empty value;
- a key or a reference with an invisible sign inside, and any text that a spreadsheet has turned into a number with an
  exponent, is refused.
"""

import unicodedata
from functools import cache

from banktags.contract import Column, Table
from banktags.load.extract import Extract, file_literal, literal, quoted
from banktags.seeds.rows import read_rows

#: The word that is not nothing in a column of numbers, where it is a failed calculation.
FAILED_CALCULATION = "NAN"
#: DuckDB types of texts.
TEXT_TYPES = ("VARCHAR", "ENUM")
#: Contract types of numbers.
NUMBERS = ("int", "bigint", "double", "decimal")
#: RE2 class of what nobody sees: separators, control signs, format signs (BOM, zero-width space, direction marks).
INVISIBLE = r"[\p{Z}\p{Cc}\p{Cf}]"
#: The same without the plain blank, and with full-width letters and digits: what no key holds.
NOT_IN_A_KEY = r"[\p{Zl}\p{Zp}\p{Cc}\p{Cf}\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}\x{FF01}-\x{FF5E}]"
#: 6.22202E+18, 6,22202E+18, 1E+18; and 6222020000000001.0, a key that passed through a column of floating numbers.
SPREADSHEET_NUMBER = r"[+-]?\d+([.,]\d*[eE][+-]?|[eE]\+)\d+|\d{5,}\.0+"


def visible(name: str) -> str:
    """A text without blanks and invisible signs at its ends, as ``cleaned`` does it in SQL."""
    begin, end = 0, len(name)
    while begin < end and _is_invisible(name[begin]):
        begin += 1
    while begin < end and _is_invisible(name[end - 1]):
        end -= 1
    return name[begin:end]


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) in ("Zs", "Zl", "Zp", "Cc", "Cf")


def cleaned(extract: Extract, table: Table) -> str:
    """FROM item: the rows of a file with ``file_row_number``; its texts as what they say, null for nothing."""
    texts = _texts(extract, table)
    says = ", ".join(
        f"case when not {_says_nothing(column)} then nullif({quoted(column.name)}, '') end as {quoted(column.name)}"
        for column in texts
    )
    return f"(select * {says and f'replace ({says})'} from {_trimmed(extract, texts)})"


def words_for_nothing(extract: Extract, table: Table) -> str:
    """SELECT of column names and in how many rows of a file each holds a word for nothing, where it may be empty."""
    texts = [column for column in _texts(extract, table) if column.nullable]
    counts = [f"count(*) filter ({_says_nothing(column)}) as {quoted(column.name)}" for column in texts]
    return f"select {', '.join(counts) or '0 as none'} from {_trimmed(extract, texts)}"


def _texts(extract: Extract, table: Table) -> list[Column]:
    return [column for column in table.columns if extract.columns.get(column.name, "").startswith(TEXT_TYPES)]


def _trimmed(extract: Extract, texts: list[Column]) -> str:
    """FROM item: the rows of a file, its texts without what nobody sees at their ends."""
    ends = ", ".join(
        f"regexp_replace(cast({name} as varchar), '^{INVISIBLE}+|{INVISIBLE}+$', '', 'g') as {name}"
        for name in (quoted(column.name) for column in texts)
    )
    rows = f"read_parquet({file_literal(extract.parquet)}, file_row_number = true, hive_partitioning = false)"
    return f"(select * {ends and f'replace ({ends})'} from {rows})"


@cache
def no_texts() -> tuple[str, ...]:
    """Words for nothing in capitals, as staging knows them: seed ``unknown_sentinels``, each between bars."""
    return tuple(row["value"].strip("|") for row in read_rows("unknown_sentinels") if row["kind"] == "text")


def _says_nothing(column: Column) -> str:
    """SQL that is true where a trimmed text is a word for nothing; not for an empty text."""
    is_number = column.data_type.partition("(")[0] in NUMBERS
    words = [word for word in no_texts() if word != FAILED_CALCULATION or not is_number]
    return f"upper({quoted(column.name)}) in ({', '.join(map(literal, words))})"


def is_identifier(column: Column, table: Table) -> bool:
    """Whether a column names somebody or something: a key, a reference, an account, card or document number."""
    return column.data_type == "string" and (
        column.name in table.primary_key or column.references is not None or column.name.endswith(("_id", "_no"))
    )
