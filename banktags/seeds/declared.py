"""What the YAML beside the seeds says of each, asked of its file before dbt reads it: types, and what is in its meta.

Of a seed: ``unique_keys``, ``never_empty``, ``bands``, ``orders`` and ``shares_of_one``. Of a column: ``accepted`` (its
values) and ``dictionary`` (``seed.column`` that its codes stand in). dbt would ask the same by data tests, of the
warehouse, when the models below a seed are built already; so the seeds have no data test of these kinds. The one test
that is read is ``covers_all_amounts``, which asks more of bands than a file can be asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from banktags.contract import YAML_LOADER

#: Folder whose seeds `banktags catalogue sync` writes: nobody edits them, and they follow the models.
GENERATED = "catalogue"


@dataclass(frozen=True)
class Bands:
    """Half-open bands [lower, upper) that meet, within each group: from ``first`` to ``last``, or without ends."""

    lower: str
    upper: str
    group_by: tuple[str, ...]
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Order:
    """``column`` rises, or falls, along another one, within each group. ``where``: of these rows only."""

    column: str
    along: str
    falls: bool
    group_by: tuple[str, ...]
    where: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Shares:
    """The values of each of ``columns`` add up to 1 within each group that has any."""

    columns: tuple[str, ...]
    group_by: tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """What holds for a seed. ``keys``: columns in which no two rows in force are alike, unless they ``may_overlap``.

    ``references``: seed and column that a code stands in; of several codes, joined by one of the ``separators``, each.
    """

    name: str
    folder: str
    types: Mapping[str, str]
    filled: frozenset[str]
    keys: tuple[tuple[str, ...], ...]
    admitted: Mapping[str, tuple[str, ...]]
    references: Mapping[str, tuple[str, str]]
    separators: Mapping[str, str]
    bands: tuple[Bands, ...]
    orders: tuple[Order, ...]
    shares: tuple[Shares, ...]
    may_overlap: bool

    @property
    def file(self) -> str:
        """Its path below the project."""
        return f"seeds/{self.folder}/{self.name}.csv"

    @property
    def is_generated(self) -> bool:
        return self.folder == GENERATED

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return tuple(column for column, data_type in self.types.items() if is_number(data_type))

    @property
    def name_columns(self) -> tuple[str, ...]:
        """The columns that name a row: its first key without currency and validity, else the first two."""
        for key in self.keys:
            if named := tuple(column for column in key if column not in ("currency", "valid_from")):
                return named
        return tuple(self.types)[:2]


def is_number(data_type: str) -> bool:
    return data_type.split("(")[0] in ("int", "bigint", "double", "decimal")


def read_declared(seeds: Path) -> dict[str, Declared]:
    """Each seed that a YAML file under ``seeds`` describes, by its name."""
    declared = {}
    for path in sorted(seeds.rglob("_*.yml")):
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=YAML_LOADER).get("seeds", ()):
            declared[entry["name"]] = _declared(entry, path.parent.relative_to(seeds).as_posix())
    return declared


def _declared(entry: Mapping[str, Any], folder: str) -> Declared:
    config = entry.get("config", {})
    meta = config.get("meta", {})
    admitted: dict[str, tuple[str, ...]] = {}
    references: dict[str, tuple[str, str]] = {}
    separators: dict[str, str] = {}
    for column in entry.get("columns", ()):
        name, of_column = column["name"], column.get("config", {}).get("meta", {})
        if accepted := of_column.get("accepted"):
            admitted[name] = tuple(map(str, accepted))
        if dictionary := of_column.get("dictionary"):
            seed_name, field = dictionary.split(".")
            references[name] = (seed_name, field)
        if separator := of_column.get("separator"):
            separators[name] = separator
    bands = [
        Bands(arguments["lower"], arguments["upper"], tuple(arguments["group_by"]))
        for test, arguments in _tests(entry)
        if test == "covers_all_amounts"
    ]
    for group in meta.get("bands", ()):
        ends = {end: str(group[end]) for end in ("first", "last") if end in group}
        bands.append(Bands(group["lower"], group["upper"], tuple(group.get("group_by", ())), **ends))
    return Declared(
        name=entry["name"],
        folder=folder,
        types=config.get("column_types", {}),
        filled=frozenset(meta.get("never_empty", ())),
        keys=tuple(map(tuple, meta.get("unique_keys", ()))),
        admitted=admitted,
        references=references,
        separators=separators,
        bands=tuple(bands),
        orders=tuple(_order(order) for order in meta.get("orders", ())),
        shares=tuple(Shares(tuple(each["columns"]), tuple(each["group_by"])) for each in meta.get("shares_of_one", ())),
        may_overlap=bool(meta.get("may_overlap")),
    )


def _tests(of: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The data tests of a seed or column, each with its arguments."""
    for test in of.get("data_tests", ()):
        if isinstance(test, str):
            yield test, {}
        else:
            for name, said in test.items():
                yield name, said.get("arguments", {}) if said else {}


def _order(order: Mapping[str, Any]) -> Order:
    where = {column: tuple(map(str, values)) for column, values in order.get("where", {}).items()}
    return Order(order["column"], order["along"], order.get("falls", False), tuple(order.get("group_by", ())), where)
