"""Derived-tag models as files: SQL over tags alone, parsed whole.

Of Jinja a derived tag has ``ref``, ``as_of_date()`` and ``within_days``; they are replaced by SQL of the same length,
so that an error names the place in the file, and nothing is rendered.
"""

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.helper import ensure_list

from banktags.conditions.errors import ConditionError, ModelError
from banktags.conditions.known import GRAIN, RECENCY, KnownTags
from banktags.conditions.values import wrong_values

REF = re.compile(r"\{\{-?\s*ref\(\s*'([A-Za-z0-9_]+)'\s*\)\s*-?\}\}")
AS_OF_DATE = re.compile(r"\{\{-?\s*as_of_date\(\)\s*-?\}\}")
WITHIN_DAYS = re.compile(r"\{\{-?\s*within_days\(\s*'((?:[a-z_]+\.)?)([a-z][a-z0-9_]*)'\s*,\s*([0-9]+)\s*\)\s*-?\}\}")
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
#: How a relation that ref names is called in the SQL that is parsed.
READ = "ref__"
MAY_READ = "read standard_tags, derived_tags__ models or seeds; ask for a base tag where one is missing"

#: What could be read in two ways, and the problem with it.
UNREAD = {
    READ: "the name stands for a relation of ref",
    "/*": "engines end a comment within a comment at different places",
    "\\": "Spark reads it as an escape",
}

#: Functions and aggregates that give the same value for the same tags, by their names in sqlglot.
FUNCTIONS = {
    "Abs",
    "Ceil",
    "Coalesce",
    "Floor",
    "Greatest",
    "Least",
    "Nullif",
    "Round",
    "Case",
    "If",
    "Cast",
    "Count",
    "Sum",
    "Avg",
    "Min",
    "Max",
    "Median",
    "Quantile",
    "RowNumber",
    "Rank",
    "DenseRank",
    "Ntile",
    "PercentRank",
    "CumeDist",
    "Lag",
    "Lead",
    "Lower",
    "Upper",
    "Length",
    "Substring",
    "Trim",
    "Concat",
    "DateDiff",
    "DateAdd",
    "DateSub",
    "Extract",
    "Year",
    "Month",
    "Day",
    "And",
    "Or",
}
#: Types that a value may be cast to.
TYPES = ("boolean", "int", "bigint", "double", "decimal", "varchar", "text", "date")
#: The rest of SQL that a derived tag may be made of, by its names in sqlglot.
SYNTAX = {
    "Select",
    "With",
    "CTE",
    "From",
    "Join",
    "Where",
    "Group",
    "Having",
    "Order",
    "Ordered",
    "Window",
    "WindowSpec",
    "Subquery",
    "Union",
    "Except",
    "Intersect",
    "Table",
    "TableAlias",
    "Alias",
    "Column",
    "Identifier",
    "Literal",
    "Boolean",
    "Null",
    "Paren",
    "Not",
    "Neg",
    "Is",
    "In",
    "Between",
    "Tuple",
    "EQ",
    "NEQ",
    "GT",
    "GTE",
    "LT",
    "LTE",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Mod",
    "Star",
    "Distinct",
    "DataType",
    "DataTypeParam",
    "Var",
    "Like",
    "DPipe",
    "Interval",
    "Filter",
}
#: Why a part of SQL is refused, by its name in sqlglot.
INSTEAD = {
    **dict.fromkeys(
        ("Rand", "Randn", "Uuid", "CurrentDate", "CurrentTime", "CurrentTimestamp", "CurrentUser", "TableSample"),
        (
            "it gives another value each time",
            "use as_of_date(), and nothing random: the same date must give the same tag",
        ),
    ),
    **dict.fromkeys(
        ("Bracket", "Dot", "Struct", "StructExtract", "JSONExtract", "Columns", "Lambda", "Pivot"),
        ("a tag is not taken out of a struct, a list or a pattern", "name the tag itself"),
    ),
}


