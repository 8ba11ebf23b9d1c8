"""The tag dictionary, read from dbt's manifest: one entry per tag column, with what it inherits filled in.

An entry stands in the YAML of its model, at the column's ``config.meta.tag``, and says only what differs from the
model's ``config.meta.tag_defaults``, which says only what differs from the folder's ``folder_tag_defaults`` in
dbt_project.yml.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

#: The five data dimensions: every tag has exactly one of them as root of its path.
DIMENSIONS = ("人口", "资产", "行为", "风险", "社交")
#: Columns of a tag model that are its grain, not tags.
GRAIN = ("customer_id", "as_of_date")
#: Folder of the models whose other columns are tags.
TAG_FOLDER = "tags"


@dataclass(frozen=True)
class TagEntry:
    """Effective dictionary entry of a tag. A field that stands nowhere is None; check entry_complete finds it."""

    code: str
    model: str
    data_type: str
    definition: str
    name_zh: str | None = None
    definition_zh: str | None = None  # 口径: the definition in Chinese, for bankers
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
    lasting: bool | None = None  # whether nothing that the bank does or offers can change the value (先天属性)

    @property
    def dimension(self) -> str:
        """Root of the path: one of the five data dimensions."""
        return (self.path or "").split("/")[0]


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


def _tag_models(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    models = (node for node in manifest["nodes"].values() if node["resource_type"] == "model")
    below = (model for model in models if model.get("fqn", ["", ""])[1] == TAG_FOLDER)
    return sorted(
        (model for model in below if is_tag_model(model["name"], model["columns"])), key=lambda model: model["name"]
    )


def is_tag_model(name: str, columns: Collection[str]) -> bool:
    """Whether a model below the folder of the tags has tags of its own.

    It is named ``<layer>__<domain>`` and has one row a customer. The wide tables repeat the tags of others; the cut
    points of RFM have another grain.
    """
    return "__" in name and set(GRAIN) <= set(columns)


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
