"""What the warehouse knows of one customer's tags on one date, as far as the reader's role may know it.

Values and inputs of the warehouse's date come from the wide mart; those of another date from history, which keeps the
inputs of the dates on which a value changed.
"""

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import duckdb
import typer

from banktags.door import MASK, Door, DoorClosed, Subject, find_customer
from banktags.explain.decision import (
    Clause,
    Inputs,
    Nudge,
    clauses_after_change,
    clauses_of_today,
    nudges_of,
    tags_with_clauses,
)
from banktags.meant import meant, shown

#: The tags that the rule of each tag reads, or ever compared with a boundary.
NAMES = """
    select tag_code, input_name from governance.tag_rule_inputs where input_kind = 'tag'
    union
    select tag_code, input_tag from governance.tag_boundary_versions where input_tag is not null
"""


@dataclass(frozen=True)
class Tag:
    """Dictionary entry of a tag, as far as an explanation shows it."""

    code: str
    name_zh: str
    kind: str
    data_type: str
    unit: str | None
    null_means: str | None
    labels: Mapping[str, str]
    money_zh: str | None = None  # what a Chinese text writes after an amount, where the tag is one

    def label(self, value: str | None) -> str:
        """A value with its Chinese name."""
        if value in (None, MASK):
            return "unknown 未知" if value is None else MASK
        name = self.labels.get(value)
        return f"{value} {name}" if name and name != value else value


@dataclass(frozen=True)
class Change:
    """Since when the value stands: a row of history.tag_changes, with its reason where tags tell it."""

    day: datetime.date
    old_value: str | None
    change_type: str
    input_tag: str | None = None
    input_before: str | None = None
    input_after: str | None = None
    operator: str | None = None
    boundary: str | None = None


@dataclass(frozen=True)
class Explanation:
    """One tag of one customer on one date."""

    customer_id: str
    tag: Tag
    day: datetime.date
    value: str | None
    clause: Clause | None
    passed: list[Clause]  # clauses before it, which do not hold
    rule: str | None  # where the rule is no list of clauses, or the tag is measured: what it is made of
    inputs: Inputs
    inputs_of: datetime.date | None  # None: the inputs of the date are not known
    nudges: list[Nudge]
    confidence: Decimal | None
    least_fresh_source: str | None
    last_change: Change | None
    history_from: datetime.date | None  # None: there is no history of the tag
    notes: list[str] = field(default_factory=list)
    is_masked: bool = False  # the tag is above the role's class: nothing is told of it
    is_why_masked: bool = False  # so is a tag that its rule reads: the value is told, and not what gave it
    masked_because: str | None = None

    @property
    def since(self) -> str:
        """Since when, in words."""
        if self.is_masked:
            return MASK
        if self.last_change:
            return f"{self.last_change.day}, before: {self.tag.label(self.last_change.old_value)}"
        if self.history_from:
            return f"{self.history_from} or before: history (历史) begins there"
        return "not known: history (历史) has no such tag; it keeps certified tags with values, from banktags run"


@dataclass(frozen=True)
class Explanations:
    """What was asked of a customer at once; ``tag`` is the one asked for, None for all."""

    said: list[Explanation]
    tag: str | None

    @property
    def subject(self) -> Subject:
        first, masked = self.said[0], sum(one.is_masked for one in self.said)
        return Subject("explain", first.customer_id, first.day, len(self.said) - masked, masked, self.tag)


