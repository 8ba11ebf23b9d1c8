"""The tags that a condition may name, and of what kind their values are."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import yaml

from banktags.catalogue.entries import GRAIN, TAG_FOLDER, is_tag_model
from banktags.contract import PROJECT_ROOT
from banktags.load.extract import literal, quoted
from banktags.meant import is_called, meant, shown
from banktags.warehouse import Row, records

#: Kinds of values: only those of one kind are compared.
BOOLEAN, NUMBER, TEXT, DATE = "yes or no", "number", "text", "date"
#: The fast loader of YAML where the machine has it: the tag models have a megabyte of it.
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: What the tag of days since an event is called: within_days(event, n) reads it.
RECENCY = "_recency_days"
#: The column of a seed that names its rows in Chinese.
LABEL = "name_zh"
#: How many values of a tag a message names.
MOST_VALUES = 12


#: What joins the values of a tag that holds several of its dictionary at once.
JOINED = "、"


@dataclass(frozen=True)
class KnownTags:
    """The tags of the wide table: code and kind of each, what it is called, and its values with their Chinese labels.

    A tag without ``values`` may have any.
    """

    kinds: Mapping[str, str]
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The events that within_days knows."""
        return tuple(sorted(code.removesuffix(RECENCY) for code in self.kinds if code.endswith(RECENCY)))

    @cached_property
    def called(self) -> dict[str, Sequence[str]]:
        """All tags with what else they are called."""
        return {code: self.names.get(code, ()) for code in self.kinds}

    def nearest(self, name: str) -> str:
        """The remedy for a name that is no tag: the tag that is called so, those called most like it, or to search."""
        if name not in self._nearest:
            found = meant(name, self.called)
            if found and is_called(name, found[0], self.called):
                said = f"write {' or '.join(shown(code, self.called) for code in found)}"
            else:
                near = ", ".join(shown(code, self.called) for code in found)
                said = f"nearest: {near}" if found else "search the catalogue (make docs)"
            self._nearest[name] = said
        return self._nearest[name]

    def is_value(self, tag: str, text: str) -> bool:
        """Whether a tag can have a value."""
        values = self.values.get(tag)
        return not values or text in values or all(part in values for part in text.split(JOINED))

    def right_value(self, tag: str, text: str) -> str:
        """The remedy for what is no value of a tag: the value that is called so, or those that there are."""
        called = {value: (label,) for value, label in self.values[tag].items()}
        found = meant(text, called)
        if found and is_called(text, found[0], called):
            return f"write {' or '.join(_as_text(value, called) for value in found)}"
        rest = [value for value in called if value not in found]
        most = max(MOST_VALUES - len(found), 0)
        beyond = f" and {len(rest) - most} more" if len(rest) > most else ""
        return f"take one of {', '.join(_as_text(value, called) for value in [*found, *rest[:most]])}{beyond}"

    def tags_with_value(self, word: str) -> list[tuple[str, str]]:
        """The tags that have a value which is called so, each with that value."""
        return [
            (tag, value)
            for tag, values in self.values.items()
            for value in values
            if is_called(word, value, {value: (values[value],)})
        ]

    @cached_property
    def _nearest(self) -> dict[str, str]:
        """What was found of names that are no tags."""
        return {}


def _as_text(value: str, called: Mapping[str, Sequence[str]]) -> str:
    """A value as a condition writes it, with its Chinese label."""
    labels = [label for label in called[value] if label and label != value]
    return f"'{value}'" + (f" ({labels[0]})" if labels else "")


