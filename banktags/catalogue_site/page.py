"""One HTML file from dbt's docs page: data, templates, script and style inside, nothing fetched from anywhere."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

APP = Path(__file__).parent / "app"
TITLE = "标签超市 · Customer tag catalogue"
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8'"
    " fill='%23a4262c'/%3E%3Cpath d='M9 9h8l7 7-8 8-7-7z' fill='%23fff'/%3E%3Ccircle cx='13' cy='13' r='1.6' fill='%23a4262c'/%3E%3C/svg%3E"
)
#: The page may not ask any host for anything, whatever dbt's app tries: the browser itself sees to it.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; font-src data:"
)
HEAD = (
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    f'<title>{TITLE}</title><link rel="icon" href="{ICON}">'
)
#: What dbt's page gives up: names of its own, and links to files that are not there.
DROPPED = (
    r"<title>.*?</title>",
    r'<link rel="canonical"[^>]*>',
    r'<link rel="shortcut icon"[^>]*>',
    r'<meta property="og:[^>]*>',
    r'<meta name="twitter:[^>]*>',
    r"//# sourceMappingURL=main\.js\.map",
)
MANIFEST, CATALOG = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'
#: What dbt writes into its artifacts and its docs app does not read: local paths, checksums, parser bookkeeping.
UNREAD = frozenset(
    "root_path checksum unrendered_config created_at build_path compiled_path extra_ctes extra_ctes_injected doc_blocks"
    " granularity dimension entity".split()
)
#: Macros of these packages are in the manifest, and the docs app leaves them out.
HIDDEN_PACKAGES = ("dbt", "dbt_duckdb", "dbt_spark")


def render(dbt_page: str, manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> str:
    """The site: dbt's ``index.html`` with its data and the supermarket's templates, script and style inside.

    Raises:
        ValueError: the page is not laid out as dbt's docs page of the versions this project allows.
    """
    page = re.sub("|".join(DROPPED), "", dbt_page, flags=re.DOTALL)
    templates = {f"/supermarket/{path.name}": path.read_text(encoding="utf-8") for path in sorted(APP.glob("*.html"))}
    style = (APP / "supermarket.css").read_text(encoding="utf-8")
    script = (APP / "supermarket.js").read_text(encoding="utf-8")
    inserted = {
        "<head>": f"<head>{HEAD}",
        MANIFEST: _script_json(lean(manifest)),
        CATALOG: _script_json(lean(catalog)),
        # After dbt's own script, whose modules it extends and whose styles it overrides.
        "</body></html>": f"<style>{style}</style>"
        f"<script>window.supermarketTemplates = {_script_json(templates)};</script><script>{script}</script></body></html>",
    }
    for place, text in inserted.items():
        before, found, after = page.partition(place)
        if not found:
            raise ValueError(f"dbt's docs page has no {place}: the catalogue site does not know this version of dbt")
        page = before + text + after
    return page


def lean(artifact: Mapping[str, Any]) -> dict[str, Any]:
    """An artifact of dbt without what its docs app does not read."""
    macros = artifact.get("macros")
    if macros is not None:
        shown = {key: macro for key, macro in macros.items() if macro["package_name"] not in HIDDEN_PACKAGES}
        artifact = {**artifact, "macros": shown}
    return _without_unread(artifact)


def _without_unread(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_unread(each) for key, each in value.items() if key not in UNREAD}
    if isinstance(value, list):
        return [_without_unread(each) for each in value]
    return value


def _script_json(value: Any) -> str:
    """JSON that may stand in a script: no text in it can end the script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).replace("<", "\\u003c")
