"""A condition over tags: one boolean expression, parsed by sqlglot, and the SQL that says just what was parsed."""

import datetime
import re
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from banktags.conditions.errors import ConditionError
from banktags.conditions.known import BOOLEAN, DATE, NUMBER, RECENCY, TEXT, KnownTags
from banktags.conditions.values import wrong_values
from banktags.conditions.words import ADMITTED, Word, words

#: What dbt renders in a condition: within_days alone, with an event and a number of days.
RENDERED = re.compile(r"\{\{-?[ ]*within_days\([ ]*'([a-z][a-z0-9_]*)'[ ]*,[ ]*([0-9]+)[ ]*\)[ ]*-?\}\}")
#: Longest window of within_days, in days.
MOST_DAYS = 36_500
#: The kind of null, which compares with nothing.
NOTHING = "null"

COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
CONNECTORS = {exp.And: "and", exp.Or: "or"}
FUNCTIONS = {
    exp.Coalesce: "coalesce",
    exp.Least: "least",
    exp.Greatest: "greatest",
    exp.Nullif: "nullif",
    exp.Abs: "abs",
}
#: What each part of the tree may carry; whatever else sqlglot hangs to it is not admitted.
PARTS: dict[type[exp.Expression], tuple[str, ...]] = {
    **dict.fromkeys((*COMPARISONS, *ARITHMETIC, *CONNECTORS, exp.Nullif, exp.Is), ("this", "expression")),
    **dict.fromkeys((exp.Paren, exp.Not, exp.Neg, exp.Abs, exp.Boolean, exp.Column), ("this",)),
    **dict.fromkeys((exp.Coalesce, exp.Least, exp.Greatest, exp.In, exp.Anonymous), ("this", "expressions")),
    exp.Between: ("this", "low", "high"),
    exp.Literal: ("this", "is_string"),
    exp.Null: (),
    exp.Cast: ("this", "to"),
}
#: Flags that sqlglot hangs to a function by its dialect, which say nothing of what was written.
DIALECT_FLAGS = {"typed", "safe", "ignore_nulls", "is_nvl", "is_null"}


@dataclass(frozen=True)
class Condition:
    """A condition as written, the SQL that was made of what was parsed, the tags that it reads, and its tree."""

    text: str
    sql: str
    tags: tuple[str, ...]
    tree: exp.Expression

    @cached_property
    def expanded(self) -> exp.Expression:
        """The tree in plain SQL: within_days as it is computed."""

        def plain(node: exp.Expression) -> exp.Expression:
            if isinstance(node, exp.Anonymous):
                event, days = node.expressions
                within = exp.LT(this=exp.column(event.name.lower() + RECENCY), expression=days.copy())
                return exp.Coalesce(this=within, expressions=[exp.false()])
            if isinstance(node, exp.Column):
                return exp.column(node.name.lower())
            return node

        return self.tree.transform(plain)


def parse_condition(text: str, tags: KnownTags, in_model: bool = False) -> Condition:
    """Parse a condition.

    ``in_model`` reads it as dbt runs it in a model: within_days stands in ``{{ }}`` and no tag in double quotes.

    Raises:
        ConditionError: something in it is not admitted; says where, what, and what to write instead.
    """
    if in_model and (plain := re.search(r"(?i)\bwithin_days\b", RENDERED.sub(_blank, text))):
        call = "{{ within_days('first_login', 30) }}"
        raise ConditionError(
            text, plain.start(), len(plain.group()), "a model calls a macro in braces", f"write {call}"
        )
    # Of the same length, so that each word keeps its place.
    plain_text = RENDERED.sub(_unbraced, text)
    found = words(plain_text, tags, may_quote=not in_model)
    try:
        tree = sqlglot.parse_one(_without_comments(plain_text, found), into=exp.Condition, dialect="duckdb")
        writer = _Writer(text, tags)
        written, sql = writer.write(tree)
    except SqlglotError as error:
        raise _unparsed(text, found, error) from None
    except RecursionError:
        raise ConditionError(text, 0, 0, "the condition is too deep", "make a derived tag of a part") from None
    if written != BOOLEAN:
        raise ConditionError(
            text,
            found[0].at,
            len(text),
            f"the condition is a {written}, no yes or no",
            "compare it: aum_spot >= 300000",
        )
    for _, value, tag, remedy in wrong_values(tree, tags):
        # sqlglot gives a text no place: that of its word.
        at = next(word.at for word in found if word.kind == "text" and _quoted(value) == word.text)
        raise ConditionError(text, at, len(_quoted(value)), f"'{value}' is no value of {tag}", remedy)
    return Condition(text, sql, tuple(sorted(writer.named)), tree)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _unbraced(match: re.Match[str]) -> str:
    return f"within_days('{match[1]}', {match[2]})".ljust(len(match.group()))


