"""A tag's rule as a list of clauses: the first that holds gives the value.

Each clause is a conjunction of comparisons of tags with thresholds or literals: what ``or`` joins stands as clauses of
its own, since of an ordered list only the first that holds counts. Read from the same compiled SQL as the rules; a
threshold is named, never copied, so that the boundary is that of the day on which the clauses are asked. So is a
source table that a rule asks for: whether it was ever delivered by then.

SQL's unknown is kept exactly: a comparison with an unknown value does not hold, and neither does its opposite.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import chain

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from banktags.catalogue.comparisons import (
    ALWAYS,
    DELIVERED,
    MOST_CLAUSES,
    OTHERWISE,
    Clause,
    Comparison,
    Conjunction,
    absorbed,
    all_of,
    clause_of,
    negative,
    opposite,
    shortened,
)
from banktags.catalogue.entries import TagEntry
from banktags.catalogue.project import COVERAGE, Project
from banktags.catalogue.scopes import RuleError, inlined, leaf_of, projection, sql_text

#: The seed of named thresholds, and those whose rows give the values of tags: model tag_boundary_versions reads them.
THRESHOLDS, VALUE_SEEDS = "rule_thresholds", ("pyramid_tiers", "risk_levels")

OPERATORS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def tag_clauses(project: Project, entry: TagEntry) -> list[Clause]:
    """Clauses of one tag, in order.

    Raises:
        RuleError: the rule is no decision over other tags; says what it is instead.
    """
    scope = project.root(entry.model, entry.code)
    value = projection(scope, entry.code)
    reader = _Reader(project)
    clauses = reader.decided(scope, value)
    if len(reader.guards) > 1:
        raise RuleError(f"{entry.code} is judged on several sets of customers")
    for guard in reader.guards.values():
        # Whom the rule does not judge comes first: all that the rule reads is unknown of them.
        unjudged = shortened(_Reader(project, without_rows=True).decided(scope, value))
        clauses = _before_the_judged(shortened(clauses), unjudged, _others_than_judged(_Reader(project), guard))
    if not clauses or len(clauses) > MOST_CLAUSES:
        raise RuleError(f"{entry.code} has {len(clauses)} clauses")
    return shortened(clauses)


def _others_than_judged(reader: "_Reader", guard: list[tuple[Scope, exp.Expression]]) -> list[Clause]:
    """When a customer is one that the rule does not judge, as clauses that give no value yet."""
    try:
        judged = all_of(*(reader.truths(scope, condition) for scope, condition in guard))
        return [clause_of(None, conjunction) for conjunction in reader.not_true(judged)]
    except RuleError:
        texts = [sql_text(inlined(scope, condition)) for scope, condition in guard]
        return [Clause(None, ALWAYS, "not (" + " ".join(" and ".join(texts).split()) + ")")]


def _before_the_judged(judged: list[Clause], unjudged: list[Clause], others: list[Clause]) -> list[Clause]:
    """One list: what decides for every customer alike, then what does for the others, then for the judged.

    Raises:
        RuleError: the others are told by no tags, and have one of several values.
    """
    alike = 0
    while alike < min(len(judged), len(unjudged)) and judged[alike] == unjudged[alike]:
        alike += 1
    outcomes = unjudged[alike:]
    if not outcomes or outcomes[-1].text != OTHERWISE:
        outcomes = [*outcomes, clause_of(None, ALWAYS)]
    if len(outcomes) == 1:
        kept_out = [replace(other, value=outcomes[0].value) for other in others]
    elif all(other.comparisons for other in others):
        kept_out = [
            clause_of(outcome.value, conjunction, outcome.values_from)
            for outcome in outcomes
            for conjunction in all_of([other.comparisons for other in others], [outcome.comparisons])
        ]
    else:
        raise RuleError("what it is for those it does not judge can't be told")
    return [*judged[:alike], *kept_out, *judged[alike:]]


class _Reader:
    """Reads decisions and conditions of SQL; an expression goes with the scope that its names belong to."""

    def __init__(self, project: Project, without_rows: bool = False) -> None:
        self.project = project
        self.without_rows = without_rows  # read as for a customer whom no left join with a condition finds
        self.guards: dict[int, list[tuple[Scope, exp.Expression]]] = {}  # conditions of the left joins read
        self.clauses: list[Clause] = []

    # Decisions: an expression with one of several values.

    def decided(self, scope: Scope, value: exp.Expression) -> list[Clause]:
        """The clauses of an expression."""
        self._decide(scope, value, [ALWAYS])
        return self.clauses

    def _decide(self, scope: Scope, value: exp.Expression, where: list[Conjunction]) -> None:
        """Append the clauses of an expression that counts where one of the conjunctions holds."""
        scope, value = self._step(scope, value)
        if isinstance(value, exp.Case) and not value.this:
            for branch in value.args["ifs"]:
                self._decide(scope, branch.args["true"], all_of(where, self.truths(scope, branch.this)))
            self._decide(scope, value.args.get("default") or exp.Null(), where)
        elif isinstance(value, exp.Coalesce) and len(value.expressions) == 1:
            start, instead = len(self.clauses), _constant(value.expressions[0])
            self._decide(scope, value.this, where)
            self.clauses[start:] = [
                clause_of(instead, clause.comparisons) if clause.value is None and not clause.values_from else clause
                for clause in self.clauses[start:]
            ]
        elif isinstance(value, exp.Literal | exp.Null | exp.Boolean):
            self._emit(_constant(value), where)
        elif isinstance(value, exp.Column) and (seed := self._value_seed(scope, value)):
            conditions = [self.truths(scope, condition) for condition in self.project.lookups(scope, [value])]
            self._emit(None, all_of(where, *conditions), values_from=seed)
            self._emit(None, where)
        else:
            self._emit("true", all_of(where, self.truths(scope, value)))
            self._emit("false", all_of(where, self.falses(scope, value)))
            self._emit(None, where)

    def _emit(self, value: str | None, conjunctions: list[Conjunction], values_from: str | None = None) -> None:
        self.clauses += [clause_of(value, conjunction, values_from) for conjunction in absorbed(conjunctions)]

    # Conditions: the conjunctions of which one holds just where the condition is true, or false.

    def truths(self, scope: Scope, condition: exp.Expression) -> list[Conjunction]:
        return self._outcomes(scope, condition, True)

    def falses(self, scope: Scope, condition: exp.Expression) -> list[Conjunction]:
        return self._outcomes(scope, condition, False)

    def not_true(self, conjunctions: list[Conjunction]) -> list[Conjunction]:
        """Where none of the conjunctions holds: what is compared is on the other side, or unknown.

        One that a clause before has tested already cannot hold any more, so it needs no mention.
        """
        tested = [set(clause.comparisons) for clause in self.clauses if clause.comparisons and not clause.values_from]
        open_ones = [one for one in conjunctions if not any(known <= set(one) for known in tested)]
        return all_of(*([other for comparison in one for other in self._others(comparison)] for one in open_ones))

    def _others(self, comparison: Comparison) -> Iterator[Conjunction]:
        yield (opposite(comparison),)
        if not comparison.operator.startswith("is "):
            for sign, tag in comparison.inputs:
                if tag not in self.project.never_null:
                    yield (Comparison(((abs(sign), tag),), "is null"),)

    def _outcomes(self, scope: Scope, condition: exp.Expression, wanted: bool) -> list[Conjunction]:
        scope, condition = self._step(scope, condition)
        match condition:
            case exp.Null():
                return []
            case exp.Boolean():
                return [ALWAYS] if condition.this is wanted else []
            case exp.Not():
                return self._outcomes(scope, condition.this, not wanted)
            case exp.And() | exp.Or():
                if bound := self._open_bound(condition):
                    return self._outcomes(scope, bound, wanted)
                sides = [self._outcomes(scope, side, wanted) for side in (condition.left, condition.right)]
                return all_of(*sides) if isinstance(condition, exp.And) is wanted else [*chain(*sides)]
            case exp.Between():
                bounds = exp.and_(
                    exp.GTE(this=condition.this, expression=condition.args["low"]),
                    exp.LTE(this=condition.this, expression=condition.args["high"]),
                )
                return self._outcomes(scope, bounds, wanted)
            case exp.In() if condition.expressions:
                return self._in(scope, condition.this, wanted, condition.expressions)
            case exp.Coalesce() if len(condition.expressions) == 1:
                instead = condition.expressions[0]
                if isinstance(instead, exp.Boolean):
                    otherwise = self._outcomes(scope, condition.this, not instead.this)
                    return self.not_true(otherwise) if instead.this is wanted else otherwise
            case exp.Case() if not condition.this:
                return self._case_outcomes(scope, condition, wanted, self._outcomes)
            case exp.Is() if isinstance(condition.expression, exp.Null):
                return self._is_null(scope, condition.this, wanted)
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                sides = (scope, condition.left), (scope, condition.right)
                return self._compared(OPERATORS[type(condition)], *sides, wanted)
            case exp.Column() if (tag := self._tag(scope, condition)) and self.project.data_types[tag] == "boolean":
                return [(Comparison(((1, tag),), "=", literal="true" if wanted else "false"),)]
        raise RuleError(f"{sql_text(condition)} is no comparison of tags")

    def _case_outcomes(self, scope: Scope, case: exp.Case, wanted: bool, outcomes: "Outcomes") -> list[Conjunction]:
        """``outcomes`` of the branch that counts: of the first whose condition is true."""
        found: list[Conjunction] = []
        passed: list[Conjunction] = []  # conditions of the branches before that come out otherwise
        branches = [(branch.this, branch.args["true"]) for branch in case.args["ifs"]]
        for condition, value in [*branches, (exp.true(), case.args.get("default") or exp.Null())]:
            holds, comes_out = self.truths(scope, condition), outcomes(scope, value, wanted)
            if comes_out:
                found += all_of(self.not_true(passed), holds, comes_out)
            if comes_out != [ALWAYS]:
                passed += holds
        return absorbed(found)

    def _in(self, scope: Scope, value: exp.Expression, wanted: bool, listed: list[exp.Expression]) -> list[Conjunction]:
        scope, value = self._step(scope, value)
        if isinstance(value, exp.Case) and not value.this:
            return self._case_outcomes(scope, value, wanted, partial(self._in, listed=listed))
        equal = [exp.EQ(this=value, expression=one) for one in listed]
        return self._outcomes(scope, exp.or_(*equal), wanted)

    def _is_null(self, scope: Scope, value: exp.Expression, wanted: bool) -> list[Conjunction]:
        scope, value = self._step(scope, value)
        if isinstance(value, exp.Null | exp.Literal):
            return [ALWAYS] if isinstance(value, exp.Null) is wanted else []
        if isinstance(value, exp.Case) and not value.this:
            return self._case_outcomes(scope, value, wanted, self._is_null)
        operator = "is null" if wanted else "is not null"
        if asked_for := self._source_table(scope, value) or self._threshold(scope, value):
            return [(Comparison((), operator, asked_for),)]
        inputs = self._sum(scope, value)
        if wanted:
            return [(Comparison(((1, tag),), operator),) for _, tag in inputs]
        return [tuple(Comparison(((1, tag),), operator) for _, tag in inputs)]

    def _compared(self, operator: str, left: "Placed", right: "Placed", wanted: bool) -> list[Conjunction]:
        left, right = self._step(*left), self._step(*right)
        for one, other, compared_as in ((left, right, operator), (right, left, MIRRORED[operator])):
            scope, value = one
            if isinstance(value, exp.Case) and not value.this:
                return self._case_outcomes(
                    scope, value, wanted, lambda s, v, w, o=other, c=compared_as: self._compared(c, (s, v), o, w)
                )
        if self._is_unknown(*left) or self._is_unknown(*right):
            return []
        if isinstance(left[1], exp.Literal) and isinstance(right[1], exp.Literal) and operator in ("=", "<>"):
            return [ALWAYS] if ((left[1] == right[1]) is (operator == "=")) is wanted else []
        if self._boundary(*left):
            left, right, operator = right, left, MIRRORED[operator]
        if boundary := self._boundary(*right):
            comparison = Comparison(self._sum(*left), operator, **boundary)
        else:
            # One tag against another: their difference against nothing.
            difference = self._sum(*left) + negative(self._sum(*right))
            comparison = Comparison(difference, operator, literal=Decimal(0))
        return [(comparison if wanted else opposite(comparison),)]

    # What a name stands for.

    def _step(self, scope: Scope, value: exp.Expression) -> "Placed":
        """The expression behind names of CTEs; a column of a table, or one looked up in a seed, stays."""
        while True:
            if isinstance(value, exp.Paren):
                value = value.this
                continue
            if not isinstance(value, exp.Column):
                return scope, value
            source = scope.sources.get(value.table)
            if not isinstance(source, Scope):
                return scope, value
            if guard := self.project.guard(scope, value.table):
                self.guards[id(source)] = guard
                if self.without_rows:
                    return scope, exp.Null()
            if source.set_operation_scopes:
                raise RuleError(f"{sql_text(value)} comes from a union")
            if self.project.is_seed(source) and self.project.lookups(scope, [value]):
                return scope, value
            scope, value = source, projection(source, value.name)

    def _tag(self, scope: Scope, value: exp.Expression) -> str | None:
        source = scope.sources.get(value.table) if isinstance(value, exp.Column) else None
        if isinstance(source, exp.Table):
            relation, column = leaf_of(source, value.name)
            if (relation, column) in self.project.tags or relation in self.project.tag_views:
                return column
        return None

    @staticmethod
    def _source_table(scope: Scope, value: exp.Expression) -> str | None:
        """coverage.system.table of a column that says from when on a source table is covered."""
        source = scope.sources.get(value.table) if isinstance(value, exp.Column) else None
        if isinstance(source, exp.Table) and source.name == COVERAGE:
            return DELIVERED + value.name.replace("__", ".")
        return None

    def _sum(self, scope: Scope, value: exp.Expression) -> tuple[tuple[int, str], ...]:
        """The tags that a number is the sum of, each with its sign."""
        scope, value = self._step(scope, value)
        if tag := self._tag(scope, value):
            return ((1, tag),)
        if isinstance(value, exp.Add | exp.Sub):
            right = self._sum(scope, value.right)
            return self._sum(scope, value.left) + (right if isinstance(value, exp.Add) else negative(right))
        raise RuleError(f"{sql_text(value)} is no tag and no sum of tags")

    def _is_unknown(self, scope: Scope, value: exp.Expression) -> bool:
        scope, value = self._step(scope, value)
        if isinstance(value, exp.Add | exp.Sub):
            return self._is_unknown(scope, value.left) or self._is_unknown(scope, value.right)
        return isinstance(value, exp.Null)

    def _boundary(self, scope: Scope, value: exp.Expression) -> dict[str, str | Decimal] | None:
        """``threshold`` or ``literal`` of a comparison."""
        if isinstance(value, exp.Literal):
            return {"literal": value.this if value.is_string else Decimal(value.this)}
        if isinstance(value, exp.Boolean):
            return {"literal": _constant(value)}
        if seed := self._value_seed(scope, value):
            return {"threshold": seed}
        threshold = self._threshold(scope, value)
        return {"threshold": threshold} if threshold else None

    def _threshold(self, scope: Scope, value: exp.Expression) -> str | None:
        """rule.parameter of what macro threshold() makes: max(case when rule = … and parameter = … then value end)."""
        if not isinstance(value, exp.Max) or not isinstance(value.this, exp.Case):
            return None
        names = {
            equal.left.name: equal.right.this
            for equal in value.find_all(exp.EQ)
            if isinstance(equal.right, exp.Literal)
        }
        tables = {source.name for source in scope.sources.values() if isinstance(source, exp.Table)}
        if tables != {THRESHOLDS} or names.keys() != {"rule", "parameter"}:
            return None
        return f"{names['rule']}.{names['parameter']}"

    def _value_seed(self, scope: Scope, value: exp.Expression) -> str | None:
        """seed.column of a value that is looked up in a seed."""
        source = scope.sources.get(value.table) if isinstance(value, exp.Column) else None
        if not self.project.is_seed(source):
            return None
        while isinstance(source, Scope):
            value = projection(source, value.name)
            source = source.sources.get(value.table)
        if source is None or source.name not in VALUE_SEEDS:
            raise RuleError(f"{sql_text(value)} is looked up in a seed without named rows")
        return f"{source.name}.{value.name}"

    @staticmethod
    def _open_bound(condition: exp.Expression) -> exp.Expression | None:
        """``x >= low`` of ``low is null or x >= low``: a band whose bound is null is open on that side."""
        left, right = condition.left, condition.right
        is_open = isinstance(condition, exp.Or) and isinstance(left, exp.Is) and isinstance(left.expression, exp.Null)
        return right if is_open and isinstance(right, exp.Binary) and left.this == right.right else None


#: An expression and the scope that its names belong to.
Placed = tuple[Scope, exp.Expression]
#: Where an expression comes out as wanted.
Outcomes = Callable[[Scope, exp.Expression, bool], list[Conjunction]]


def _constant(value: exp.Expression) -> str | None:
    if isinstance(value, exp.Null):
        return None
    if isinstance(value, exp.Boolean):
        return "true" if value.this else "false"
    if isinstance(value, exp.Literal):
        return value.this
    raise RuleError(f"{sql_text(value)} is no constant")
