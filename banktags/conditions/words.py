"""The words and signs of a condition, each with its place: whatever else the text holds is refused here.

The lexer knows every sign that a condition may have. So nothing is left over that DuckDB, Spark, dbt or sqlglot could
each read in its own way: no prefix of a literal, no second way to quote, no sign that only looks like another.
"""

import difflib
import re
import unicodedata
from dataclasses import dataclass

from banktags.conditions.errors import ConditionError
from banktags.conditions.known import GRAIN, RECENCY, KnownTags
from banktags.meant import is_called, meant, shown

#: Bounds of a condition: characters, words and signs, and brackets or negations within each other.
MOST_CHARACTERS, MOST_WORDS, MOST_NESTED = 10_000, 1_500, 20
#: Most digits of a number before and after the point: what DECIMAL(38) surely holds.
NUMBER_DIGITS = (18, 10)

#: How many tags a message names that have a value.
MOST_MEANT = 3

KEYWORDS = frozenset({"and", "or", "not", "in", "between", "is", "null", "true", "false"})
FUNCTIONS = ("within_days", "coalesce", "nullif", "abs", "least", "greatest")
ADMITTED = "comparisons, and, or, not, in (…), between, is null, + - * / and " + ", ".join(FUNCTIONS)
#: Words of SQL that read what is no tag.
TABLE_WORDS = {
    "select",
    "from",
    "table",
    "values",
    "with",
    "exists",
    "union",
    "intersect",
    "except",
    "join",
    "lateral",
    "unnest",
    "pivot",
    "where",
    "any",
    "some",
    "all",
}
#: Words of SQL that have another way to be said here.
INSTEAD = {
    "case": "join the branches by and, or and not",
    "cast": "a tag has its type: compare it as it is",
    "try_cast": "a tag has its type: compare it as it is",
    "like": "list the values: tag in ('…', '…')",
    "ilike": "list the values: tag in ('…', '…')",
    "similar": "list the values: tag in ('…', '…')",
    "glob": "list the values: tag in ('…', '…')",
    "over": "a condition is about one customer: ask for a tag that counts",
    "collate": "compare the value as it is written",
    "interval": "compare days: a tag of days, or date '2026-06-30'",
    "distinct": "write a = b, or a is null",
}

