"""The entry of each tag on the site: a node of dbt's manifest, so that dbt's docs app lists, finds and opens it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from banktags.catalogue import TagEntry, tag_entries
from banktags.catalogue.site.figures import MIN_CUSTOMERS, confidence, distribution, quality
from banktags.catalogue.site.governance import Governance
from banktags.catalogue.site.parameters import deciding_tags, parameter_groups, seeds_named
from banktags.pages.currency import Currency

#: Tags in use are the shelves; what is not yet certified, or no longer to be used, stands apart; retired tags are gone.
BRANCHES = {"certified": "certified", "deprecated": "deprecated", "retired": None}
#: Types whose values are whole numbers.
WHOLE = ("int", "bigint")
#: In place of compiled SQL with the names of private albums in it: the governance tables of albums list them all.
LISTS_ALBUMS = "-- Not shown here: it lists the private albums too."


def enrich(manifest: dict[str, Any], governance: Governance) -> dict[str, Any]:
    """The manifest with a node for each tag and without private albums, as the site embeds it."""
    manifest = without_private_albums(manifest)
    nodes = {key: _without_tag_defaults(node) for key, node in manifest["nodes"].items()}
    nodes |= tag_nodes(manifest, governance)
    described = {
        "as_of_date": governance.as_of_date.isoformat(),
        "customers": governance.customers,
        "min_customers": MIN_CUSTOMERS,
        "currency": governance.currency.note,
        "currency_code": governance.currency.code,
        "lists": governance.lists,
        "checks": governance.checks,
    }
    return manifest | {
        "nodes": nodes,
        "exposures": {key: _with_album(node) for key, node in manifest["exposures"].items()},
        "metadata": manifest["metadata"] | {"catalogue": described, "send_anonymous_usage_stats": False},
    }


def without_private_albums(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest without a trace of the albums that their owners keep private, and without disabled resources."""
    private = private_albums(manifest)
    keep = {
        name: {
            key: [each for each in value if each not in private]
            for key, value in manifest[name].items()
            if key not in private
        }
        for name in ("parent_map", "child_map")
    }
    exposures = {key: node for key, node in manifest["exposures"].items() if key not in private}
    names = [f"'{node['name']}'" for node in private.values()]
    nodes = {
        key: {**node, "compiled_code": LISTS_ALBUMS} if any(name in _sql(node) for name in names) else node
        for key, node in manifest["nodes"].items()
    }
    return manifest | keep | {"nodes": nodes, "exposures": exposures, "disabled": {}}


