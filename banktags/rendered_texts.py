"""Texts that dbt renders: descriptions and other words of its YAML files are templates, and so is SQL.

A text holds no braces, then: what stands in ``{{ }}`` is run by dbt and its result printed into the manifest and the
catalogue page. What the project itself needs to render is listed here.
"""

import re
from pathlib import Path

from banktags.contract import PROJECT_ROOT

#: What begins something that is rendered.
BRACES = re.compile(r"\{\{|\{%|\{#")
#: A reference to a text of a .md file; in the sources, where the landed extracts lie and when they were delivered last.
ALLOWED = re.compile(
    r"\{\{ doc\('[a-z0-9_]+'\) \}\}"
    r"|\{\{ last_delivery\(model\) \}\}"
    r"|\{\{ env_var\('BANK_TAGS_RAW', 'data/raw'\)"
    r"(\.translate\("
    + re.escape("""{39: "''", 42: "[*]", 63: "[?]", 91: "[[]", 123: "{{", 125: "}}"}""")
    + r"\))?\s+\}\}"
)
#: What reads the key of the hashes, by its name or by one put together; and the macros that hash with it or judge it.
KEY_READERS = re.compile(r"pii[_.]key|duckdb_variables|getvariable\s*\((?!\s*'\w+'\s*\))", re.IGNORECASE)
MAY_READ_THE_KEY = {f"macros/engine/{name}.sql" for name in ("check_key", "keyed_hash", "warn_demo_key")}
FOLDERS = ("models", "seeds", "macros", "tests/dbt", "analyses")
REMEDY = "write the text without braces; a shared text is {{ doc('name') }} of a .md file"


def braces_in_texts(root: Path = PROJECT_ROOT) -> list[str]:
    """For each place of a YAML file that would have dbt run something beyond what is allowed: where, and what to do."""
    files = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.y*ml"))
    return [fault for path in files for fault in _faults(path, path.relative_to(root))]


def _faults(path: Path, name: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    rest = ALLOWED.sub(lambda allowed: "\n" * allowed[0].count("\n"), text)
    return [
        f"{name}, line {1 + rest.count(chr(10), 0, found.start())}: {found[0]} is run by dbt, not shown: {REMEDY}"
        for found in BRACES.finditer(rest)
    ]


def key_in_texts(root: Path = PROJECT_ROOT) -> list[str]:
    """For each place of SQL or YAML that would read the key of the hashes: what it selects would stand in a table."""
    files = sorted(
        path for folder in FOLDERS for kind in ("sql", "y*ml") for path in (root / folder).rglob(f"*.{kind}")
    )
    remedy = "which stands in no table and no text: hash with the macro keyed_hash"
    return [
        f"{name}, line {1 + text.count(chr(10), 0, found.start())}: {found[0]} reads the key of the hashes, {remedy}"
        for path in [*files, *root.glob("dbt_project.yml")]
        if (name := str(path.relative_to(root))) not in MAY_READ_THE_KEY
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        for found in KEY_READERS.finditer(text)
    ]
