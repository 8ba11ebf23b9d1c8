"""dbt on the project as fixture ``parsed_project`` has parsed it: a parse takes longer than most builds of the tests.

dbt itself would parse anew, since another warehouse, landing zone or variable is another profile or setting. Run with
the file of what was parsed, the variables (or nothing), then command and options of dbt. Not called dbt_…: dbt imports
such modules as its plugins.
"""

import os
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

#: What a pattern of file names would read in a path (macro file_pattern).
PATTERN_SIGNS = str.maketrans({"'": "''", "*": "[*]", "?": "[?]", "[": "[[]", "{": "{{", "}": "}}"})
#: The landing zone that the project was parsed with.
PARSED_WITH = "TESTS_PARSED_WITH"


def landed_in(manifest: Manifest, parsed_with: str, raw: str) -> None:
    """Let the sources be read from another landing zone than the one that they were parsed with."""
    old, new = (f"read_parquet('{path.translate(PATTERN_SIGNS)}/" for path in (parsed_with, raw))
    for source in manifest.sources.values():
        for meta in (source.meta, source.source_meta, source.config.meta):
            if location := meta.get("external_location"):
                meta["external_location"] = location.replace(old, new)
        source.relation_name = source.relation_name and source.relation_name.replace(old, new)


def main(parsed: Path, variables: str, arguments: list[str]) -> int:
    """Run dbt; 0 when it succeeds."""
    manifest = Manifest.from_msgpack(parsed.read_bytes())
    landed_in(manifest, os.environ[PARSED_WITH], os.environ["BANK_TAGS_RAW"])
    manifest.build_flat_graph()
    options = ("--vars", variables) if variables else ()
    ran = dbtRunner(manifest=manifest).invoke(["--quiet", *arguments, *options])
    # As dbt does when it parses.
    manifest.write(str(Path(os.environ["DBT_TARGET_PATH"]) / "manifest.json"))
    if ran.exception:
        print(ran.exception, file=sys.stderr)
    return 0 if ran.success else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