def private_albums(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Exposures that are albums and not public, by unique id."""
    return {
        key: node
        for key, node in manifest["exposures"].items()
        if (album := _album(node)) and album.get("visibility") != "public"
    }


def tag_nodes(manifest: Mapping[str, Any], governance: Governance) -> dict[str, dict[str, Any]]:
    """A node of type ``tag`` for each tag that is listed, by its unique id."""
    listed = {entry.code: entry for entry in tag_entries(manifest) if _branch(entry)}
    used_by = _readers(manifest, governance, listed)
    names = {code: entry.name_zh or code for code, entry in listed.items()}
    numbers = {code: parameter_groups(rows, governance.currency, names) for code, rows in governance.parameters.items()}
    decided_by = deciding_tags(governance.inputs, numbers.keys() & listed.keys())
    lists = lists_of(manifest, governance)
    return {
        _tag_id(manifest, entry.code): _node(
            manifest,
            governance,
            entry,
            used_by[entry.code],
            {
                "parameters": numbers.get(entry.code, []),
                "decided_by": decided_by.get(entry.code, []),
                "lists": lists.get(entry.code, []),
            },
        )
        for entry in listed.values()
    }


def lists_of(manifest: Mapping[str, Any], governance: Governance) -> dict[str, list[str]]:
    """By tag: the seeds that its Chinese definition names and of which no number is told, its own or another tag's."""
    seeds = [node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    told = {code: {row["seed"] for row in rows} for code, rows in governance.parameters.items()}
    decided_by = deciding_tags(governance.inputs, told)
    found = {}
    for entry in tag_entries(manifest):
        answered = set().union(*(told.get(code, set()) for code in (entry.code, *decided_by.get(entry.code, ()))))
        if named := [seed for seed in seeds_named(entry.definition_zh, seeds) if seed not in answered]:
            found[entry.code] = named
    return found


def _node(
    manifest: Mapping[str, Any],
    governance: Governance,
    entry: TagEntry,
    used_by: list[dict[str, str]],
    numbers: Mapping[str, Any],
) -> dict[str, Any]:
    model = _model_id(manifest, entry.model)
    entry = in_currency(entry, governance.currency)
    rule = governance.rules.get(entry.code, {})
    return {
        "resource_type": "tag",
        "unique_id": _tag_id(manifest, entry.code),
        "package_name": manifest["metadata"]["project_name"],
        "name": entry.code,
        "description": "\n\n".join(filter(None, (entry.definition_zh, entry.definition))),  # what a search reads
        "columns": {},
        "tags": [],
        "docs": {"show": True},
        "tag": asdict(entry)
        | numbers
        | {
            "branch": _branch(entry),
            "path": (entry.path or "").split("/"),
            "model_id": model,
            "scenarios": [governance.scenarios.get(scenario, scenario) for scenario in entry.scenarios or ()],
            "rule": rule.get("rule_expression"),
            "rule_sql": governance.rule_texts.get(entry.code),
            "rule_hash": rule.get("rule_hash"),
            "unresolved": rule.get("unresolved"),
            "inputs": _inputs(manifest, governance.inputs.get(entry.code, [])),
            "used_by": used_by,
            "life": governance.life.get(entry.code, []),
            "confidence": confidence(governance.confidence.get(entry.code)),
            "quality": quality(governance.quality.get(entry.code)),
            "distribution": distribution(
                governance.distribution.get(entry.code, []), entry.values or {}, entry.data_type in WHOLE
            ),
        },
    }


def in_currency(entry: TagEntry, currency: Currency) -> TagEntry:
    """An entry whose unit is the base currency with the code of that currency; as governance.tag_dictionary."""
    if entry.unit != "base currency":
        return entry
    said = re.sub("单位：(本位币)?元", f"单位：{currency.unit_zh}", entry.definition_zh or "")
    return replace(entry, unit=currency.code, definition_zh=said or None)


def _without_tag_defaults(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node without the defaults of its tags: the tags' entries have them filled in."""
    meta = {key: value for key, value in node.get("meta", {}).items() if not key.endswith("tag_defaults")}
    return {**node, "meta": meta}


def _with_album(exposure: dict[str, Any]) -> dict[str, Any]:
    """An exposure that is an album with its tags in its description, where their codes are links."""
    album = _album(exposure)
    if not album:
        return exposure
    codes = " · ".join(f"`{code}`" for code in album["tags"])
    meta = {key: value for key, value in exposure.get("meta", {}).items() if key != "album"}
    return exposure | {
        "meta": meta,
        "description": f"{exposure['description']}\n\n**标签 Tags** {codes}",
        "album": {"description": exposure["description"], "tags": album["tags"]},
    }


def _branch(entry: TagEntry) -> str | None:
    return BRANCHES.get(entry.status, "draft")


def _readers(
    manifest: Mapping[str, Any], governance: Governance, listed: Mapping[str, TagEntry]
) -> dict[str, list[dict[str, str]]]:
    """Who uses each tag: tags whose rule reads it, models further down whose SQL names it, and public albums."""
    readers = defaultdict(list)
    for reader, inputs in governance.inputs.items():
        for kind, name in inputs:
            if kind == "tag" and {reader, name} <= listed.keys():
                known = {"kind": "tag", "id": _tag_id(manifest, reader), "name": listed[reader].name_zh or reader}
                readers[name].append(known | {"code": reader})
    words = {key: set(re.findall(r"\w+", _sql(node))) for key, node in manifest["nodes"].items() if _may_use_tags(node)}
    for model in {entry.model for entry in listed.values()}:
        below = sorted(words.keys() & _descendants(manifest, _model_id(manifest, model)))
        for code in (entry.code for entry in listed.values() if entry.model == model):
            readers[code] += [
                {"kind": "model", "id": key, "name": manifest["nodes"][key]["name"]}
                for key in below
                if code in words[key]
            ]
    for key, node in manifest["exposures"].items():
        for code in _album(node).get("tags", []):
            readers[code].append({"kind": "exposure", "id": key, "name": node.get("label") or node["name"]})
    return readers


def _descendants(manifest: Mapping[str, Any], node: str) -> set[str]:
    found, open_nodes = set(), [node]
    while open_nodes:
        children = set(manifest["child_map"].get(open_nodes.pop(), [])) - found
        found |= children
        open_nodes += children
    return found


def _inputs(manifest: Mapping[str, Any], inputs: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """What a rule reads, by table, each with the node of dbt that documents it: tags, then sources, then seeds."""
    project = manifest["metadata"]["project_name"]
    tables = defaultdict(list)
    for kind, name in inputs:
        if kind == "coverage":
            # A source table that the rule asks whether it was delivered, and since when.
            tables["source", name] += []
            continue
        table, _, column = name.rpartition(".")
        tables[kind, table or name] += [column] if table else []
    order = ("tag", "source", "seed")
    return [
        {"kind": kind, "name": table, "id": f"{kind}.{project}.{table}", "columns": columns}
        for (kind, table), columns in sorted(tables.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    ]


def _album(exposure: Mapping[str, Any]) -> Mapping[str, Any]:
    return exposure.get("config", {}).get("meta", {}).get("album", {})


def _may_use_tags(node: Mapping[str, Any]) -> bool:
    """Models use tags; those of the dictionary, the confidence and the checks describe or measure them, all alike."""
    return node["resource_type"] == "model" and not {"dictionary", "confidence", "checks"} & set(node["fqn"][1:3])


def _sql(node: Mapping[str, Any]) -> str:
    return node.get("compiled_code") or node.get("raw_code") or ""


def _tag_id(manifest: Mapping[str, Any], code: str) -> str:
    return f"tag.{manifest['metadata']['project_name']}.{code}"


def _model_id(manifest: Mapping[str, Any], name: str) -> str:
    return f"model.{manifest['metadata']['project_name']}.{name}"