class Reader:
    """One customer on one date, read through the door from an open warehouse.

    Raises:
        DoorClosed: there is no such customer, or the warehouse lacks the portraits; says what to do.
        typer.BadParameter: the warehouse does not know the date.
    """

    def __init__(
        self, warehouse: duckdb.DuckDBPyConnection, customer: str, day: datetime.date | None, door: Door
    ) -> None:
        self.warehouse = warehouse
        self.door = door
        self.customer_id = find_customer(warehouse, customer)
        self.built = self._one("select max(as_of_date) from marts.customer_tags")
        if not self._one("select count(*) from information_schema.tables where table_name = 'portrait_nudges'"):
            raise DoorClosed("the warehouse has no portraits (portraits.portrait_nudges): run dbt build first")
        self.keeps_history = bool(
            self._one("select count(*) from information_schema.tables where table_name = 'tag_changes'")
        )
        self.has_history = self.keeps_history and bool(self._one("select count(*) from history.observed_dates"))
        self.day = self._date(day)
        self.tags = self._dictionary()
        self.read_by: dict[str, set[str]] = {}
        for code, name in warehouse.execute(NAMES).fetchall():
            self.read_by.setdefault(code, set()).add(name)
        row = warehouse.execute("select * from marts.customer_tags where customer_id = $1", [self.customer_id])
        codes = [column[0] for column in row.description]
        self.wide = dict(zip(codes, map(_text, row.fetchone()), strict=True))

    def _one(self, sql: str, *parameters: object) -> Any:
        row = self.warehouse.execute(sql, list(parameters)).fetchone()
        return row[0] if row else None

    def _date(self, asked: datetime.date | None) -> datetime.date:
        if asked is None or asked == self.built:
            return self.built
        if not self.has_history:
            raise typer.BadParameter(
                f"the warehouse knows {self.built} only and has no history: "
                f"run banktags run --from {asked} --to {self.built}, or build the date alone, "
                f"dbt build --vars 'as_of_date: {asked}'",
                param_hint="--date",
            )
        first, last = self.warehouse.execute(
            "select min(as_of_date), max(as_of_date) from history.observed_dates"
        ).fetchone()
        if not first <= asked <= last:
            raise typer.BadParameter(
                f"history reaches from {first} to {last}: ask for a date in it, or build {asked} alone, "
                f"dbt build --vars 'as_of_date: {asked}'",
                param_hint="--date",
            )
        return asked

    def _dictionary(self) -> dict[str, Tag]:
        labels: dict[str, dict[str, str]] = {}
        for code, value, name_zh in self.warehouse.execute(
            "select tag_code, value, name_zh from governance.tag_values"
        ).fetchall():
            labels.setdefault(code, {})[value] = name_zh
        rows = self.warehouse.execute(
            """
            select tag_code, dictionary.name_zh, kind, data_type, unit, null_means, base_currency.unit_zh
            from governance.tag_dictionary as dictionary
            left join governance.base_currency as base_currency on dictionary.unit = base_currency.currency
            """
        ).fetchall()
        return {row[0]: Tag(*row[:-1], labels=labels.get(row[0], {}), money_zh=row[-1]) for row in rows}

    def tag(self, code: str) -> Tag:
        """Entry of a tag.

        Raises:
            typer.BadParameter: there is no such tag; names those that are written alike.
        """
        if code in self.tags:
            return self.tags[code]
        called = {known: [entry.name_zh] for known, entry in self.tags.items()}
        alike = ", ".join(shown(one, called) for one in meant(code, called)) or "none"
        raise typer.BadParameter(
            f"no tag {code}; written alike: {alike}. All tags stand in governance.tag_dictionary", param_hint="TAG"
        )

    def certified(self) -> list[str]:
        """Certified tags with a dictionary of values, booleans among them."""
        return [
            row[0]
            for row in self.warehouse.execute(
                """
                select tag_code from governance.tag_dictionary
                where status = 'certified'
                    and (values_from is not null or tag_code in (select tag_code from governance.tag_values))
                order by kind desc, tag_code
                """
            ).fetchall()
        ]

    def explain(self, tag: Tag) -> Explanation:
        """What the role may know of a tag: masked as portraits.portrait_by_role masks it, value and reason apart."""
        if self.door.hides(tag.code):
            return self._masked(tag)
        said = self._explained(tag)
        return self._without_why(said) if self.door.hides_any(self._names(said)) else said

    def asked(self, tag: str | None) -> Explanations:
        """The explanation of one tag, or those of all certified tags with values."""
        codes = [tag] if tag else self.certified()
        if not codes:
            raise DoorClosed("no tag with values is certified yet: name a tag, see governance.tag_dictionary")
        return Explanations([self.explain(self.tag(code)) for code in codes], tag)

    def _masked(self, tag: Tag) -> Explanation:
        """The same whatever the value is, and whether there is one: nothing of the customer is read."""
        return Explanation(
            customer_id=self.customer_id,
            tag=tag,
            day=self.day,
            value=MASK,
            clause=None,
            passed=[],
            rule=None,
            inputs={},
            inputs_of=None,
            nudges=[],
            confidence=None,
            least_fresh_source=None,
            last_change=None,
            history_from=None,
            is_masked=True,
            is_why_masked=True,
            masked_because=self.door.masked_because(tag.code),
        )

    def _without_why(self, said: Explanation) -> Explanation:
        """Value and since when, without what the rule reads, compares and would need."""
        change = said.last_change
        return replace(
            said,
            clause=None,
            passed=[],
            rule=None,
            inputs={},
            inputs_of=None,
            nudges=[],
            least_fresh_source=None,
            last_change=change and Change(change.day, change.old_value, change.change_type),
            notes=[],
            is_why_masked=True,
            masked_because=f"所读标签{self.door.role.masked_because(*self._highest(said))}",
        )

    def _names(self, said: Explanation) -> set[str]:
        """Every tag that an explanation may tell a value of: by the rule, its boundaries then and now, and history."""
        read = self.read_by.get(said.tag.code, set())
        change = {said.last_change.input_tag} if said.last_change and said.last_change.input_tag else set()
        return read | set(said.inputs) | {one.input_tag for one in said.nudges} | change

    def _highest(self, said: Explanation) -> tuple[str | None, int | None]:
        """Class of the most sensitive tag that the explanation would name; of one without entry it is not known."""
        classes = [self.door.classes.get(code, (None, None)) for code in self._names(said)]
        if (None, None) in classes:
            return None, None
        return max(sensitivity for sensitivity, _ in classes), max(level for _, level in classes)

    def _explained(self, tag: Tag) -> Explanation:
        history_from, last_change = self._history(tag)
        notes: list[str] = []
        if self.day == self.built:
            value, inputs, inputs_of = self.wide[tag.code], self.wide, self.day
            confidence, source = self._confidence(tag)
        else:
            if history_from is None or self.day < history_from:
                begins = (
                    f"begins on {history_from}" if history_from else "is not kept: it is no certified tag with values"
                )
                raise typer.BadParameter(
                    f"history of {tag.code} {begins}; build the date alone, dbt build --vars 'as_of_date: {self.day}'",
                    param_hint="--date",
                )
            value, (inputs_of, inputs) = self._value_then(tag), self._inputs_then(tag)
            confidence, source = None, None
            notes.append("Confidence (置信度) of past dates is not kept.")
            if inputs_of is None:
                notes.append(
                    f"Inputs (输入) of {self.day} are not kept: the value has not changed since history began."
                )
            elif inputs_of != self.day:
                notes.append(
                    f"Inputs (输入) are those of {inputs_of}, when the value changed; later ones are not kept."
                )
        clauses = self._clauses(tag, inputs_of)
        clause = next((one for one in clauses if one.decides), None)
        told = [one for one in clauses if one.is_told]
        passed = told[: told.index(clause)] if clause in told else [] if clause else told
        return Explanation(
            customer_id=self.customer_id,
            tag=tag,
            day=self.day,
            value=value,
            clause=clause,
            passed=passed,
            rule=None if tag.code in self._told else self._made_of(tag),
            inputs=self._read(tag, clauses, inputs),
            inputs_of=inputs_of,
            nudges=self._nudges.get(tag.code, []) if inputs_of == self.day else [],
            confidence=confidence,
            least_fresh_source=source,
            last_change=last_change,
            history_from=history_from,
            notes=notes,
        )

    # What the warehouse judges.

    def _clauses(self, tag: Tag, inputs_of: datetime.date | None) -> list[Clause]:
        """The clauses with the inputs that are known: of today, or of the day on which the value changed."""
        if inputs_of is None:
            return []
        if self.day == self.built:
            return self._of_today.get(tag.code, [])
        return clauses_after_change(self.warehouse, self.customer_id, tag.code, inputs_of)

    @cached_property
    def _of_today(self) -> Mapping[str, list[Clause]]:
        return clauses_of_today(self.warehouse, self.customer_id, self.built)

    @cached_property
    def _told(self) -> frozenset[str]:
        return tags_with_clauses(self.warehouse)

    @cached_property
    def _nudges(self) -> Mapping[str, list[Nudge]]:
        """What would change each tag on the day; nothing where the warehouse was built without history."""
        if not self.keeps_history:
            return {}
        steps = {code: _step(entry.data_type) for code, entry in self.tags.items()}
        return nudges_of(self.warehouse, self.customer_id, self.day, steps)

    def _confidence(self, tag: Tag) -> tuple[Decimal, str | None]:
        row = self.warehouse.execute(
            """
            select confidence, least_fresh_source from governance.tag_confidence
            where tag_code = $1 and (customer_id = $2 or customer_id is null) order by confidence limit 1
            """,
            [tag.code, self.customer_id],
        ).fetchone()
        return row or (Decimal("1.0000"), None)

    def _made_of(self, tag: Tag) -> str:
        if tag.kind == "fact":
            sources = self.warehouse.execute(
                """
                select distinct split_part(input_name, '.', 1) || '.' || split_part(input_name, '.', 2)
                from governance.tag_rule_inputs where tag_code = $1 and input_kind = 'source' order by all
                """,
                [tag.code],
            ).fetchall()
            return "measured from (取自) " + ", ".join(row[0] for row in sources)
        return self._one("select rule_expression from governance.tag_rules where tag_code = $1", tag.code)

    def _read(self, tag: Tag, clauses: list[Clause], inputs: Inputs) -> Inputs:
        """The inputs that the rule compares, or all that it reads where it is no list of clauses."""
        codes = [code for one in clauses for comparison in one.comparisons for code, _ in comparison.inputs]
        if not codes:
            rows = self.warehouse.execute(
                """
                select input_name from governance.tag_rule_inputs
                where tag_code = $1 and input_kind = 'tag' order by input_name
                """,
                [tag.code],
            ).fetchall()
            codes = [row[0] for row in rows]
        return {code: inputs.get(code) for code in dict.fromkeys(codes) if code in inputs}

    # History.

    def _history(self, tag: Tag) -> tuple[datetime.date | None, Change | None]:
        if not self.has_history:
            return None, None
        tracked_from = self._one("select min(as_of_date) from history.tag_versions where tag_code = $1", tag.code)
        row = self.warehouse.execute(
            """
            select as_of_date, old_value, change_type, input_tag, input_before, input_after,
                operator, coalesce(cast(boundary as varchar), boundary_text)
            from history.tag_change_reasons
            where customer_id = $1 and tag_code = $2 and as_of_date <= $3
            order by as_of_date desc limit 1
            """,
            [self.customer_id, tag.code, self.day],
        ).fetchone()
        return tracked_from, Change(*row) if row else None

    def _value_then(self, tag: Tag) -> str | None:
        return self._one(
            """
            select tag_value from history.tag_history
            where customer_id = $1 and tag_code = $2 and valid_from <= $3 and (valid_to is null or $3 < valid_to)
            """,
            self.customer_id,
            tag.code,
            self.day,
        )

    def _inputs_then(self, tag: Tag) -> tuple[datetime.date | None, Inputs]:
        row = self.warehouse.execute(
            """
            select as_of_date, inputs_after from history.tag_changes
            where customer_id = $1 and tag_code = $2 and as_of_date <= $3
            order by as_of_date desc limit 1
            """,
            [self.customer_id, tag.code, self.day],
        ).fetchone()
        return (row[0], json.loads(row[1] or "{}")) if row else (None, {})


def _text(value: object) -> str | None:
    """A value as SQL writes it as text."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _step(data_type: str) -> Decimal:
    """The smallest step of a tag: of a decimal its last place, of a count 1."""
    if data_type.startswith("decimal"):
        return Decimal(1).scaleb(-int(data_type.rstrip(")").split(",")[1]))
    return Decimal("0.01") if data_type == "double" else Decimal(1)
