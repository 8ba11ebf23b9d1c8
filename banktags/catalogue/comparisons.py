"""Comparisons of tags, what joins them, and the clauses of a rule that are made of them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, product

from banktags.catalogue.scopes import RuleError

OTHERWISE = "otherwise"
#: Begins the name of a source table (system.table) that a rule asks for: null until it is first delivered.
DELIVERED = "coverage."
#: A rule of more clauses than this is no longer explained by them.
MOST_CLAUSES = 40
OPPOSITE = {"=": "<>", "<": ">=", "<=": ">", "is null": "is not null"}
OPPOSITE |= {opposite: operator for operator, opposite in OPPOSITE.items()}
#: What null says of a source table.
DELIVERY = {"is null": "is not delivered", "is not null": "is delivered"}


@dataclass(frozen=True)
class Comparison:
    """A sum of tags, each with its sign, against a threshold or a literal of the SQL, or asked for null."""

    inputs: tuple[tuple[int, str], ...]
    operator: str
    # rule.parameter of rule_thresholds, seed.column where the values stand in a seed, coverage.system.table of a source
    threshold: str | None = None
    literal: str | Decimal | None = None

    @property
    def measure(self) -> str:
        """What is compared, as SQL: a tag, or a sum of tags; of none, the name of what is asked for null."""
        tags = " ".join(f"{'+' if sign > 0 else '-'} {tag}" for sign, tag in self.inputs).removeprefix("+ ")
        return tags or f"{self.threshold}".removeprefix(DELIVERED)

    def __str__(self) -> str:
        left = self.measure
        if isinstance(self.literal, str) and self.literal in ("true", "false"):
            return left if (self.literal == "true") == (self.operator == "=") else f"not {left}"
        if self.operator.startswith("is "):
            is_source = self.threshold and self.threshold.startswith(DELIVERED)
            return f"{left} {DELIVERY[self.operator] if is_source else self.operator}"
        text = f"'{self.literal}'" if isinstance(self.literal, str) else f"{self.literal}"
        return f"{left} {self.operator} {self.threshold or text}"


#: Comparisons that all have to hold.
Conjunction = tuple[Comparison, ...]
ALWAYS: Conjunction = ()


@dataclass(frozen=True)
class Clause:
    """``value`` where all comparisons hold and no clause before does; None is unknown.

    With ``values_from`` (seed.column) there is such a clause for each row of the seed. Without comparisons ``text`` is
    "otherwise", or says what cannot be told from tags.
    """

    value: str | None
    comparisons: Conjunction
    text: str
    values_from: str | None = None


def clause_of(value: str | None, comparisons: Conjunction, values_from: str | None = None) -> Clause:
    """A clause with its text."""
    return Clause(value, comparisons, " and ".join(map(str, comparisons)) or OTHERWISE, values_from)


def shortened(clauses: list[Clause]) -> list[Clause]:
    """Without clauses that can't be reached, that later ones repeat, or that come last and give nothing."""
    reached: list[Clause] = []
    for clause in clauses:
        if not any(_covers(earlier, clause) for earlier in reached):
            reached.append(clause)
    kept = [clause for at, clause in enumerate(reached) if not _repeated(clause, reached[at + 1 :])]
    while kept and kept[-1].value is None and kept[-1].values_from is None:
        kept.pop()
    return kept


def _covers(clause: Clause, other: Clause) -> bool:
    """Whether a clause holds wherever the other does."""
    is_told = clause.comparisons or clause.text == OTHERWISE
    return bool(is_told) and clause.values_from is None and set(clause.comparisons) <= set(other.comparisons)


def _repeated(clause: Clause, later: list[Clause]) -> bool:
    """Whether the clauses after this one give its value wherever it holds, before any of them gives another."""
    for other in later:
        if (other.value, other.values_from) != (clause.value, None) or clause.values_from:
            return False
        if _covers(other, clause):
            return True
    return False


def negative(inputs: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
    """A sum of tags with every sign turned."""
    return tuple((-sign, tag) for sign, tag in inputs)


def opposite(comparison: Comparison) -> Comparison:
    """What holds where a comparison of known values does not."""
    if comparison.literal in ("true", "false"):
        return replace(comparison, literal="false" if comparison.literal == "true" else "true")
    return replace(comparison, operator=OPPOSITE[comparison.operator])


def all_of(*conditions: list[Conjunction]) -> list[Conjunction]:
    """Where every condition holds."""
    joined = [ALWAYS]
    for condition in conditions:
        pairs = [tuple(dict.fromkeys(chain(*pair))) for pair in product(joined, absorbed(condition))]
        joined = absorbed([_told_once(one) for one in pairs if not _is_impossible(one)])
        if len(joined) > MOST_CLAUSES:
            raise RuleError(f"it has more than {MOST_CLAUSES} alternatives")
    return joined


def _told_once(conjunction: Conjunction) -> Conjunction:
    """Without ``x is not null`` where x is compared besides, and without ``x <> a`` where x = b."""
    compared = {tag for one in conjunction if not one.operator.startswith("is ") for _, tag in one.inputs}
    equal = {one.inputs for one in conjunction if one.operator == "=" and one.literal is not None}
    return tuple(
        one
        for one in conjunction
        if not (one.operator == "is not null" and {tag for _, tag in one.inputs} & compared)
        and not (one.operator == "<>" and one.inputs in equal and one.literal is not None)
    )


def _is_impossible(conjunction: Conjunction) -> bool:
    """A value that is unknown, is not what it is, or is two."""
    unknown = {tag for one in conjunction if one.operator == "is null" for _, tag in one.inputs}
    known = {tag for one in conjunction if one.operator != "is null" for _, tag in one.inputs}
    equal = {(one.inputs, one.literal) for one in conjunction if one.operator == "=" and one.literal is not None}
    return (
        bool(unknown & known)
        or len({inputs for inputs, _ in equal}) < len(equal)
        or any(opposite(one) in conjunction for one in conjunction)
    )


def absorbed(conjunctions: list[Conjunction]) -> list[Conjunction]:
    """Without those that ask for more than another, which holds wherever they do."""
    unique = list(dict.fromkeys(conjunctions))
    return [one for one in unique if not any(set(other) < set(one) for other in unique)]
