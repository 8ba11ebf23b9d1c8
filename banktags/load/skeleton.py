"""Skeleton of a mapping: which delivered column may fill which column of the contract, and the SELECT that says so.

Names are compared with those of the contract and with ``column_aliases.csv`` (English names, Chinese names, pinyin
initials); the values of a column then confirm a guess or weaken it, and say how dates, amounts and codes are written.
Everything that a person has to fill in is marked FILL, everything to look over CHECK.
"""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import duckdb

from banktags.contract import KNOWN_AT, PARTITION, Column, Table
from banktags.load.damage import is_strange
from banktags.load.delivery import stem
from banktags.load.extract import Extract, file_literal, literal, quoted
from banktags.load.mapping import VALUE_FOR_A_NAME
from banktags.seeds.rows import read_rows

ALIASES = Path(__file__).with_name("column_aliases.csv")
#: Rows of a file from which the forms of its values are read.
SAMPLE_ROWS = 5000
#: Share of the values that have a form, from which on the column has it.
MOST = 0.95
#: Likeness (0 to 1) from which on a column is proposed.
LIKE = 0.75
#: Share of what a table needs that a file has to have, to be proposed for it.
ENOUGH = 0.4
#: Different codes of a column that are written into the skeleton, and what one may look like: a short word or a number.
LISTED_CODES = 30
CODE = re.compile(r"[A-Z][A-Z_]*|[A-Z]{0,3}[0-9]{1,5}", re.ASCII)
#: Tables that no system delivers but the bank's own people and the loader.
NOT_PROPOSED = ("core.batches", "governance.tag_requests", "governance.tag_reviews", "governance.query_log")
#: Words of column names that mean the same.
SAME_WORDS = {
    "customer": ["cust", "client", "party", "kunde"],
    "account": ["acct", "acc", "acnt", "konto"],
    "product": ["prod"],
    "transaction": ["trans", "txn", "tran", "trx", "posting"],
    "date": ["dt", "day", "datum"],
    "id": ["no", "num", "nr", "number", "code", "key"],
    "amount": ["amt", "sum", "value"],
    "balance": ["bal"],
    "type": ["kind", "typ"],
    "mobile": ["phone", "cell"],
    "currency": ["ccy", "curr", "cur"],
    "opened": ["open", "opening"],
    "closed": ["close", "closing"],
}
WORDS = {word: meaning for meaning, words in SAME_WORDS.items() for word in words}
#: Texts by which systems write "no date".
NO_DATES = ("00000000", "0", "0000-00-00")
#: Forms of days and times: strptime format and pattern. Of day and month that cannot be told apart the day is first.
DAYS = {
    "%Y-%m-%d": r"\d{4}-\d{2}-\d{2}( 00:00:00)?",
    "%Y%m%d": r"(1[89]|2\d)\d{2}(0\d|1[0-2])[0-3]\d",
    "%d.%m.%Y": r"\d{1,2}\.\d{1,2}\.\d{4}",
    "%Y/%m/%d": r"\d{4}/\d{1,2}/\d{1,2}",
    "%Y.%m.%d": r"\d{4}\.\d{1,2}\.\d{1,2}",
    "%Y年%m月%d日": r"\d{4}年\d{1,2}月\d{1,2}日",
    "%d/%m/%Y": r"([0-2]?\d|3[01])/(0?\d|1[0-2])/\d{4}",
    "%m/%d/%Y": r"(0?\d|1[0-2])/([0-2]?\d|3[01])/\d{4}",
}
CLOCKS = {"%H:%M:%S": r"\d{2}:\d{2}:\d{2}", "%H:%M": r"\d{2}:\d{2}", "%H%M%S": r"([01]\d|2[0-3])[0-5]\d[0-5]\d"}
PLAIN_TIME = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
TIMES = {
    "%Y%m%d%H%M%S": r"(1[89]|2\d)\d{12}",
    **{
        f"{day} {clock}": f"{DAYS[day].removesuffix('( 00:00:00)?')} {CLOCKS[clock]}"
        for day in DAYS
        for clock in CLOCKS
    },
}
#: Forms of numbers: SQL that makes a plain number of a column, and pattern.
NUMBERS = {
    "{}": r"[+-]?\d+(\.\d+)?",
    "replace({}, ',', '')": r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?",
    "replace(replace({}, '.', ''), ',', '.')": r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+",
    "replace(replace({}, ' ', ''), ',', '.')": r"[+-]?\d{1,3}( \d{3})*(,\d+)?",
    "rtrim({}, '%')::double / 100": r"[+-]?\d+(\.\d+)?%",
}
TRUE, FALSE = {"true", "1", "y", "yes", "t", "是", "有", "有效"}, {"false", "0", "n", "no", "f", "否", "无", "无效"}


