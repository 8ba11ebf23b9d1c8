"""The names of models, checked on the parsed project: ``python -m banktags.naming [MANIFEST]``.

Seed ``naming_conventions`` says how a model of a folder is called, of which layer it is and what one of its rows is.
"""

import csv
import json
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from banktags.contract import PROJECT_ROOT

CONVENTIONS = Path("seeds/governance/naming_conventions.csv")
#: A word of a pattern stands for lower-case words joined by single underscores.
WORD, WORDS = re.compile(r"<[a-z]+>"), r"[a-z0-9]+(_[a-z0-9]+)*"


class Convention(NamedTuple):
    """How models of a folder may be called: ``stg_<system>__<entity>``."""

    folder: str
    pattern: str
    layer: str
    grain: str

    def admits(self, path: str, name: str) -> bool:
        """Whether the model lies in the folder and is called so."""
        lies_there = PurePosixPath(path).relative_to("models").parent.is_relative_to(self.folder)
        return lies_there and re.fullmatch(WORD.sub(WORDS, self.pattern), name) is not None


def read_conventions(root: Path = PROJECT_ROOT) -> list[Convention]:
    """The rows of the seed."""
    with (root / CONVENTIONS).open(encoding="utf-8", newline="") as rows:
        return [Convention(row["folder"], row["pattern"], row["layer"], row["grain"]) for row in csv.DictReader(rows)]


def misnamed(manifest: dict[str, Any], conventions: list[Convention]) -> list[str]:
    """The models that no convention of their folder admits, each with what it may be called."""
    found = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["package_name"] != "bank_tags":
            continue
        path = node["original_file_path"]
        if not any(convention.admits(path, node["name"]) for convention in conventions):
            there = [
                each.pattern for each in conventions if PurePosixPath(path).is_relative_to(f"models/{each.folder}")
            ]
            found.append(f"{path}: call it {' or '.join(there) or 'by a new row'}, or add a row to {CONVENTIONS}")
    return found


def main() -> None:
    """Print the models that are misnamed; end with 1 if there is one."""
    manifest = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "target/manifest.json").read_text("utf-8"))
    found = misnamed(manifest, read_conventions())
    print("\n".join(found) or "names        as seed naming_conventions says")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
