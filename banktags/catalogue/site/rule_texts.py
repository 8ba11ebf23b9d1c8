"""The whole SQL of each tag, cut out of what dbt compiled for the last build."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from banktags.catalogue.entries import tag_entries
from banktags.catalogue.project import Project
from banktags.catalogue.rules import Rules
from banktags.catalogue.scopes import RuleError


def rule_texts(
    manifest: Mapping[str, Any], catalog: Mapping[str, Any], target: Path, as_of_date: str
) -> dict[str, str]:
    """By tag: the query for this one tag, with ``$as_of_date`` for the date of the build.

    ``target`` is where dbt has written the compiled SQL, ``catalog`` knows the columns of what it reads. A tag has none
    whose model was not compiled there.
    """
    columns = {node["name"]: list(node["columns"]) for node in manifest["nodes"].values() if node.get("columns")}
    columns |= {node["metadata"]["name"]: list(node["columns"]) for node in catalog["nodes"].values()}
    compiled = {key: node | {"compiled_code": _compiled(node, target)} for key, node in manifest["nodes"].items()}
    rules = Rules(Project({**manifest, "nodes": compiled}, as_of_date, columns))
    texts = {}
    for entry in tag_entries(manifest):
        try:
            texts[entry.code] = rules.sql(entry)
        except RuleError:
            continue
    return texts


def _compiled(node: Mapping[str, Any], target: Path) -> str | None:
    if node["resource_type"] != "model":
        return None
    file = target / "compiled" / node["package_name"] / node["original_file_path"]
    return file.read_text(encoding="utf-8") if file.exists() else None