@dataclass(frozen=True)
class Skeleton:
    """One SQL file: what it selects from, and how much of it a person has to fill in or look over."""

    table: Table
    extract: Extract
    sql: str
    matched: int
    fills: int
    checks: int


@dataclass(frozen=True)
class _Values:
    """What a delivered column looks like: its values in the sample, empty ones left out, and whether it is text."""

    name: str
    sample: tuple[str, ...]
    is_text: bool

    def have(self, pattern: str, without: tuple[str, ...] = ()) -> bool:
        """Whether most values match; a column without values has no form."""
        values = [value for value in self.sample if value not in without]
        return bool(values) and sum(bool(re.fullmatch(pattern, value)) for value in values) >= MOST * len(values)

    def form(self, forms: dict[str, str], without: tuple[str, ...] = ()) -> str | None:
        return next((form for form, pattern in forms.items() if self.have(pattern, without)), None)


@cache
def _aliases() -> dict[tuple[str, str], set[str]]:
    with ALIASES.open(encoding="utf-8", newline="") as rows:
        return {
            (row["table"], row["column"]): {
                form for alias in row["aliases"].split() for form in (_plain(alias), _same(alias))
            }
            for row in csv.DictReader(rows)
        }


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _same(name: str) -> str:
    """The words of a name in any order, those that mean the same written alike: ``id+customer``."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+", name)
    return "+".join(sorted(WORDS.get(part.lower(), part.lower()) for part in parts))


def name_likeness(name: str, column: str, table: Table) -> float:
    """How much a delivered name (0 to 1) is like a column of the contract."""
    forms = {_plain(name), _same(name)}
    if _plain(name) == _plain(column):
        return 1.0
    if forms & _aliases().get((table.qualified_name, column), set()):
        return 0.97
    if forms & _aliases().get(("", column), set()):
        return 0.95
    if _same(name) == _same(column):
        return 0.9
    return 0.85 * SequenceMatcher(None, _plain(name), _plain(column)).ratio()


def _table_likeness(extract: Extract, table: Table) -> float:
    """How much a file's name is that of a table."""
    name = re.sub(r"[\W_]*\d{4,}[\W_]*", "", _view(extract))
    if _plain(name) in {_plain(table.qualified_name), _plain(table.name)}:
        return 1.0
    if _plain(name) in _aliases().get((table.qualified_name, ""), set()):
        return 0.97
    return 0.6 * SequenceMatcher(None, _plain(name), _plain(table.name)).ratio()


def _view(extract: Extract) -> str:
    return stem(extract.name)


def _rows(extract: Extract) -> str:
    return f"read_parquet({file_literal(extract.parquet)}, hive_partitioning = false)"


def _read_values(con: duckdb.DuckDBPyConnection, extract: Extract) -> dict[str, _Values]:
    columns = ", ".join(f"cast({quoted(name)} as varchar) as {quoted(name)}" for name in extract.columns)
    rows = con.execute(f"select {columns} from {_rows(extract)} limit {SAMPLE_ROWS}").fetchall()
    sampled = zip(*rows, strict=True) if rows else [()] * len(extract.columns)
    return {
        name: _Values(name, tuple(text.strip() for text in values if text and text.strip()), kind == "VARCHAR")
        for (name, kind), values in zip(extract.columns.items(), sampled, strict=True)
    }


def _fits(values: _Values, column: Column) -> bool:
    """Whether the values may be what the contract's type wants; an empty column may be anything."""
    if not values.sample:
        return True
    kind = column.data_type.partition("(")[0]
    if kind == "date":
        return bool(values.form(DAYS, NO_DATES) or values.have(PLAIN_TIME) or values.form(TIMES, NO_DATES))
    if kind == "timestamp":
        return bool(values.have(PLAIN_TIME) or values.form({**TIMES, **DAYS, **CLOCKS}, NO_DATES))
    if kind == "boolean":
        return {value.lower() for value in values.sample} <= TRUE | FALSE
    if kind in ("int", "bigint", "decimal", "double"):
        return values.form(NUMBERS) is not None
    return True


def _pairs(values: dict[str, _Values], table: Table) -> dict[str, tuple[str, float]]:
    """The delivered column for each column of the contract, and how sure that is; the surest are taken first."""
    likeness = [
        (name_likeness(name, column.name, table) * (1 if _fits(found, column) else 0.6), column.name, name)
        for column in table.columns
        if column.name not in (KNOWN_AT, PARTITION)
        for name, found in values.items()
    ]
    pairs: dict[str, tuple[str, float]] = {}
    taken = set()
    for like, column, name in sorted(likeness, key=lambda pair: (-pair[0], pair[1:])):
        if like >= LIKE and column not in pairs and name not in taken:
            pairs[column] = (name, like)
            taken.add(name)
    return pairs