def of_project(root: Path = PROJECT_ROOT) -> KnownTags:
    """The tags as the YAML of the tag models has them: columns of models with one row a customer and date.

    Their values are those of the dictionary entries; of an open enumeration, those of the seed that lists them.
    """
    kinds: dict[str, str] = {}
    names: dict[str, Sequence[str]] = {}
    values: dict[str, Mapping[str, str]] = {}
    seeds = {file.stem: file for file in sorted((root / "seeds").rglob("*.csv"))}
    for file in sorted((root / "models" / TAG_FOLDER).rglob("*.yml")):
        described = yaml.load(file.read_text(encoding="utf-8"), Loader=YAML_LOADER) or {}
        for model in described.get("models") or []:
            columns = {column["name"]: column for column in model.get("columns") or []}
            if not is_tag_model(model["name"], columns):
                continue
            for name in columns.keys() - set(GRAIN):
                column = columns[name]
                entry = _meta(model).get("tag_defaults", {}) | _meta(column).get("tag", {})
                kinds[name] = kind(column.get("data_type") or "")
                names[name] = (entry.get("name_zh") or "",)
                if kinds[name] == TEXT:
                    listed = {str(value): str(label) for value, label in (entry.get("values") or {}).items()}
                    values[name] = listed or _listed_by_seed(entry.get("values_from"), seeds)
    return KnownTags(kinds, names, {tag: labelled for tag, labelled in values.items() if labelled})


def _meta(described: Mapping[str, Any]) -> Mapping[str, Any]:
    return (described.get("config") or {}).get("meta") or {}


def _listed_by_seed(values_from: str | None, seeds: Mapping[str, Path]) -> dict[str, str]:
    """The values in a column of a seed, each with its label; none where no seed lists them."""
    seed, _, column = (values_from or "").partition(".")
    if seed not in seeds:
        return {}
    with seeds[seed].open(encoding="utf-8-sig", newline="") as rows:
        return _labelled(column, csv.DictReader(rows))


def _labelled(column: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The values of a column in order, each with the name that stands beside it."""
    return {str(row[column]): str(row.get(LABEL) or "") for row in rows if row.get(column)}


def of_warehouse(con: duckdb.DuckDBPyConnection) -> KnownTags:
    """The tags of the wide table as it is built: those of its columns that the dictionary knows."""
    entries = {row["tag_code"]: row for row in records(con, "select * from governance.tag_dictionary")}
    columns = con.execute(
        """
        select column_name, data_type from information_schema.columns
        where table_schema = 'marts' and table_name = 'customer_tags'
        order by ordinal_position
        """
    ).fetchall()
    kinds = {code: kind(data_type) for code, data_type in columns if code in entries and code not in GRAIN}
    texts = [code for code, kind_ in kinds.items() if kind_ == TEXT]
    values: dict[str, dict[str, str]] = {}
    for row in _tag_values(con):
        if row["tag_code"] in texts:
            values.setdefault(row["tag_code"], {})[row["value"]] = row["name_zh"] or ""
    for code in texts:
        if code not in values and (found := _listed_by_warehouse(con, entries[code].get("values_from"))):
            values[code] = found
    return KnownTags(kinds, {code: (entries[code].get("name_zh") or "",) for code in kinds}, values)


def _tag_values(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The dictionary's values; none where the warehouse holds but a part of the project."""
    stands = "select 1 from information_schema.tables where table_schema = 'governance' and table_name = 'tag_values'"
    if not con.execute(stands).fetchone():
        return []
    return records(con, "select tag_code, value, name_zh from governance.tag_values order by tag_code, display_order")


def _listed_by_warehouse(con: duckdb.DuckDBPyConnection, values_from: str | None) -> dict[str, str]:
    """The values in a column of a seed or of staged extracts, each with its label; none where another model has them.

    One that lists customers lists no values, and staging may read extracts that lie elsewhere.
    """
    relation, _, column = (values_from or "").partition(".")
    stands = "select table_schema from information_schema.tables where table_schema in ('policy', 'staging')"
    schema = con.execute(f"{stands} and table_name = {literal(relation)}").fetchone()
    if not schema:
        return {}
    try:
        rows = records(con, f"select * from {schema[0]}.{quoted(relation)}")
    except (duckdb.CatalogException, duckdb.IOException, duckdb.PermissionException):
        return {}
    return _labelled(column, rows)


def kind(data_type: str) -> str:
    """The kind of values of an SQL type."""
    named = data_type.lower().split("(")[0].strip()
    if named in ("boolean", "date"):
        return {"boolean": BOOLEAN, "date": DATE}[named]
    return TEXT if named in ("string", "varchar", "text") else NUMBER
