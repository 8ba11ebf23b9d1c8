"""What the YAML beside the seeds says of them, asked of their rows: types, keys, codes, bands, orders and shares."""

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from banktags.seeds.declared import Bands, Declared, Order, Shares, is_number
from banktags.seeds.files import Fault, SeedFile, SeedRow, near, shown
from banktags.seeds.values import is_empty, number_of, text_fault, value_fault

#: Codes that are listed in a message; of more, the nearest is named.
LISTED_CODES = 8
#: Columns by which a row holds for a time and for a currency; empty: without end, in any.
FROM, TO, CURRENCY = "valid_from", "valid_to", "currency"
#: What has no end ends here.
NO_END = datetime.date.max


def row_name(row: SeedRow, declared: Declared) -> str:
    """The values that name a row, as a person would: ``asset_level / a2_from``."""
    return " / ".join(row[column] for column in declared.name_columns if not is_empty(row[column]))


def told_name(row: SeedRow, declared: Declared) -> str:
    """The row's name with the currency that it is for."""
    currency = row.values.get(CURRENCY, "")
    return f"{row_name(row, declared)} ({currency})" if currency else row_name(row, declared)


def value_faults(seed: SeedFile, declared: Declared, seeds: Mapping[str, SeedFile]) -> list[Fault]:
    """The values of a seed that are none by its YAML; ``seeds``: those that its codes may stand in."""
    return [fault for row in seed.rows for fault in _row_faults(seed, row, declared, seeds)]


def order_faults(seed: SeedFile, declared: Declared) -> list[Fault]:
    """Rows of a seed that do not go together by its YAML; its values are taken to be of their types."""
    return [
        *_validity_faults(seed, declared),
        *_key_faults(seed, declared),
        *(fault for bands in declared.bands for fault in _band_faults(seed, declared, bands)),
        *(fault for order in declared.orders for fault in _order_faults(seed, declared, order)),
        *(fault for shares in declared.shares for fault in _share_faults(seed, declared, shares)),
    ]


def hold_together(row: SeedRow, other: SeedRow) -> bool:
    """Whether there are a day and a currency for which both rows hold."""
    currency, another = row.values.get(CURRENCY, ""), other.values.get(CURRENCY, "")
    if currency and another and currency != another:
        return False
    (begin, end), (other_begin, other_end) = _validity(row), _validity(other)
    return begin < other_end and other_begin < end


def fault_of(seed: SeedFile, row: SeedRow, declared: Declared, column: str, must: str, remedy: str) -> Fault:
    """A value that is not what it must be."""
    said = shown(row[column]) if row[column] else "empty"
    return Fault(
        seed.file, row.line, f"{column} is {said}, and {must}", remedy, told_name(row, declared), f"{column} {must}"
    )


def _row_faults(seed: SeedFile, row: SeedRow, declared: Declared, seeds: Mapping[str, SeedFile]) -> Iterator[Fault]:
    for column, data_type in declared.types.items():
        value = row[column]
        if is_empty(value):
            if column in declared.filled:
                yield fault_of(seed, row, declared, column, "must have a value", f"Write {_kind(data_type)}")
            continue
        if found := text_fault(value):
            must, remedy = found
            yield Fault(
                seed.file, row.line, f"{column} {shown(value)} {must}", remedy, told_name(row, declared), column + must
            )
        elif found := value_fault(value, data_type):
            yield fault_of(seed, row, declared, column, *found)
        elif column in declared.admitted and value not in declared.admitted[column]:
            codes = declared.admitted[column]
            remedy = f"Write one of these{near(value, codes)}"
            yield fault_of(seed, row, declared, column, f"must be {_listed(codes)}", remedy)
        elif column in declared.references:
            yield from _reference_faults(seed, row, declared, column, seeds)


def _reference_faults(
    seed: SeedFile, row: SeedRow, declared: Declared, column: str, seeds: Mapping[str, SeedFile]
) -> Iterator[Fault]:
    name, field = declared.references[column]
    codes = seeds[name].values.get(field) if name in seeds else None
    if codes is None:
        return
    separator = declared.separators.get(column)
    for code in row[column].split(separator) if separator else (row[column],):
        if code in codes:
            continue
        known = sorted(code for code in codes if not is_empty(code))
        said = f" ({_listed(known)})" if len(known) <= LISTED_CODES else ""
        remedy = f"Write a code of {seeds[name].file}{near(code, known)}, or add it there first"
        if separator:
            must = f"must be made of {field} of seed {name}{said}, joined by {separator}: {shown(code)} is none"
        else:
            must = f"must be a {field} of seed {name}{said}"
        yield fault_of(seed, row, declared, column, must, remedy)


def _validity_faults(seed: SeedFile, declared: Declared) -> Iterator[Fault]:
    if FROM not in declared.types or TO not in declared.types:
        return
    for row in seed.rows:
        begin, end = _validity(row)
        if end <= begin:
            remedy = f"Write the first day on which the row no longer holds, after {begin}, or leave {TO} empty"
            yield fault_of(seed, row, declared, TO, f"must be after {FROM}, which is {begin}", remedy)


