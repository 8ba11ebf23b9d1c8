"""The order of the folders below ``models/``, checked on the parsed project: ``python -m banktags.layout [MANIFEST]``.

Seed ``layers`` lists the folders in the order in which data flows. A model reads models of its own folder and of
folders before it, never of one after it. README and the catalogue's front page show the same list.
"""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import networkx

from banktags.contract import PROJECT_ROOT

LAYERS = Path("seeds/governance/layers.csv")


class LayoutError(Exception):
    """A model lies in no folder of the list."""


class Edge(NamedTuple):
    """A model that reads another one."""

    reader: str
    reader_folder: str
    read: str
    read_folder: str


def read_layers(root: Path = PROJECT_ROOT) -> list[str]:
    """The folders below ``models/`` in their order, such as ``tags/fact``."""
    with (root / LAYERS).open(encoding="utf-8", newline="") as rows:
        return [row["folder"] for row in sorted(csv.DictReader(rows), key=lambda row: int(row["position"]))]


def folder_of(path: str, layers: list[str]) -> str:
    """The folder of the list in which a model lies: the longest that leads to its file.

    Raises:
        LayoutError: there is none.
    """
    folder = PurePosixPath(path).relative_to("models").parent
    found = [layer for layer in layers if folder.is_relative_to(layer)]
    if not found:
        raise LayoutError(f"{path} lies in no folder of seed layers: move it, or add a row to {LAYERS}")
    return max(found, key=len)


def edges(models: dict[str, Any], folders: dict[str, str]) -> Iterator[Edge]:
    """What each model reads, with the folders of both."""
    for key, node in models.items():
        for read in node["depends_on"]["nodes"]:
            if read in models:
                yield Edge(node["name"], folders[key], models[read]["name"], folders[read])


class Layout(NamedTuple):
    """What the graph of models says of the order."""

    folders: int
    models: int
    back: list[Edge]
    cycles: list[list[str]]
    levels: int
    paths: int

    def told(self) -> str:
        """The figures, a line each, and every edge that runs against the order."""
        lines = [
            f"folders      {self.folders}",
            f"models       {self.models}",
            f"edges back   {len(self.back)}",
            f"cycles       {len(self.cycles)}",
            f"levels       {self.levels}",
            f"paths        {self.paths:,}",
        ]
        lines += [
            f"{edge.reader} ({edge.reader_folder}) reads {edge.read} ({edge.read_folder}), which comes after it: "
            f"move one of them, or change the order in {LAYERS}"
            for edge in sorted(self.back)
        ]
        lines += [f"these folders read each other: {', '.join(cycle)}" for cycle in self.cycles]
        return "\n".join(lines)


def layout(manifest: dict[str, Any], layers: list[str]) -> Layout:
    """Folders, edges back, cycles among folders, depth and number of paths of the graph of models.

    Raises:
        LayoutError: a model lies in no folder of the list.
    """
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    folders = {key: folder_of(node["original_file_path"], layers) for key, node in models.items()}
    found = list(edges(models, folders))
    place = {folder: number for number, folder in enumerate(layers)}
    back = [edge for edge in found if place[edge.read_folder] > place[edge.reader_folder]]
    between = networkx.DiGraph(
        (edge.read_folder, edge.reader_folder) for edge in found if edge.read_folder != edge.reader_folder
    )
    cycles = [sorted(part) for part in networkx.strongly_connected_components(between) if len(part) > 1]
    graph = networkx.DiGraph((edge.read, edge.reader) for edge in found)
    levels, paths = {}, {}
    for model in networkx.topological_sort(graph):
        above = list(graph.predecessors(model))
        levels[model] = 1 + max((levels[one] for one in above), default=0)
        paths[model] = sum(paths[one] + 1 for one in above)
    return Layout(
        len(set(folders.values())), len(models), back, cycles, max(levels.values(), default=1), sum(paths.values())
    )


def main(manifest: Path) -> int:
    """Print what is found; 1 where the order does not hold."""
    try:
        found = layout(json.loads(manifest.read_text(encoding="utf-8")), read_layers())
    except LayoutError as fault:
        print(fault)
        return 1
    print(found.told())
    return 1 if found.back or found.cycles else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "target/manifest.json")))