def _share(table: Table, pairs: dict[str, tuple[str, float]], extract: Extract) -> float:
    """How much of what a table needs a file has; columns of the key weigh most, and the file's name counts."""
    weights = {
        column.name: 2.0 if column.name in table.primary_key else 0.3 if column.nullable else 1.0
        for column in table.columns
        if column.name not in (KNOWN_AT, PARTITION)
    }
    found = sum(weights[column] * like for column, (_, like) in pairs.items())
    return found / sum(weights.values()) + 0.5 * _table_likeness(extract, table)


def skeletons(
    con: duckdb.DuckDBPyConnection, extracts: list[Extract], contract: dict[str, Table]
) -> tuple[list[Skeleton], list[str]]:
    """A skeleton for each table of the contract that a file is like; and the names of the files that are like none."""
    values = {extract: _read_values(con, extract) for extract in extracts}
    ranked = []
    for extract in extracts:
        for table in contract.values():
            if table.qualified_name in NOT_PROPOSED:
                continue
            pairs = _pairs(values[extract], table)
            share = _share(table, pairs, extract)
            if share >= ENOUGH and any(column in pairs for column in table.primary_key):
                ranked.append((share, table.qualified_name, extract, pairs))
    chosen: dict[Extract, tuple[Table, dict]] = {}
    more: dict[str, list[str]] = defaultdict(list)
    for _, name, extract, pairs in sorted(ranked, key=lambda row: (-row[0], row[1], row[2].name)):
        if extract in chosen:
            continue
        if any(table.qualified_name == name for table, _ in chosen.values()):
            more[name].append(extract.name)
            continue
        chosen[extract] = contract[name], pairs
    written = [
        _skeleton(con, table, extract, values[extract], pairs, more[table.qualified_name])
        for extract, (table, pairs) in chosen.items()
    ]
    return written, [extract.name for extract in extracts if extract not in chosen]


def _skeleton(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    extract: Extract,
    values: dict[str, _Values],
    pairs: dict[str, tuple[str, float]],
    more: list[str],
) -> Skeleton:
    columns = [column for column in table.columns if column.name not in (KNOWN_AT, PARTITION)]
    used = {name for name, _ in pairs.values()}
    lines = []
    for number, column in enumerate(columns):
        name, like = pairs.get(column.name, (None, 0.0))
        if name is None:
            expression = "null"
            comment = "" if column.nullable else f"FILL: every row needs it. {column.description}"
        else:
            day = pairs.get(table.business_date, (None,))[0]
            expression, comment = _expression(con, extract, table, column, values[name], values.get(day))
            if like < 0.9 or not _fits(values[name], column):
                comment = f"CHECK: is it that? {column.description} {comment}".strip()
        comma = "," if number < len(columns) - 1 else ""
        lines.append(f"    {expression} as {column.name}{comma}" + (f"  -- {comment}" if comment else ""))
    unused = [name for name in values if name not in used]
    # Where a file has no header, its names are a row of values.
    named = [name for name in unused if not VALUE_FOR_A_NAME.search(name)]
    if len(named) < len(unused):
        named.append(f"{len(unused) - len(named)} columns that are called like values")
    head = [f"-- {table.qualified_name} from {extract.name}: {table.description}"]
    if more:
        head.append(f"-- Like it too, and not selected: {', '.join(more)}. Add what belongs by UNION ALL BY NAME.")
    if named:
        head.append(f"-- Not used: {', '.join(named)}.")
    open_columns = [column.name for column in columns if column.name not in pairs]
    if open_columns:
        head.append(f"-- Without a column like it: {', '.join(open_columns)}.")
    text = "\n".join(lines)
    sql = "\n".join([*head, "select", text, f"from {_identifier(_view(extract))}", ""])
    return Skeleton(table, extract, sql, len(pairs), text.count("FILL"), text.count("CHECK"))


