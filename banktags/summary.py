"""``banktags summary``: what the last dbt run built, where it is, and a first question to ask."""

import json
import os
from collections import Counter
from pathlib import Path

import typer

from banktags.contract import PROJECT_ROOT
from banktags.publish.versions import current_version
from banktags.terminal import say
from banktags.warehouse import open_read_only, warehouse_file

FIRST_QUERY = (
    "select name_zh, customers, customer_share, profit_share from marts.pyramid_benchmark order by tier_rank desc"
)

#: Source tables that were never delivered, and how many tags are unknown for it.
UNDELIVERED = """
    select source_table from governance.source_coverage where not is_delivered and tag_count > 0 order by source_table
"""
UNKNOWN_TAGS = "select count(*) from governance.tag_coverage where coverage = 'none'"

#: dbt's resource types, in the order and words of the summary.
KINDS = {"model": "models", "seed": "seeds", "test": "data tests", "unit_test": "unit tests"}


def summary() -> None:
    """Say what the last dbt build made, where it is, and one query to try."""
    run_results = PROJECT_ROOT / (os.environ.get("DBT_TARGET_PATH") or "target") / "run_results.json"
    if not run_results.exists():
        raise typer.BadParameter(f"{_shown(run_results)} does not exist yet: run make build", param_hint="summary")
    site, review = (PROJECT_ROOT / "site" / f"{name}.html" for name in ("index", "review"))
    say(f"\nBuilt       {built(run_results)}")
    say(f"Warehouse   {_shown(warehouse_file())}")
    if version := current_version():
        say(f"Published   {version.as_of_date}, SHA-256 {version.digest[:12]}…  (banktags versions)")
    if site.exists():
        say(f"Catalogue   {_shown(site)}  (open it in a browser, or: make docs)")
    if review.exists():
        say(f"Review      {_shown(review)}  (the pyramid by quarter)")
    if undelivered := unknown():
        say(f"Unknown     {undelivered}")
    say(f'Try         .venv/bin/banktags query \\\n            "{FIRST_QUERY}"')


def unknown() -> str | None:
    """What the bank does not deliver, and how many tags that leaves unknown; nothing where all is delivered."""
    with open_read_only() as con:
        tables = [row[0] for row in con.execute(UNDELIVERED).fetchall()]
        (tags,) = con.execute(UNKNOWN_TAGS).fetchone()
    if not tables:
        return None
    return f"{tags} tags, because these were never delivered (governance.source_coverage): {', '.join(tables)}"


def built(run_results: Path) -> str:
    """Counts of one run by kind, then by outcome where it was not a plain success."""
    results = json.loads(run_results.read_text(encoding="utf-8"))["results"]
    kinds = Counter(result["unique_id"].split(".")[0] for result in results)
    outcomes = Counter(result["status"] for result in results)
    made = ", ".join(f"{kinds[kind]} {words}" for kind, words in KINDS.items() if kinds[kind])
    other = ", ".join(f"{n} {status}" for status, n in outcomes.items() if status not in ("success", "pass"))
    return f"{made}: {other or 'all passed'}"


def _shown(path: Path) -> Path:
    """The path as the user would type it from the project folder."""
    absolute = path.absolute()
    return absolute.relative_to(PROJECT_ROOT) if absolute.is_relative_to(PROJECT_ROOT) else path
