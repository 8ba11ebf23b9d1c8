"""What of a project's SQL counts: its words and signs, without comments and spaces, and all that stands upstream.

Two states of the project with the same digests here have the same rules, so that nothing has to be read anew; another
digest only means that something may have changed. The digest of a rule (``digests``) says whether it has.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

#: Comments of SQL and of Jinja, which do not count; then (group 1) what does: texts, words, any other sign. The macro
#: ``code_checksums`` reads SQL with the same pattern.
WORDS = re.compile(
    r"--[^\n]*|/\*[\s\S]*?\*/|[{]#[\s\S]*?#[}]"
    r"|('(?:[^']|'')*'|\"[^\"]*\"|\w+|[^\w\s])"
)


#: Folders and files that the generated files are made of; and what among them is itself made of the rules.
MADE_OF = (
    *("models", "macros", "seeds", "tests/dbt", "offline_packages", "dbt_project.yml", "packages.yml"),
    *("banktags/catalogue", "banktags/clock.py"),
)
NOT_MADE_OF = (
    *("seeds/catalogue/*.csv", "seeds/governance/tag_lifecycle_events.csv"),
    *("models/tags/wide/customer_tags.yml", "banktags/catalogue/site/*"),
)
READ = {".sql", ".yml", ".csv", ".py"}


def words(sql: str) -> str:
    """The words and signs of SQL or of a macro, a space between any two."""
    return " ".join(filter(None, WORDS.findall(sql)))


def md5(text: str) -> str:
    """The hash that dbt has for its macros too (``local_md5``)."""
    return hashlib.md5(text.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()


def code_checksum(manifest: Mapping[str, Any], model: str) -> str:
    """Checksum of the SQL of a model and of all models upstream, as the macro ``code_checksums`` computes it."""
    return md5(",".join(sorted(_upstream_words(manifest, model))))


def _upstream_words(manifest: Mapping[str, Any], model: str) -> Iterable[str]:
    nodes = manifest["nodes"]
    (start,) = (unique_id for unique_id, node in nodes.items() if node["name"] == model)
    for unique_id in _with_upstream(nodes, start):
        if unique_id.startswith("model."):
            yield f"{nodes[unique_id]['name']}:{md5(words(nodes[unique_id]['raw_code']))}"


def _with_upstream(nodes: Mapping[str, Any], start: str) -> set[str]:
    found, waiting = set(), [start]
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in found:
            found.add(unique_id)
            waiting += nodes.get(unique_id, {}).get("depends_on", {}).get("nodes", ())
    return found


def node_digests(nodes: Mapping[str, Any], own: Callable[[str], str]) -> Callable[[str], str]:
    """A function of a node's unique id: digest of what ``own`` tells of it and of all nodes upstream."""
    known: dict[str, str] = {}

    def told(unique_id: str) -> str:
        if unique_id not in known:
            known[unique_id] = md5(own(unique_id))
        return known[unique_id]

    def with_upstream(start: str) -> str:
        return md5(",".join(sorted(told(unique_id) for unique_id in _with_upstream(nodes, start))))

    return with_upstream


def project_words(root: Path) -> str:
    """Digest of all files of a project that its generated files are made of; of SQL only the words count."""
    told = []
    for name in MADE_OF:
        path = root / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            relative = file.relative_to(root)
            if file.suffix in READ and not any(relative.match(pattern) for pattern in NOT_MADE_OF) and file.is_file():
                text = file.read_text(encoding="utf-8", errors="surrogateescape")
                text = words(text) if file.suffix == ".sql" else text
                told.append(f"{relative.as_posix()}:{md5(text)}")
    return md5("\n".join(told))