@dataclass(frozen=True)
class DerivedModel:
    """A model of derived tags: its name, and the tags that each of its columns is made of."""

    name: str
    columns: Mapping[str, frozenset[str]]

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that the model reads."""
        return tuple(sorted(frozenset().union(*self.columns.values())))


def read_derived_model(file: Path, shown: Path, tags: KnownTags, seeds: Mapping[str, Path]) -> DerivedModel:
    """Read a model of derived tags from its file, which errors call ``shown``; ``seeds`` are files of seeds by name.

    Raises:
        ModelError: it reads what a derived tag may not read, or is not SQL that can be judged.
    """
    text = file.read_text(encoding="utf-8")
    try:
        sql = _without_jinja(text, seeds)
        return DerivedModel(file.stem, _Reader(text, tags, seeds).read(_parsed(text, sql)))
    except ConditionError as error:
        raise ModelError(shown, error) from None


def _without_jinja(text: str, seeds: Mapping[str, Path]) -> str:
    """The SQL with what dbt renders replaced by names and values of the same length."""

    def reference(match: re.Match[str]) -> str:
        name = match[1]
        if name != "standard_tags" and not name.startswith("derived_tags__") and name not in seeds:
            raise ConditionError(text, match.start(), len(match.group()), f"a derived tag reads {name}", MAY_READ)
        return READ + name

    for sign, problem in UNREAD.items():
        if sign in text:
            raise ConditionError(
                text, text.index(sign), len(sign), problem, "write it plainly, a comment as -- on its line"
            )
    sql = _replaced(COMMENT, lambda match: "", text)
    sql = _replaced(REF, reference, sql)
    sql = _replaced(AS_OF_DATE, lambda match: "date'2000-01-01'", sql)
    sql = _replaced(WITHIN_DAYS, lambda match: f"({match[1]}{match[2]}{RECENCY} < {match[3]})", sql)
    if jinja := re.search(r"\{[{%#]|[%#}]\}", sql):
        remedy = "write ref('standard_tags'), as_of_date() or within_days('event', days), each in {{ }}"
        raise ConditionError(text, jinja.start(), 2, "a derived tag has no other Jinja", remedy)
    return sql


def _replaced(pattern: re.Pattern[str], by: Callable[[re.Match[str]], str], text: str) -> str:
    """The text with each match replaced by what is as long, line breaks kept."""

    def padded(match: re.Match[str]) -> str:
        new, old = by(match), match.group()
        return new + "".join(sign if sign == "\n" else " " for sign in old[len(new) :])

    return pattern.sub(padded, text)


def _parsed(text: str, sql: str) -> exp.Query:
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except SqlglotError as error:
        told = (getattr(error, "errors", None) or [{}])[0]
        piece = told.get("highlight") or ""
        at = _offset(text, told.get("line") or 1, told.get("col") or 1, piece)
        raise ConditionError(
            text, at, len(piece), "it is no SQL from here on", "write one select over standard_tags"
        ) from None
    except RecursionError:
        raise ConditionError(text, 0, 0, "the SQL is too deep", "make a derived tag of a part") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ConditionError(text, 0, 0, "a derived tag is one select", "write one select over standard_tags")
    return statements[0]


def _offset(text: str, line: int, column: int, piece: str) -> int:
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return min(starts[min(line, len(starts)) - 1] + max(column - len(piece), 0), len(text))


class _Reader:
    """Judges the tree of a derived model, and gathers the tags that it reads."""

    def __init__(self, text: str, tags: KnownTags, seeds: Mapping[str, Path]) -> None:
        self.text, self.tags, self.seeds = text, tags, seeds

    def read(self, query: exp.Query) -> dict[str, frozenset[str]]:
        """The tags that each column of the query is made of."""
        for node in query.walk():
            self._check_part(node)
        steps = self._steps(query)
        for table in query.find_all(exp.Table):
            self._check_table(table, steps)
        for star in query.find_all(exp.Star):
            self._check_star(star)
        for alias in query.find_all(exp.TableAlias):
            if alias.columns:
                raise self._refused(alias, "columns are named beside a relation", "name them where they are selected")
        given = self._names_given(query)
        relations = {table.alias_or_name.lower() for table in query.find_all(exp.Table)}
        for column in query.find_all(exp.Column):
            name = column.name.lower()
            if column.args.get("db") or (not column.table and name in relations):
                raise self._refused(
                    column, f"{column.name} is a row or a part of one", "name the tag itself, as tags.aum_spot"
                )
            if name == GRAIN[0]:
                self._check_customer(column)
            elif name not in given | self.tags.kinds.keys() | set(GRAIN) and not isinstance(column.this, exp.Star):
                raise self._refused(column, f"{column.sql(comments=False)} is no tag", self.tags.nearest(name))
        # A name that the query gives itself is no tag, whatever it is called.
        for compared, value, tag, remedy in wrong_values(
            query, self.tags, lambda column: column.name.lower() not in given
        ):
            raise self._refused(compared, f"'{value}' is no value of {tag}", remedy)
        made: dict[str, dict[str, frozenset[str]]] = {}
        for cte in query.ctes:
            made[cte.alias.lower()] = self._made_of(cte.this, made)
        return {name: tags for name, tags in self._made_of(query, made).items() if name not in GRAIN}

    def _made_of(
        self, query: exp.Expression, steps: Mapping[str, Mapping[str, frozenset[str]]]
    ) -> dict[str, frozenset[str]]:
        """The tags that each column of a query is made of; what says which rows there are counts for all of them."""
        if isinstance(query, exp.SetOperation):
            left, right = (self._made_of(side, steps) for side in (query.this, query.expression))
            both = frozenset().union(*right.values())
            return {name: tags | both for name, tags in left.items()}
        if isinstance(query, exp.Subquery):
            return self._made_of(query.this, steps)
        clauses = [part for name, part in query.args.items() if name not in ("expressions", "with_", "with") and part]
        for_rows = self._tags_in([one for part in clauses for one in ensure_list(part)], steps, {})
        columns: dict[str, frozenset[str]] = {}
        for selected in query.expressions:
            if selected.is_star:
                for table in query.find_all(exp.Table):
                    columns |= {name: tags | for_rows for name, tags in steps.get(table.name.lower(), {}).items()}
            else:
                columns[selected.alias_or_name.lower()] = self._tags_in([selected], steps, columns) | for_rows
        return columns

    def _tags_in(
        self,
        parts: list[exp.Expression],
        steps: Mapping[str, Mapping[str, frozenset[str]]],
        columns: Mapping[str, frozenset[str]],
    ) -> frozenset[str]:
        """The tags behind the names in parts of a query: of a tag, of a step's column, or of a column before."""
        found: set[str] = set()
        for part in parts:
            for column in part.find_all(exp.Column):
                name = column.name.lower()
                found |= columns.get(name, frozenset())
                found |= {name} if name in self.tags.kinds else set()
                for step in steps.values():
                    found |= step.get(name, frozenset())
        return frozenset(found)

    def _check_part(self, node: exp.Expression) -> None:
        name = type(node).__name__
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            raise self._refused(
                node, f"{node.name} is no function of a derived tag", "use the functions of SQL over tags"
            )
        if name in INSTEAD:
            raise self._refused(node, f"{node.sql(comments=False)[:30]}: {INSTEAD[name][0]}", INSTEAD[name][1])
        if name not in FUNCTIONS | SYNTAX:
            raise self._refused(node, f"{name} is no part of a derived tag", "write one select over standard_tags")
        if isinstance(node, exp.Cast) and not node.to.is_type(*TYPES):
            raise self._refused(node, f"{node.to.sql()} is no type of a tag", f"cast to {', '.join(TYPES)}")

    def _steps(self, query: exp.Query) -> set[str]:
        """The names of the CTEs, which all stand at the head of the query."""
        for with_ in query.find_all(exp.With):
            if with_.parent is not query or with_.recursive:
                raise self._refused(
                    with_, "a with stands within a query, or is recursive", "put it at the head of the model"
                )
        steps = [cte.alias.lower() for cte in query.ctes]
        for cte in query.ctes:
            if cte.alias.lower().startswith(READ) or steps.count(cte.alias.lower()) > 1:
                raise self._refused(cte, f"{cte.alias} names something else already", "take another name")
        return set(steps)

    def _check_table(self, table: exp.Table, steps: set[str]) -> None:
        if not isinstance(table.this, exp.Identifier):
            raise self._refused(table, "a derived tag reads no function as a table", MAY_READ)
        name = table.name.lower()
        is_read = name.startswith(READ) and not table.this.quoted
        if table.db or table.catalog or not (is_read or name in steps):
            raise self._refused(table, f"{table.sql(dialect='duckdb')} is read past ref", MAY_READ)
        cte = table.find_ancestor(exp.CTE)
        if cte and name == cte.alias.lower():
            raise self._refused(table, f"{name} reads itself", MAY_READ)

    def _check_star(self, star: exp.Star) -> None:
        if any(star.args.get(part) for part in ("except_", "except", "replace", "rename", "ilike")):
            raise self._refused(star, "a star leaves out or replaces", "name the columns")
        select = star.find_ancestor(exp.Select)
        if isinstance(star.parent, exp.Count) or select is None:
            return
        own = (table for table in select.find_all(exp.Table) if table.find_ancestor(exp.Select) is select)
        if any(table.name.lower().startswith(READ) for table in own):
            raise self._refused(star, "a star reads every tag", "name the tags that the rule needs")

    def _names_given(self, query: exp.Query) -> set[str]:
        """Names that the query gives, or that a seed has."""
        given = {alias.alias.lower() for alias in query.find_all(exp.Alias)}
        for table in query.find_all(exp.Table):
            seed = self.seeds.get(table.name.removeprefix(READ))
            if seed:
                with seed.open(encoding="utf-8") as rows:
                    given |= set(next(csv.reader(rows), []))
        return given

    def _check_customer(self, column: exp.Column) -> None:
        """A customer's number says which rows go together, and picks nobody."""
        parent, other = column.parent, None
        if isinstance(parent, exp.EQ):
            other = parent.right if parent.left is column else parent.left
        goes_together = isinstance(other, exp.Column) and other.name.lower() == column.name.lower()
        is_shown = isinstance(parent, exp.Select) and column.arg_key == "expressions"
        is_named = isinstance(parent, exp.Alias) and parent.alias.lower() == column.name.lower()
        is_grouped = isinstance(parent, exp.Group) or (
            isinstance(parent, exp.Window) and column.arg_key == "partition_by"
        )
        if not (goes_together or is_shown or is_named or is_grouped):
            raise self._refused(column, "customer_id picks a customer", "a rule is over tags, the same for everybody")

    def _refused(self, node: exp.Expression, problem: str, remedy: str) -> ConditionError:
        places: list[dict] = []
        around: exp.Expression | None = node
        while around is not None and not places:
            places = [part.meta for part in around.walk() if "start" in part.meta]
            around = around.parent
        if not places:
            return ConditionError(self.text, 0, 0, problem, remedy)
        first, last = min(place["start"] for place in places), max(place["end"] for place in places)
        return ConditionError(self.text, first, last - first + 1, problem, remedy)
