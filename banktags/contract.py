"""The source contract, read from the dbt source YAML: one definition for dbt, the loader and the demo bank."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

PROJECT_ROOT = Path(__file__).resolve().parent.parent
STAGING = PROJECT_ROOT / "models" / "staging"

#: Columns that the platform adds to every table: known-at time, and the partition (business date of the batch).
KNOWN_AT, PARTITION = "loaded_at", "dt"

#: The safe loader, in C where PyYAML has it: five times as fast.
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Column:
    """One column of a source table; ``data_type`` as in the contract (string, date, decimal(18,2), …).

    Its values are codes where it has ``codes``, or a ``dictionary``: seed and column that list them.
    An extract may lack a column that ``is_optional``: then it is null throughout.
    """

    name: str
    data_type: str
    nullable: bool
    sensitivity: str
    description: str
    unit: str | None = None
    references: tuple[str, str, str] | None = None  # system, table, column
    codes: tuple[str, ...] = ()
    dictionary: str | None = None  # seed.column
    is_optional: bool = False


@dataclass(frozen=True)
class Table:
    """One source table; ``kind`` is version (latest wins), state (one row per key and day) or event (never changes).

    Without rows of a table that ``is_daily``, the batch of a business date is incomplete. ``since`` is the version of
    the project whose contract had the table first, where extracts that were landed before lack it.
    """

    system: str
    name: str
    kind: str
    primary_key: tuple[str, ...]
    business_date: str | None
    is_daily: bool
    description: str
    columns: tuple[Column, ...]
    since: str | None = None

    @property
    def qualified_name(self) -> str:
        return f"{self.system}.{self.name}"

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def read_contract(staging: Path = STAGING) -> dict[str, Table]:
    """Tables of the contract by qualified name (``core.customers``), in the order of the YAML files.

    Raises:
        FileNotFoundError: no source YAML under ``staging``.
        KeyError: a table or column lacks a mandatory entry (kind, primary_key, data_type, sensitivity).
    """
    paths = sorted(staging.glob("*/_*__sources.yml"))
    if not paths:
        raise FileNotFoundError(
            f"{staging}: no source contract (_<system>__sources.yml) found; run from the project folder"
        )
    tables = {}
    for path in paths:
        for source in yaml.load(path.read_text(encoding="utf-8"), Loader=YAML_LOADER)["sources"]:
            for table in source["tables"]:
                parsed = _table(source["name"], table)
                tables[parsed.qualified_name] = parsed
    return tables


def _table(system: str, table: dict) -> Table:
    meta = table["config"]["meta"]
    return Table(
        system=system,
        name=table["name"],
        kind=meta["kind"],
        primary_key=tuple(meta["primary_key"]),
        business_date=meta.get("business_date"),
        is_daily=meta.get("delivery") == "daily",
        description=table["description"],
        columns=tuple(_column(system, column) for column in table["columns"]),
        since=meta.get("since"),
    )


def _column(system: str, column: dict) -> Column:
    meta = column["config"]["meta"]
    return Column(
        name=column["name"],
        data_type=column["data_type"],
        nullable=meta["nullable"],
        sensitivity=meta["sensitivity"],
        description=column["description"],
        unit=meta.get("unit"),
        references=_references(meta.get("references")),
        codes=tuple(meta.get("codes", ())),
        dictionary=meta.get("dictionary"),
        is_optional=meta.get("optional", False),
    )


def _references(column: str | None) -> tuple[str, str, str] | None:
    """System, table and column that a column of the contract refers to; its YAML: ``core.customers.customer_id``."""
    if column is None:
        return None
    system, table, name = column.split(".")
    return system, table, name
