"""The order of the folders: the project keeps it, and what runs against it is named."""

import re

import pytest

from banktags.contract import PROJECT_ROOT
from banktags.layout import LayoutError, layout, read_layers

LAYERS = ["staging", "tags/fact", "tags/rule", "marts"]


def project_of(**reads: tuple[str, list[str]]) -> dict:
    """A manifest of models: by name the folder that each lies in, and what it reads."""
    return {
        "nodes": {
            f"model.p.{name}": {
                "name": name,
                "resource_type": "model",
                "original_file_path": f"models/{folder}/{name}.sql",
                "depends_on": {"nodes": [f"model.p.{read}" for read in upstream] + ["seed.p.policy"]},
            }
            for name, (folder, upstream) in reads.items()
        }
        | {"seed.p.policy": {"resource_type": "seed"}}
    }


def test_no_model_of_this_project_reads_a_later_folder(manifest):
    found = layout(manifest, read_layers())
    assert (found.back, found.cycles) == ([], []), found.told()
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert found.folders == len(read_layers()), "each folder of the list has models"
    assert found.models == len(models)


def test_an_edge_back_and_the_cycle_that_it_makes_are_named():
    found = layout(
        project_of(
            base=("staging/core", []),
            fact=("tags/fact", ["base", "early_rule"]),
            early_rule=("tags/rule", ["base"]),
            rule=("tags/rule", ["fact"]),
            mart=("marts/customer", ["rule", "fact"]),
        ),
        LAYERS,
    )
    assert [(edge.reader, edge.read) for edge in found.back] == [("fact", "early_rule")]
    assert found.cycles == [["tags/fact", "tags/rule"]]
    assert "fact (tags/fact) reads early_rule (tags/rule), which comes after it" in found.told()


def test_levels_and_paths_are_counted():
    """a, b → c → d: a path is any way of two models or more along the edges."""
    found = layout(
        project_of(a=("staging", []), b=("staging", []), c=("tags/fact", ["a", "b"]), d=("tags/rule", ["c"])),
        LAYERS,
    )
    assert (found.levels, found.paths) == (3, len(["a-c", "b-c", "c-d", "a-c-d", "b-c-d"]))


def test_a_model_in_no_folder_of_the_list_is_refused():
    with pytest.raises(LayoutError, match=r"models/segments/odd\.sql lies in no folder"):
        layout(project_of(odd=("segments", [])), LAYERS)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "models/overview.md"])
def test_the_pages_show_the_same_order(page):
    text = (PROJECT_ROOT / page).read_text(encoding="utf-8")
    row = r"^models/(\S+)/ " if page.startswith("README") else r"^\| `(\S+)` \S+ · "
    assert re.findall(row, text, re.MULTILINE) == read_layers()
