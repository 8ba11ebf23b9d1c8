"""The bounds of the numbers in the seeds, which stand in a seed themselves: ``seeds/policy/policy_bounds.csv``.

Why in a seed, and why Python judges by it: DECISIONS 86.
A row there bounds a column of a seed, or one parameter of a seed that has one a row: unit, lowest, highest, whether it
is whole, and what it must lie above. Every number of a seed has a bound, and every row that a bound names is there.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase

from banktags.seeds.checks import CURRENCY, fault_of, hold_together, row_name, told_name
from banktags.seeds.declared import Declared
from banktags.seeds.files import Fault, SeedFile, SeedRow, near
from banktags.seeds.values import is_empty, number_of

SEED = "policy_bounds"
#: Unit of an amount that is meant for one currency.
AMOUNT = "base currency"
#: In the name of a row: any text.
ANY = "*"


@dataclass(frozen=True)
class Bound:
    """A row of the seed. ``rows``: name of a row, or a pattern of names. ``line``: where it stands."""

    seed: str
    rows: str
    column: str
    unit: str
    lowest: Decimal | None
    highest: Decimal | None
    is_whole: bool
    above: str
    not_below: str
    reason: str
    line: int

    @property
    def is_of_one_row(self) -> bool:
        return ANY not in self.rows

    def admits(self) -> str:
        """What it admits, in words."""
        kind = "a whole number" if self.is_whole else "a number"
        if self.lowest is None:
            return f"{kind} of at most {self.highest}" if self.highest is not None else kind
        if self.highest is None:
            return f"{kind} of at least {self.lowest}"
        return f"{kind} from {self.lowest} to {self.highest}"

    def is_met(self, value: Decimal) -> bool:
        return (
            (self.lowest is None or value >= self.lowest)
            and (self.highest is None or value <= self.highest)
            and (not self.is_whole or value == value.to_integral_value())
        )


def read_bounds(seed: SeedFile) -> list[Bound]:
    """The bounds; their values are taken to be of their types."""
    return [
        Bound(
            row["seed_name"],
            row["row_name"],
            row["column_name"],
            row["unit"],
            number_of(row["lowest"]),
            number_of(row["highest"]),
            row["is_whole"] == "true",
            row["above"],
            row["not_below"],
            row["reason"],
            row.line,
        )
        for row in seed.rows
    ]


def bound_faults(seeds: Mapping[str, SeedFile], declared: Mapping[str, Declared]) -> list[Fault]:
    """Whatever in the seeds is not as its bounds say, has none, or is missing. Bounds of other seeds are not judged."""
    file = seeds[SEED].file
    bounds = read_bounds(seeds[SEED])
    named = {name: _rows_by_name(seed, declared[name]) for name, seed in seeds.items()}
    faults = [fault for bound in bounds for fault in _faults_of_bound(bound, file, seeds, named, declared)]
    for name, seed in seeds.items():
        for column in declared[name].numbers if name != SEED else ():
            of_column = [bound for bound in bounds if bound.seed == name and bound.column == column]
            if not seed.rows and not of_column:
                faults.append(_unbounded(seed, 1, "", column, ANY, of_column, file))
            for row_of, rows in named[name].items():
                matching = _most_exact([bound for bound in of_column if fnmatchcase(row_of, bound.rows)])
                is_bounded = any(bound.lowest is not None or bound.highest is not None for bound in matching)
                for row in rows:
                    value = number_of(row[column])
                    if value is not None and not is_bounded:
                        told = told_name(row, declared[name])
                        faults.append(_unbounded(seed, row.line, told, column, row_of, of_column, file))
                    elif value is not None:
                        faults += _value_faults(seed, row, column, value, declared[name], matching, named[name], file)
    return faults


def _rows_by_name(seed: SeedFile, declared: Declared) -> dict[str, list[SeedRow]]:
    named: dict[str, list[SeedRow]] = defaultdict(list)
    for row in seed.rows:
        named[row_name(row, declared)].append(row)
    return named


def _value_faults(
    seed: SeedFile,
    row: SeedRow,
    column: str,
    value: Decimal,
    declared: Declared,
    bounds: list[Bound],
    named: Mapping[str, list[SeedRow]],
    file: str,
) -> Iterator[Fault]:
    """What its bounds say against a value; ``named``: the rows of the seed by their names."""
    for bound in bounds:
        remedy = f"Correct it; if the bank means it, change the bound in {file}, line {bound.line}, and its reason"
        if not bound.is_met(value):
            yield fault_of(seed, row, declared, column, f"must be {bound.admits()} ({bound.reason})", remedy)
            continue
        if bound.unit and "unit" in declared.types and row["unit"] != bound.unit:
            yield fault_of(seed, row, declared, "unit", f"must be {bound.unit}", f"Write {column} in {bound.unit}")
        if CURRENCY in declared.types and bound.unit and is_empty(row[CURRENCY]) == (bound.unit == AMOUNT):
            must = "must name the currency of the amount" if bound.unit == AMOUNT else f"must be empty for {bound.unit}"
            yield fault_of(seed, row, declared, CURRENCY, must, "Write ISO 4217 for an amount, and nothing else")
        for below, is_strict in ((bound.above, True), (bound.not_below, False)):
            # Another column of the row, or the column of another row that holds with it.
            column_below = below if below in declared.types else column
            others = [row] if below in declared.types else named.get(below, ())
            for other in others:
                least = number_of(other[column_below])
                if least is None or not hold_together(row, other):
                    continue
                if value <= least if is_strict else value < least:
                    of = column_below if other is row else f"{told_name(other, declared)} in line {other.line}"
                    must = f"must be {'above' if is_strict else 'at least'} {least}, that of {of}"
                    yield fault_of(seed, row, declared, column, must, remedy)


def _most_exact(bounds: list[Bound]) -> list[Bound]:
    """Those of the row itself, where there are any, and not what holds for any row."""
    return [bound for bound in bounds if bound.is_of_one_row] or bounds


def _unbounded(seed: SeedFile, line: int, told: str, column: str, name: str, bounds: list[Bound], file: str) -> Fault:
    known = sorted({bound.rows for bound in bounds if bound.is_of_one_row})
    hint = near(name, known)
    remedy = f"Add a row to {file}: {seed.name},{name},{column},<unit>,<lowest>,<highest>,<true or false>,,,<reason>"
    if hint:
        remedy = f"Correct the name{hint}, or a{remedy[1:]}"
    return Fault(seed.file, line, f"no bound stands for {column}", remedy, told)


def _faults_of_bound(
    bound: Bound,
    file: str,
    seeds: Mapping[str, SeedFile],
    named: Mapping[str, Mapping[str, list[SeedRow]]],
    declared: Mapping[str, Declared],
) -> Iterator[Fault]:
    """A bound of a seed, column or row that is not there."""
    told = f"{bound.seed} / {bound.rows}"
    if bound.seed not in declared:
        says = f"there is no seed {bound.seed}{near(bound.seed, declared)}"
        yield Fault(file, bound.line, says, "Correct seed_name, or delete the row", told)
        return
    of = declared[bound.seed]
    if bound.column not in of.numbers:
        says = f"seed {bound.seed} has no column of numbers {bound.column}{near(bound.column, of.numbers)}"
        yield Fault(file, bound.line, says, "Correct column_name, or delete the row", told)
    if bound.lowest is not None and bound.highest is not None and bound.highest < bound.lowest:
        yield Fault(file, bound.line, f"highest is {bound.highest}, below lowest", "Correct one of the two", told)
    if bound.seed not in seeds:
        return
    for name in (bound.rows, bound.above, bound.not_below):
        if name and ANY not in name and name not in of.types and name not in named[bound.seed]:
            says = f"the row {name} is missing{near(name, named[bound.seed])}"
            remedy = f"Take it back; if the bank gives it up, delete its bound in {file}, line {bound.line}"
            yield Fault(seeds[bound.seed].file, 0, says, remedy)