def _without_comments(text: str, found: list[Word]) -> str:
    """The words alone, each in its place: what sqlglot reads is what was looked at, word by word."""
    kept = ["\n" if sign == "\n" else " " for sign in text]
    for word in found:
        kept[word.at : word.at + len(word.text)] = word.text
    return "".join(kept)


def _unparsed(text: str, found: list[Word], error: SqlglotError) -> ConditionError:
    """What sqlglot could not read, at the word where it stopped."""
    told = (getattr(error, "errors", None) or [{}])[0]
    line, column, piece = told.get("line"), told.get("col"), told.get("highlight") or ""
    at = found[-1].at
    if line and column:
        starts = [0, *(match.end() for match in re.finditer("\n", text))]
        at = min(starts[min(line, len(starts)) - 1] + max(column - len(piece), 0), len(text))
    return ConditionError(text, at, len(piece), "it is no condition from here on", f"a condition has {ADMITTED}")


class _Writer:
    """Writes the SQL of a tree, brackets around every operation, and gathers the tags that it names."""

    def __init__(self, text: str, tags: KnownTags) -> None:
        self.text, self.tags = text, tags
        self.named: set[str] = set()

    def write(self, node: exp.Expression) -> tuple[str, str]:
        """Kind and SQL of a part of the tree."""
        parts = {name for name, value in node.args.items() if value not in (None, False, [])} - DIALECT_FLAGS
        if type(node) not in PARTS or not parts.issubset(PARTS[type(node)]):
            raise self._refused(node, f"{type(node).__name__} is not admitted", f"a condition has {ADMITTED}")
        if isinstance(node, exp.Paren):
            return self.write(node.this)
        if isinstance(node, exp.And | exp.Or):
            return BOOLEAN, self._connected(node)
        if isinstance(node, exp.Not):
            return BOOLEAN, f"(not {self._of(BOOLEAN, node.this)})"
        if isinstance(node, exp.Boolean):
            return BOOLEAN, "true" if node.this else "false"
        if isinstance(node, exp.Null):
            return NOTHING, "null"
        if isinstance(node, exp.Literal):
            return (TEXT, _quoted(node.this)) if node.is_string else (NUMBER, node.this)
        if isinstance(node, exp.Column):
            return self._tag(node)
        if isinstance(node, exp.Cast):
            return self._date(node)
        if isinstance(node, exp.Neg):
            return NUMBER, f"(- {self._of(NUMBER, self._simple(node.this))})"
        if type(node) in ARITHMETIC:
            return NUMBER, self._computed(node)
        if type(node) in COMPARISONS:
            return BOOLEAN, self._compared(node)
        if isinstance(node, exp.In):
            return BOOLEAN, self._listed(node)
        if isinstance(node, exp.Between):
            kind, (value, low, high) = self._alike(node, [node.this, node.args["low"], node.args["high"]])
            self._ordered(node, kind)
            return BOOLEAN, f"({value} between {low} and {high})"
        if isinstance(node, exp.Is):
            return BOOLEAN, self._is(node)
        if isinstance(node, exp.Anonymous):
            return BOOLEAN, self._within_days(node)
        return self._called(node)

    def _of(self, kind: str, node: exp.Expression) -> str:
        found, sql = self.write(node)
        if found != kind:
            remedy = "compare it with a value" if kind == BOOLEAN else f"take a {kind}"
            raise self._refused(node, f"it is a {found}, not a {kind}", remedy)
        return sql

    def _simple(self, node: exp.Expression) -> exp.Expression:
        """A part of a comparison, which is none itself: that would be read in two ways without brackets."""
        if isinstance(node, (*COMPARISONS, *CONNECTORS, exp.Not, exp.In, exp.Between, exp.Is)):
            raise self._refused(node, "a condition within another has no brackets", "put brackets around the inner one")
        return node

    def _connected(self, node: exp.Expression) -> str:
        """A chain of one connector, however long, without a step of recursion for each link."""
        links: list[exp.Expression] = []
        connector = type(node)
        while isinstance(node, connector):
            links.append(node.expression)
            node = node.this
        links.append(node)
        return "(" + f" {CONNECTORS[connector]} ".join(self._of(BOOLEAN, link) for link in reversed(links)) + ")"

    def _tag(self, node: exp.Column) -> tuple[str, str]:
        name = node.name.lower()
        if name not in self.tags.kinds:
            raise self._refused(node, f"{name} is no tag", self.tags.nearest(name))
        return self._named(name)

    def _named(self, name: str) -> tuple[str, str]:
        self.named.add(name)
        return self.tags.kinds[name], f'"{name}"'

    def _date(self, node: exp.Cast) -> tuple[str, str]:
        literal = node.this
        is_day = isinstance(literal, exp.Literal) and literal.is_string and node.to.is_type("date")
        try:
            day = datetime.date.fromisoformat(literal.name if is_day else "")
        except ValueError:
            raise self._refused(node, f"{node.this.name!r} is no day", "write date '2026-06-30'") from None
        return DATE, f"date '{day}'"

    def _computed(self, node: exp.Expression) -> str:
        chain, operators, operands = node, [], []
        while type(chain) in ARITHMETIC:
            if isinstance(chain, exp.Div) and not _divides(chain.expression):
                raise self._refused(
                    chain.expression, "what it is divided by may be 0", "divide by a number, or by nullif(tag, 0)"
                )
            operators.append(ARITHMETIC[type(chain)])
            operands.append(chain.expression)
            chain = chain.this
        sql = self._of(NUMBER, self._simple(chain))
        for operator, operand in zip(reversed(operators), reversed(operands), strict=True):
            sql = f"({sql} {operator} {self._of(NUMBER, self._simple(operand))})"
        return sql

    def _alike(self, node: exp.Expression, operands: list[exp.Expression]) -> tuple[str, list[str]]:
        """Kind and SQL of operands that are compared: all of one kind; beside a day a text is one."""
        written = [self.write(self._simple(operand)) for operand in operands]
        kinds = {kind for kind, _ in written}
        if kinds == {DATE, TEXT}:
            pairs = zip(operands, written, strict=True)
            written = [(DATE, sql) if kind == DATE else self._day(operand) for operand, (kind, sql) in pairs]
            kinds = {DATE}
        if NOTHING in kinds:
            raise self._refused(node, "nothing is equal to null, greater or less", "write tag is null, or is not null")
        if len(kinds) > 1:
            said = " with a ".join(sorted(kinds))
            remedy = "write tag, or not tag" if BOOLEAN in kinds else "compare values of one kind; a text stands in '…'"
            raise self._refused(node, f"it compares a {said}", remedy)
        return kinds.pop(), [sql for _, sql in written]

    def _day(self, node: exp.Expression) -> tuple[str, str]:
        if not isinstance(node, exp.Literal):
            raise self._refused(node, "a day is compared with a text", "write date '2026-06-30'")
        return self._date(exp.Cast(this=node, to=exp.DataType.build("date")))

    def _ordered(self, node: exp.Expression, kind: str) -> None:
        if kind == BOOLEAN:
            raise self._refused(node, "yes and no have no order", "write tag, or not tag")

    def _compared(self, node: exp.Expression) -> str:
        kind, (left, right) = self._alike(node, [node.this, node.expression])
        if not isinstance(node, exp.EQ | exp.NEQ):
            self._ordered(node, kind)
        return f"({left} {COMPARISONS[type(node)]} {right})"

    def _listed(self, node: exp.In) -> str:
        for value in node.expressions:
            bare = value.this if isinstance(value, exp.Neg) else value
            if not isinstance(bare, exp.Literal | exp.Cast):
                raise self._refused(value, "a list has values only", "compare with a tag by =")
        if not node.expressions:
            raise self._refused(node, "the list is empty", "write tag in ('…', '…')")
        _, (value, *listed) = self._alike(node, [node.this, *node.expressions])
        return f"({value} in ({', '.join(listed)}))"

    def _is(self, node: exp.Is) -> str:
        state = node.expression
        if isinstance(state, exp.Boolean):
            return f"({self._of(BOOLEAN, self._simple(node.this))} is {'true' if state.this else 'false'})"
        if not isinstance(state, exp.Null):
            raise self._refused(node, "is asks for null, true or false", "compare by =")
        return f"({self.write(self._simple(node.this))[1]} is null)"

    def _within_days(self, node: exp.Anonymous) -> str:
        remedy = "write within_days(first_login, 30)"
        if node.this.lower() != "within_days" or len(node.expressions) != 2:
            raise self._refused(node, "within_days takes an event and a number of days", remedy)
        event, days = node.expressions
        is_name = isinstance(event, exp.Column) or (isinstance(event, exp.Literal) and event.is_string)
        name = event.name.lower() + RECENCY
        if not is_name or name not in self.tags.kinds:
            known = ", ".join(self.tags.events)
            raise self._refused(event, f"{event.name or 'it'} is no event", f"take one of {known}")
        is_whole = isinstance(days, exp.Literal) and not days.is_string and days.this.isdigit()
        if not is_whole or not 1 <= int(days.this) <= MOST_DAYS:
            raise self._refused(days, f"days are a whole number from 1 to {MOST_DAYS:,}", remedy)
        return f"coalesce({self._named(name)[1]} < {int(days.this)}, false)"

    def _called(self, node: exp.Expression) -> tuple[str, str]:
        name = FUNCTIONS[type(node)]
        if isinstance(node, exp.Abs):
            return NUMBER, f"abs({self._of(NUMBER, self._simple(node.this))})"
        given = [node.this, node.expression] if isinstance(node, exp.Nullif) else [node.this, *node.expressions]
        kind, written = self._alike(node, given)
        return kind, f"{name}({', '.join(written)})"

    def _refused(self, node: exp.Expression, problem: str, remedy: str) -> ConditionError:
        """The error at the first word below a part of the tree that has a place."""
        places = [part.meta for part in node.walk() if "start" in part.meta]
        if not places:
            return ConditionError(self.text, 0, 0, f"{node.sql(dialect='duckdb')[:40]}: {problem}", remedy)
        first, last = min(place["start"] for place in places), max(place["end"] for place in places)
        return ConditionError(self.text, first, last - first + 1, problem, remedy)


def _divides(divisor: exp.Expression) -> bool:
    """Whether a divisor is never 0: a number, or null in the place of 0."""
    if isinstance(divisor, exp.Nullif):
        return isinstance(divisor.expression, exp.Literal) and divisor.expression.this == "0"
    return isinstance(divisor, exp.Literal) and not divisor.is_string and float(divisor.this) > 0


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
