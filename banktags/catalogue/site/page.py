"""One HTML file from dbt's docs page: data, templates, script and style inside, nothing fetched from anywhere."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

APP = Path(__file__).parent / "app"
TITLE = "标签超市 · Customer tag catalogue"
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='8' fill='%23a4262c'/%3E%3Cpath d='M9 9h8l7 7-8 8-7-7z' fill='%23fff'/%3E"
    "%3Ccircle cx='13' cy='13' r='1.6' fill='%23a4262c'/%3E%3C/svg%3E"
)
#: The page may not ask any host for anything, whatever dbt's app tries: the browser itself sees to it.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:"
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
END = "</body></html>"
MANIFEST, CATALOG = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'
#: Fields of nodes and columns that dbt's docs app does not read: local paths, checksums, parser bookkeeping.
UNREAD = frozenset(
    [
        "root_path",
        "checksum",
        "unrendered_config",
        "created_at",
        "build_path",
        "compiled_path",
        "patch_path",
        "extra_ctes",
        "extra_ctes_injected",
        "doc_blocks",
        "granularity",
        "dimension",
        "entity",
    ]
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
        CATALOG: _script_json(catalog),
        # After dbt's own script, whose modules it extends and whose styles it overrides.
        END: f"<style>{style}</style>"
        f"<script>window.supermarketTemplates = {_script_json(templates)};</script><script>{script}</script>{END}",
    }
    for place, text in inserted.items():
        before, found, after = page.partition(place)
        if not found:
            raise ValueError(f"dbt's docs page has no {place}: the catalogue site does not know this version of dbt")
        page = before + text + after
    return page


def lean(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without what dbt's docs app does not read."""
    lighter = {key: {name: _lean(node) for name, node in manifest[key].items()} for key in ("nodes", "sources")}
    shown = {key: macro for key, macro in manifest["macros"].items() if macro["package_name"] not in HIDDEN_PACKAGES}
    return {**manifest, **lighter, "macros": shown}


def _lean(node: Mapping[str, Any]) -> dict[str, Any]:
    read = {key: value for key, value in node.items() if key not in UNREAD}
    if "columns" in read:
        read["columns"] = {name: _lean(column) for name, column in read["columns"].items()}
    return read


def _script_json(value: Any) -> str:
    """JSON that may stand in a script: no text in it can end the script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).replace("<", "\\u003c")