def _key_faults(seed: SeedFile, declared: Declared) -> Iterator[Fault]:
    """Two rows of one key hold on the same day, for the same currency; of a key without either, there are two."""
    for key in declared.keys:
        named = key
        if FROM in key and not declared.may_overlap:
            named = tuple(column for column in key if column not in (FROM, CURRENCY))
        elif FROM not in declared.types:
            named = tuple(column for column in key if column != CURRENCY)
        held: dict[tuple[str, ...], list[SeedRow]] = defaultdict(list)
        for row in seed.rows:
            if len(key) == 1 and is_empty(row[key[0]]):
                continue
            held_before = held[tuple(row[column] for column in named)]
            for other in held_before:
                if named == key or hold_together(row, other):
                    remedy = "Delete one of the two"
                    if FROM in key:
                        remedy += f", or let one end before the other begins (column {TO})"
                    says = f"the same {', '.join(named or key)} as in line {other.line}"
                    yield Fault(seed.file, row.line, says, remedy, told_name(row, declared))
                    break
            held_before.append(row)


def _band_faults(seed: SeedFile, declared: Declared, bands: Bands) -> Iterator[Fault]:
    """Bands that are in force together overlap, leave a gap, or do not reach to the ends."""
    for group in _groups(seed.rows, bands.group_by).values():
        for rows in _in_force_together(group):
            ordered = sorted(rows, key=lambda row: _lower(row[bands.lower]))
            yield from _end_fault(seed, declared, ordered[0], bands.lower, bands.first, "first")
            for row, above in pairwise(ordered):
                if row[bands.upper] == "" or _number(row[bands.upper]) != _lower(above[bands.lower]):
                    must = f"must be where the next begins: {above[bands.lower] or 'empty'}, in line {above.line}"
                    remedy = "Let the bands meet, without gap or overlap: each ends where the next begins"
                    yield fault_of(seed, row, declared, bands.upper, must, remedy)
            yield from _end_fault(seed, declared, ordered[-1], bands.upper, bands.last, "last")


def _end_fault(seed: SeedFile, declared: Declared, row: SeedRow, column: str, end: str, place: str) -> Iterator[Fault]:
    stands = None if is_empty(row[column]) else _number(row[column])
    if stands != (Decimal(end) if end else None):
        must = f"must be {end or 'empty'} in the {place} band"
        yield fault_of(seed, row, declared, column, must, "Let the bands cover everything, to both ends")


def _order_faults(seed: SeedFile, declared: Declared, order: Order) -> Iterator[Fault]:
    """A level that does not rise (or fall) from one row to the next."""
    rows = [row for row in seed.rows if all(row[column] in values for column, values in order.where.items())]
    for group in _groups(rows, order.group_by).values():
        for together in _in_force_together(group):
            ordered = sorted(together, key=lambda row: _lower(row[order.along]))
            for row, after in pairwise(ordered):
                one, next_one = number_of(row[order.column]), number_of(after[order.column])
                if one is None or next_one is None:
                    continue
                if (next_one > one) if order.falls else (next_one < one):
                    bound = f"must be at {'most' if order.falls else 'least'} {row[order.column]}"
                    must = f"{bound}, that of {told_name(row, declared)} in line {row.line}"
                    remedy = f"Let {order.column} {'fall' if order.falls else 'rise'} with {order.along}"
                    yield fault_of(seed, after, declared, order.column, must, remedy)


def _share_faults(seed: SeedFile, declared: Declared, shares: Shares) -> Iterator[Fault]:
    for group, rows in _groups(seed.rows, shares.group_by).items():
        for together in _in_force_together(rows):
            for column in shares.columns:
                values = [number for row in together if (number := number_of(row[column])) is not None]
                if values and sum(values) != 1:
                    lines = ", ".join(str(row.line) for row in together)
                    yield Fault(
                        seed.file,
                        together[0].line,
                        f"{column} of {' / '.join(group)} adds up to {sum(values)} (lines {lines}), and must to 1",
                        "Correct the shares",
                    )


def _groups(rows: Sequence[SeedRow], columns: tuple[str, ...]) -> dict[tuple[str, ...], list[SeedRow]]:
    groups: dict[tuple[str, ...], list[SeedRow]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def _in_force_together(rows: Sequence[SeedRow]) -> list[list[SeedRow]]:
    """The sets of rows that hold on one day; which hold can change only on the days on which one begins."""
    days = sorted({_validity(row)[0] for row in rows})
    sets = [[row for row in rows if _validity(row)[0] <= day < _validity(row)[1]] for day in days]
    return [each for place, each in enumerate(sets) if each and each not in sets[:place]]


def _validity(row: SeedRow) -> tuple[datetime.date, datetime.date]:
    begin, end = row.values.get(FROM, ""), row.values.get(TO, "")
    return (
        datetime.date.fromisoformat(begin) if begin else datetime.date.min,
        datetime.date.fromisoformat(end) if end else NO_END,
    )


def _lower(value: str) -> Decimal:
    """The lower bound of a band; none is below all others."""
    return _number(value) if not is_empty(value) else Decimal("-Infinity")


def _number(value: str) -> Decimal:
    return number_of(value) or Decimal(0)


def _listed(codes: Sequence[str]) -> str:
    return f"{', '.join(codes[:-1])} or {codes[-1]}" if len(codes) > 1 else "".join(codes)


def _kind(data_type: str) -> str:
    """What a column takes, in a remedy."""
    if is_number(data_type):
        return "a number"
    return {"date": "a date, as 2026-06-30", "boolean": "true or false"}.get(data_type, "it")