SIGN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
    | (?P<comment>--[^\n]*)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<quoted>"[^"\n]*")
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<text>'(?:[^'\n]|'')*')
    | (?P<sign><=|>=|<>|!=|[(),=<>+*/-])
    """,
    re.VERBOSE,
)
#: What stands before an event.
WITHIN_DAYS = re.compile(r"(?i)\bwithin_days\s*\($")
#: Why a sign is refused, and what to write instead.
REFUSED_SIGNS = {
    "[": ("nothing is taken out of a list or a struct", "name the tag itself"),
    "]": ("nothing is taken out of a list or a struct", "name the tag itself"),
    "{": ("only {{ within_days('event', days) }} is rendered", "write it like that, or without braces"),
    "}": ("only {{ within_days('event', days) }} is rendered", "write it like that, or without braces"),
    ";": ("a condition is one expression", "join its parts by and, or"),
    ".": ("a tag is named by its code alone, a number begins with a digit", "write aum_spot, or 0.5"),
    ":": ("nothing is cast or taken out of a struct", "compare the tag as it is"),
    "$": ("there are no parameters and no dollar quotes", "write the value itself, a text as 'text'"),
    "?": ("there are no parameters", "write the value itself"),
    "@": ("it is no sign of a condition", "write abs(tag) for an absolute value"),
    "`": ("it is no quote of a condition", "name the tag without quotes"),
    "'": ("the text has no end", "close it by ', and write '' for a ' within it"),
    '"': ("the quoted name has no end", "name the tag without quotes, and write a text as 'text'"),
    "|": ("texts are not joined", "compare each tag by itself"),
    "\\": ("it is no sign of a condition", "leave it out"),
}
OTHER_SIGN = ("it is no sign of a condition", f"a condition has {ADMITTED}")


@dataclass(frozen=True)
class Word:
    """A word, literal or sign: its kind, the text as written, and where it begins in the condition, from 0."""

    kind: str
    text: str
    at: int

    @property
    def lower(self) -> str:
        """A word as SQL compares it."""
        return self.text.lower()


def words(text: str, tags: KnownTags, may_quote: bool) -> list[Word]:
    """The words of a condition in their order, without comments; brackets close.

    ``may_quote`` admits a tag in double quotes: DuckDB reads a name there, Spark a text.

    Raises:
        ConditionError: a word or sign is not admitted, or the condition is empty, too long or too deep.
    """
    if len(text) > MOST_CHARACTERS:
        raise ConditionError(
            text,
            MOST_CHARACTERS,
            0,
            f"a condition has {MOST_CHARACTERS:,} characters at most",
            "make a derived tag of a part",
        )
    found, stopped = _signs(text, tags)
    if not found and not stopped:
        raise ConditionError(
            text, len(text), 0, "there is no condition", "write one over tags: aum_month_avg >= 300000"
        )
    if len(found) > MOST_WORDS:
        late = found[MOST_WORDS]
        raise ConditionError(
            text, late.at, 0, f"a condition has {MOST_WORDS:,} words and signs at most", "make a derived tag of a part"
        )
    for number, word in enumerate(found):
        before = found[number - 1] if number else None
        after = found[number + 1] if number + 1 < len(found) else None
        _check(text, word, before, after, tags, may_quote)
    if stopped:
        raise stopped
    _check_brackets(text, found)
    return found


def _signs(text: str, tags: KnownTags) -> tuple[list[Word], ConditionError | None]:
    """The words up to the first sign that is none of a condition, and what is wrong with that."""
    found, at = [], 0
    while at < len(text):
        match = SIGN.match(text, at)
        if not match:
            if ideographs := _with_ideographs(text, at):
                return [word for word in found if word.at < ideographs.at], _chinese(text, ideographs, tags)
            return found, _unknown_sign(text, at)
        kind, piece = match.lastgroup or "", match.group()
        if kind == "comment":
            _check_comment(text, at, piece)
        elif kind != "space":
            found.append(Word(kind, piece, at))
        at = match.end()
    return found, None


def _with_ideographs(text: str, at: int) -> Word | None:
    """The whole word around a place, if it has Chinese signs: 月日均AUM, 近90天交易次数, AUM月日均."""
    word = next((match for match in re.finditer(r"\w+", text) if match.start() <= at < match.end()), None)
    if word and any(unicodedata.name(sign, "").startswith("CJK UNIFIED") for sign in word.group()):
        return Word("word", word.group(), word.start())
    return None


def _chinese(text: str, word: Word, tags: KnownTags) -> ConditionError:
    """Chinese that is in no text: the name of a tag, or a value, whose code is written."""
    place = (text, word.at, len(word.text))
    if WITHIN_DAYS.search(text[: word.at]):
        events = {event: tags.called[event + RECENCY] for event in tags.events}
        near = meant(word.text, events)
        known = ", ".join(shown(event, events) for event in near) if near else ", ".join(events)
        return ConditionError(*place, f"{word.text} is no event", f"take one of {known}")
    if valued := _value_meant(text, word.text, tags):
        return ConditionError(*place, f"{word.text} is a value", valued)
    return ConditionError(*place, f"{word.text} is no code of a tag", tags.nearest(word.text))


def _value_meant(text: str, word: str, tags: KnownTags) -> str | None:
    """What to write for a value that stands without quotes: of the tags that have it, one that the condition names."""
    found = [] if _is_tag_name(word, tags) else tags.tags_with_value(word)
    named = [(tag, value) for tag, value in found if re.search(rf"(?i)\b{tag}\b", text)]
    if not found:
        return None
    written = [f"{tag} = '{value}'" for tag, value in (named or found)[:MOST_MEANT]]
    return f"write {' or '.join(written)}"


def _is_tag_name(word: str, tags: KnownTags) -> bool:
    """Whether a tag is called just so."""
    return any(is_called(word, code, tags.called) for code in meant(word, tags.called))


def _unknown_sign(text: str, at: int) -> ConditionError:
    sign = text[at]
    if sign in REFUSED_SIGNS:
        return ConditionError(text, at, 1, *REFUSED_SIGNS[sign])
    if not sign.isascii() or not sign.isprintable():
        name = unicodedata.name(sign, "a sign that does not show")
        plain = unicodedata.normalize("NFKC", sign)
        like = f"write {plain}" if plain.isascii() and plain.isprintable() and plain.strip() else "write plain signs"
        return ConditionError(
            text,
            at,
            1,
            f"U+{ord(sign):04X} {name} is no sign of a condition",
            f"{like}; other signs stand in texts '…' only",
        )
    return ConditionError(text, at, 1, *OTHER_SIGN)


def _check_comment(text: str, at: int, comment: str) -> None:
    """A comment has a line of its own: behind a condition it would hide whatever a reader takes for a part of it."""
    if text[text.rfind("\n", 0, at) + 1 : at].strip():
        raise ConditionError(text, at, len(comment), "a comment stands behind a condition", "give it a line of its own")
    _check_shown(text, at, comment)


def _check_shown(text: str, at: int, piece: str) -> None:
    for offset, sign in enumerate(piece):
        if sign in "{}":
            raise ConditionError(text, at + offset, 1, *REFUSED_SIGNS[sign])
        if sign == "\\" and piece[0] == "'":
            raise ConditionError(
                text, at + offset, 1, "Spark reads \\ in a text as an escape", "take a value without it"
            )
        if not (sign.isprintable() or sign in "\t\r"):
            raise ConditionError(text, at + offset, 1, f"U+{ord(sign):04X} does not show", "write plain text")


def _check(text: str, word: Word, before: Word | None, after: Word | None, tags: KnownTags, may_quote: bool) -> None:
    if word.kind == "text":
        _check_shown(text, word.at, word.text)
        if before and before.kind == "text":
            raise ConditionError(
                text, word.at, len(word.text), "two texts stand side by side", "join conditions by and, or"
            )
    elif word.kind == "number":
        _check_number(text, word, after)
    elif word.kind == "quoted":
        if not may_quote:
            raise ConditionError(
                text,
                word.at,
                len(word.text),
                "Spark reads double quotes as a text",
                f"write {word.text.strip(chr(34))}",
            )
        _check_name(text, word, word.lower[1:-1], tags)
    elif word.kind == "word":
        _check_word(text, word, before, after, tags)
    elif word.text == "/" and after and after.text == "*" and after.at == word.at + 1:
        raise ConditionError(text, word.at, 2, "a comment stands behind a condition", "write -- on a line of its own")


def _check_number(text: str, word: Word, after: Word | None) -> None:
    whole, _, decimals = word.text.partition(".")
    if len(whole) > NUMBER_DIGITS[0] or len(decimals) > NUMBER_DIGITS[1]:
        raise ConditionError(text, word.at, len(word.text), "the number is too long", "round it")
    if after and after.kind in ("word", "quoted") and after.at == word.at + len(word.text):
        raise ConditionError(
            text,
            word.at,
            len(word.text) + len(after.text),
            "a number has digits and a point only",
            "write 1000000 or 0.5",
        )


def _check_word(text: str, word: Word, before: Word | None, after: Word | None, tags: KnownTags) -> None:
    name, is_called = word.lower, after is not None and after.text == "("
    if after is not None and after.kind in ("text", "quoted") and after.at == word.at + len(word.text):
        raise ConditionError(
            text, word.at, len(word.text) + 1, "a text has no prefix", "write it as 'text', '' for a '"
        )
    if name in KEYWORDS:
        if name in ("true", "false", "null", "is") and is_called:
            raise ConditionError(text, word.at, len(word.text), f"{name} is no function", f"a condition has {ADMITTED}")
    elif name in FUNCTIONS:
        if not is_called:
            raise ConditionError(text, word.at, len(word.text), f"{name} is a function", f"write {name}(…)")
    elif name == "date" and after is not None and after.kind == "text" and after.at > word.at + len(word.text):
        return
    elif _is_event_place(before, text):
        if name not in tags.events:
            near = difflib.get_close_matches(name.removesuffix(RECENCY), tags.events, n=3, cutoff=0.4)
            known = ", ".join(near or tags.events)
            raise ConditionError(text, word.at, len(word.text), f"{word.text} is no event", f"take one of {known}")
    elif is_called and name not in TABLE_WORDS | INSTEAD.keys():
        raise ConditionError(
            text,
            word.at,
            len(word.text) + 1,
            f"{word.text} is no function of a condition",
            f"a condition has {ADMITTED}",
        )
    else:
        _check_name(text, word, name, tags)


def _is_event_place(before: Word | None, text: str) -> bool:
    """Whether a word is the event of within_days: no tag itself, but one of the days since is called after it."""
    return before is not None and before.text == "(" and bool(WITHIN_DAYS.search(text[: before.at + 1]))


def _check_name(text: str, word: Word, name: str, tags: KnownTags) -> None:
    if name in tags.kinds:
        return
    place = (text, word.at, len(word.text))
    if name in GRAIN:
        raise ConditionError(*place, f"{name} is no tag: it says whose row it is", "write a condition over tags")
    if name in TABLE_WORDS:
        raise ConditionError(
            *place, "a condition reads no table", "it has tags only; another audience goes into including or excluding"
        )
    if name in INSTEAD:
        raise ConditionError(*place, f"{name} is no word of a condition", INSTEAD[name])
    if name + RECENCY in tags.kinds:
        raise ConditionError(*place, f"{name} is an event, no tag", f"write within_days({name}, 30)")
    if valued := _value_meant(text, name, tags):
        raise ConditionError(*place, f"{name} is a value, no tag", valued)
    raise ConditionError(*place, f"{name} is no tag", tags.nearest(name))


def _check_brackets(text: str, found: list[Word]) -> None:
    opened: list[Word] = []
    negations = 0
    for word in found:
        if word.text == "(":
            opened.append(word)
        elif word.text == ")":
            if not opened:
                raise ConditionError(
                    text, word.at, 1, "the bracket closes nothing", "a condition is one expression: open what you close"
                )
            opened.pop()
        negations = negations + 1 if word.lower == "not" or word.text in "+-" else 0
        if len(opened) > MOST_NESTED or negations > MOST_NESTED:
            raise ConditionError(
                text,
                word.at,
                1,
                f"more than {MOST_NESTED} brackets or negations within each other",
                "make a derived tag of a part",
            )
    if opened:
        raise ConditionError(text, opened[-1].at, 1, "the bracket is not closed", "close it")
