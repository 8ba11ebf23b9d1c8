"""The tag dictionary, read from dbt's manifest: one entry per tag column, with what it inherits filled in.

An entry stands in the YAML of its model, at the column's ``config.meta.tag``, and says only what differs from the
model's ``config.meta.tag_defaults``, which says only what differs from the folder's ``folder_tag_defaults`` in
dbt_project.yml.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

#: The five data dimensions: every tag has exactly one of them as root of its path.
DIMENSIONS = ("人口", "资产", "行为", "风险", "社交")
#: Columns of a tag model that are its grain, not tags.
GRAIN = ("customer_id", "as_of_date")
#: Folders of models whose other columns are tags; a model there with another grain (the RFM cut points) has none.
TAG_FOLDERS = ("tags", "segments")

KINDS = ("fact", "rule", "model", "derived")
TIMELINESS = ("static", "daily", "intraday", "realtime")
STATUSES = ("draft", "certified", "deprecated", "retired")
SENSITIVITIES = ("C1", "C2", "C3")
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
WINDOWS = ("1d", "7d", "30d", "90d", "365d")
NUMBERS = ("int", "bigint", "double", "decimal")


@dataclass(frozen=True)
class TagEntry:
    """Effective dictionary entry of a tag. A field that stands nowhere is None: ``problems()`` says what is missing."""

    code: str
    model: str
    data_type: str
    definition: str
    name_zh: str | None = None
    kind: str | None = None
    path: str | None = None
    timeliness: str | None = None
    values: Mapping[str, str] | None = None  # enumerated value: Chinese label
    values_from: str | None = None  # table.column that lists the values of an open or long enumeration
    unit: str | None = None
    range: tuple[float | None, float | None] | None = None
    null_means: str | None = None
    owner_business: str | None = None
    owner_technical: str | None = None
    status: str | None = None
    successor: str | None = None
    sensitivity: str | None = None
    security_level: int | None = None
    scenarios: tuple[str, ...] | None = None
    since: str | None = None
    version: str | None = None
    usage: str | None = None

    @property
    def dimension(self) -> str:
        """Root of the path: one of the five data dimensions."""
        return (self.path or "").split("/")[0]

    def problems(self) -> list[str]:
        """What is missing or wrong in the entry, each as a sentence that names the model and the column."""
        return [f"{self.model}.{self.code}: {problem}" for problem in self._problems()]

    def _problems(self) -> Iterator[str]:
        for name in MANDATORY:
            if getattr(self, name) in (None, "", ()):
                yield f"{name} is missing: give it in config.meta.tag, or as a default of the model or the folder"
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                yield f"{name} is {value!r}: choose one of {', '.join(map(str, allowed))}"
        if not CODE.fullmatch(self.code):
            yield "the code must be lower case words joined by single underscores"
        window = re.search(r"_(\d+d)$", self.code)
        if window and window[1] not in WINDOWS:
            yield f"the window _{window[1]} is none of _{', _'.join(WINDOWS)}"
        if (self.data_type == "boolean") != self.code.startswith(("is_", "has_")):
            yield "a boolean, and only a boolean, is called is_… or has_…"
        if self.path and self.dimension not in DIMENSIONS:
            yield f"the path {self.path!r} must start with one of {'/'.join(DIMENSIONS)}"
        if self.data_type == "string" and not (self.values or self.values_from):
            yield "a text tag lists its values with Chinese labels (values), or the table.column of them (values_from)"
        if self.data_type.startswith(NUMBERS) and not self.unit:
            yield "a numeric tag says its unit"
        if self.status == "deprecated" and not self.successor:
            yield "a deprecated tag names its successor"


CHOICES: dict[str, tuple] = {
    "kind": KINDS,
    "timeliness": TIMELINESS,
    "status": STATUSES,
    "sensitivity": SENSITIVITIES,
    "security_level": (1, 2, 3, 4, 5),
}
OPTIONAL = ("values", "values_from", "unit", "range", "successor")
MANDATORY = tuple(field.name for field in fields(TagEntry) if field.name not in OPTIONAL)
#: Values that a type already says, so that no entry repeats them.
IMPLIED = {"boolean": {"values": {"true": "是", "false": "否"}}, "date": {"unit": "date"}}


def tag_entries(manifest: Mapping[str, Any]) -> list[TagEntry]:
    """Dictionary entries of all tags in ``target/manifest.json``, in the order of model names and of columns."""
    return [
        _entry(model, column)
        for model in _tag_models(manifest)
        for column in model["columns"].values()
        if column["name"] not in GRAIN
    ]


def dictionary_problems(entries: list[TagEntry]) -> list[str]:
    """What is wrong in the dictionary: each entry's problems, and codes or Chinese names that two tags share."""
    problems = [problem for entry in entries for problem in entry.problems()]
    for name in ("code", "name_zh"):
        counts = Counter(getattr(entry, name) for entry in entries)
        problems += [
            f"{entry.model}.{entry.code}: another tag has the same {name} {getattr(entry, name)!r}"
            for entry in entries
            if getattr(entry, name) is not None and counts[getattr(entry, name)] > 1
        ]
    return problems


def _tag_models(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    models = (node for node in manifest["nodes"].values() if node["resource_type"] == "model")
    return sorted(
        (model for model in models if model["fqn"][1] in TAG_FOLDERS and model["columns"].keys() >= set(GRAIN)),
        key=lambda model: model["name"],
    )


def _entry(model: Mapping[str, Any], column: Mapping[str, Any]) -> TagEntry:
    meta = model["config"].get("meta", {})
    said = {
        **IMPLIED.get(column["data_type"], {}),
        **meta.get("folder_tag_defaults", {}),
        **meta.get("tag_defaults", {}),
        **column["config"].get("meta", {}).get("tag", {}),
    }
    known = {field.name for field in fields(TagEntry)}
    unknown = sorted(said.keys() - known)
    if unknown:
        raise ValueError(
            f"{model['name']}.{column['name']}: config.meta.tag does not know {', '.join(unknown)}; "
            f"it knows {', '.join(sorted(known))}"
        )
    for name in ("scenarios", "range"):
        if name in said:
            said[name] = tuple(said[name])
    return TagEntry(
        code=column["name"],
        model=model["name"],
        data_type=column["data_type"] or "",
        definition=column["description"].strip(),
        **said,
    )
