"""The bounds of the numbers in the seeds, which stand in a seed themselves: ``seeds/policy/policy_bounds.csv``.

A row there bounds a column of a seed, or one parameter of a seed that has one a row: unit, lowest, highest, whether it
is whole, and what it must lie above. Every number of a seed has a bound, and every row that a bound names is there.
"""

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
    faults = [fault for bound in bounds for fault in _bound_itself(bound, file, seeds, declared)]
    for name, seed in seeds.items():
        of_seed = [bound for bound in bounds if bound.seed == name]
        for column in declared[name].numbers:
            of_column = [bound for bound in of_seed if bound.column == column]
            for row in seed.rows:
                if name != SEED and not is_empty(row[column]):
                    faults += _value_faults(seed, row, column, declared[name], of_column, file)
            if not seed.rows and not of_column and name != SEED:
                faults.append(_unbounded(seed, 1, "", column, ANY, of_column, file))
    return faults


def _value_faults(
    seed: SeedFile, row: SeedRow, column: str, declared: Declared, bounds: list[Bound], file: str
) -> Iterator[Fault]:
    value = number_of(row[column])
    if value is None:
        return
    name = row_name(row, declared)
    matching = _most_exact([bound for bound in bounds if fnmatchcase(name, bound.rows)])
    if not any(bound.lowest is not None or bound.highest is not None for bound in matching):
        yield _unbounded(seed, row.line, told_name(row, declared), column, name, bounds, file)
    for bound in matching:
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
            for other, other_column in _compared(seed, row, column, declared, below):
                least = number_of(other[other_column])
                if least is not None and (value <= least if is_strict else value < least):
                    of = other_column if other is row else f"{told_name(other, declared)} in line {other.line}"
                    must = f"must be {'above' if is_strict else 'at least'} {least}, that of {of}"
                    yield fault_of(seed, row, declared, column, must, remedy)


def _most_exact(bounds: list[Bound]) -> list[Bound]:
    """Those of the row itself, where there are any, and not what holds for any row."""
    return [bound for bound in bounds if bound.is_of_one_row] or bounds


def _compared(
    seed: SeedFile, row: SeedRow, column: str, declared: Declared, below: str
) -> Iterator[tuple[SeedRow, str]]:
    """What a value must lie above: another column of the row, or the column of another row that holds with it."""
    if below in declared.types:
        yield row, below
    elif below:
        for other in seed.rows:
            if row_name(other, declared) == below and hold_together(row, other):
                yield other, column


def _unbounded(seed: SeedFile, line: int, told: str, column: str, name: str, bounds: list[Bound], file: str) -> Fault:
    known = sorted({bound.rows for bound in bounds if bound.is_of_one_row})
    hint = near(name, known)
    remedy = f"Add a row to {file}: {seed.name},{name},{column},<unit>,<lowest>,<highest>,<true or false>,,,<reason>"
    if hint:
        remedy = f"Correct the name{hint}, or a{remedy[1:]}"
    return Fault(seed.file, line, f"no bound stands for {column}", remedy, told)


def _bound_itself(
    bound: Bound, file: str, seeds: Mapping[str, SeedFile], declared: Mapping[str, Declared]
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
    names = {row_name(row, of) for row in seeds[bound.seed].rows}
    for name in (bound.rows, bound.above, bound.not_below):
        if name and ANY not in name and name not in of.types and name not in names:
            says = f"the row {name} is missing{near(name, names)}"
            remedy = f"Take it back; if the bank gives it up, delete its bound in {file}, line {bound.line}"
            yield Fault(seeds[bound.seed].file, 0, says, remedy)
