"""The tags that a condition may name, and of what kind their values are."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import yaml

from banktags.catalogue.entries import GRAIN, TAG_FOLDERS
from banktags.contract import PROJECT_ROOT

#: Kinds of values: only those of one kind are compared.
BOOLEAN, NUMBER, TEXT, DATE = "yes or no", "number", "text", "date"
#: The fast loader of YAML where the machine has it: the tag models have a megabyte of it.
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: What the tag of days since an event is called: within_days(event, n) reads it.
RECENCY = "_recency_days"


@dataclass(frozen=True)
class KnownTags:
    """The tags of the wide table: code and kind of each."""

    kinds: Mapping[str, str]

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The events that within_days knows."""
        return tuple(sorted(code.removesuffix(RECENCY) for code in self.kinds if code.endswith(RECENCY)))

    def nearest(self, name: str) -> str:
        """The tags that are called most like a name, or the advice to search."""
        if name not in self._nearest:
            found = difflib.get_close_matches(name.lower(), self.kinds, n=3)
            self._nearest[name] = f"nearest: {', '.join(found)}" if found else "search the catalogue (make docs)"
        return self._nearest[name]

    @cached_property
    def _nearest(self) -> dict[str, str]:
        """What was found of names that are no tags."""
        return {}


def of_project(root: Path = PROJECT_ROOT) -> KnownTags:
    """The tags as the YAML of the tag models has them: columns of models with one row a customer and date."""
    found = {}
    for folder in TAG_FOLDERS:
        for file in sorted((root / "models" / folder).rglob("*.yml")):
            described = yaml.load(file.read_text(encoding="utf-8"), Loader=YAML_LOADER) or {}
            for model in described.get("models") or []:
                columns = {column["name"]: column.get("data_type") for column in model.get("columns") or []}
                if columns.keys() >= set(GRAIN):
                    found |= {name: kind(type_ or "") for name, type_ in columns.items() if name not in GRAIN}
    return KnownTags(found)


def of_warehouse(con: duckdb.DuckDBPyConnection) -> KnownTags:
    """The tags of the wide table as it is built: those of its columns that the dictionary knows."""
    rows = con.execute(
        """
        select column_name, data_type
        from information_schema.columns
        where table_schema = 'marts' and table_name = 'customer_tags'
            and column_name in (select tag_code from governance.tag_dictionary)
        order by ordinal_position
        """
    ).fetchall()
    return KnownTags({code: kind(data_type) for code, data_type in rows if code not in GRAIN})


def kind(data_type: str) -> str:
    """The kind of values of an SQL type."""
    named = data_type.lower().split("(")[0].strip()
    if named in ("boolean", "date"):
        return {"boolean": BOOLEAN, "date": DATE}[named]
    return TEXT if named in ("string", "varchar", "text") else NUMBER