def _identifier(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and not _is_keyword(name) else quoted(name)


@cache
def _keywords() -> set[str]:
    return {word for (word,) in duckdb.execute("select keyword_name from duckdb_keywords()").fetchall()}


def _is_keyword(name: str) -> bool:
    return name.lower() in _keywords()


def _expression(
    con: duckdb.DuckDBPyConnection,
    extract: Extract,
    table: Table,
    column: Column,
    values: _Values,
    day: _Values | None,
) -> tuple[str, str]:
    """SQL that makes the contract's column of a delivered one, and what is to be said about it.

    ``day`` is the column of the table's business date, which a mere time of day belongs to.
    """
    name = _identifier(values.name)
    if not values.is_text and column.data_type != "string":
        return name, ""
    kind = column.data_type.partition("(")[0]
    if kind == "date":
        return _day(name, values)
    if kind == "timestamp":
        clock = values.form(CLOCKS)
        if clock and day:
            time = f"cast(strptime({name}, {literal(clock)}) as time)"
            date = _day(_identifier(day.name), day)[0]
            return f"{date if date.startswith('cast(') else f'cast({date} as date)'} + {time}", ""
        form = None if values.have(PLAIN_TIME) else values.form({**TIMES, **DAYS}, NO_DATES)
        return (f"strptime({name}, {literal(form)})", "") if form else (name, "")
    if kind == "boolean":
        found = {value.lower() for value in values.sample}
        if found <= {"true", "false", "1", "0"}:
            return name, ""
        yes = ", ".join(map(literal, sorted(found & TRUE))) or "'true'"
        return f"lower({name}) in ({yes})", "CHECK: which values mean yes"
    if kind in ("int", "bigint", "decimal", "double"):
        form = values.form(NUMBERS) or "{}"
        return form.format(name), ""
    if column.codes or column.dictionary:
        return _codes(con, extract, table, column, values)
    return (name if values.is_text else f"cast({name} as varchar)"), ""


def _day(name: str, values: _Values) -> tuple[str, str]:
    form = values.form(DAYS, NO_DATES)
    nothing = [text for text in NO_DATES if text in values.sample]
    given = name
    for text in nothing:
        given = f"nullif({given}, {literal(text)})"
    comment = f"{', '.join(map(repr, nothing))} taken for no date" if nothing else ""
    if form == "%Y-%m-%d" or not values.sample:
        return given, comment
    if form is None:
        moment = None if values.have(PLAIN_TIME) else values.form(TIMES, NO_DATES)
        parsed = f"strptime({given}, {literal(moment)})" if moment else f"cast({given} as timestamp)"
        return f"cast({parsed} as date)", "CHECK: the time of day is left out"
    if form in ("%d/%m/%Y", "%m/%d/%Y") and values.have(DAYS["%m/%d/%Y"]) and values.have(DAYS["%d/%m/%Y"]):
        comment = "CHECK: day first, or month first (%m/%d/%Y)?"
    return f"cast(strptime({given}, {literal(form)}) as date)", comment


def _codes(
    con: duckdb.DuckDBPyConnection, extract: Extract, table: Table, column: Column, values: _Values
) -> tuple[str, str]:
    """A column of codes: as it is where the dictionary knows them all, else a CASE with a line for each."""
    name = _identifier(values.name)
    text = f"trim(cast({quoted(values.name)} as varchar))"
    counted = con.execute(
        f"""
        select {quoted(column.name)}, count(*), bool_or({is_strange(column, table)})
        from (select {text} as {quoted(column.name)} from {_rows(extract)})
        where {quoted(column.name)} <> '' group by all order by 2 desc, 1 limit {LISTED_CODES + 1}
        """
    ).fetchall()
    strange = {code for code, _, unknown in counted if unknown}
    if not strange:
        return name, ""
    wanted = f"seed {column.dictionary.partition('.')[0]}" if column.dictionary else ", ".join(column.codes)
    if len(counted) > LISTED_CODES or any(not _is_code(code) for code in strange):
        return name, f"CHECK: most values are none of {wanted}"
    lines = [f"case {name}"]
    for code, count, _ in counted:
        meaning = _meaning(code, column) if code in strange else code
        note = "" if code not in strange else f"  -- {'CHECK' if meaning else 'FILL'}: {count} rows; {wanted}"
        lines.append(f"        when {literal(code)} then {literal(meaning) if meaning else 'null'}{note}")
    return "\n".join([*lines, f"        else {name}", "    end"]), ""


def _is_code(text: str) -> bool:
    """Whether a value may stand in the skeleton: a short word or number, no text of a person."""
    return bool(CODE.fullmatch(text.upper()) or re.fullmatch(r"\w{1,4}", text))


def _meaning(code: str, column: Column) -> str | None:
    """The code of the contract that a bank's word means, where only one can be meant."""
    word = code.upper()
    if column.dictionary:
        seed, _, key = column.dictionary.partition(".")
        named = {row[key] for row in read_rows(seed) for text in row.values() if text and text.upper() == word}
        preferred = sorted(named, key=lambda text: (not text.isascii(), text.isdigit(), text))
        return preferred[0] if preferred else None
    like = [known for known in column.codes if known.upper().startswith(word) or word.startswith(known.upper())]
    return like[0] if len(like) == 1 else None
