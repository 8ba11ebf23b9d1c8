"""``banktags catalogue site``: write the catalogue as one HTML file."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from banktags.catalogue.site.entries import enrich, lists_of, private_albums
from banktags.catalogue.site.governance import read_governance
from banktags.catalogue.site.page import render
from banktags.catalogue.site.parameters import read_lists
from banktags.catalogue.site.rule_texts import rule_texts
from banktags.contract import PROJECT_ROOT
from banktags.landing import landing_zone
from banktags.pages.site import CATALOGUE, other_pages
from banktags.warehouse import open_read_only


def site(
    out: Annotated[Path, typer.Option(help="The file to write.")] = PROJECT_ROOT / "site" / "index.html",
    target: Annotated[
        Path, typer.Option(envvar="DBT_TARGET_PATH", help="Where dbt docs generate has put its files.")
    ] = PROJECT_ROOT / "target",
) -> None:
    """Write the catalogue (标签超市) as one HTML file: dbt's docs with an entry for each tag, from the last build."""
    page = _read(target / "index.html")
    manifest, catalog = (json.loads(_read(target / f"{name}.json")) for name in ("manifest", "catalog"))
    with open_read_only() as warehouse:
        try:
            governance = read_governance(warehouse)
        except LookupError as error:
            raise typer.BadParameter(str(error), param_hint="warehouse") from error
        wanted = {seed for seeds in lists_of(manifest, governance).values() for seed in seeds}
        lists = read_lists(warehouse, manifest, wanted, governance.as_of_date.isoformat())
        texts = rule_texts(manifest, catalog, target, governance.as_of_date.isoformat())
        governance = replace(governance, lists=lists, rule_texts=texts)
    enriched = enrich(manifest, governance)
    enriched["metadata"]["catalogue"]["pages"] = [
        asdict(link) for link in other_pages(CATALOGUE, out.parent) if (out.parent / link.href).exists()
    ]
    # Where the extracts lie on this machine is nobody's business who gets the file.
    html = render(page, enriched, catalog).replace(str(landing_zone().absolute()), "data/raw")
    for unique_id, album in private_albums(manifest).items():
        if any(trace in html for trace in (unique_id, f"'{album['name']}'", album["description"] or unique_id)):
            raise typer.BadParameter(f"the private album {album['name']} would be published", param_hint="albums")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding="utf-8")


def _read(path: Path) -> str:
    if not path.exists():
        raise typer.BadParameter(
            f"{path} does not exist: run dbt docs generate first (make site does)", param_hint="target"
        )
    return path.read_text(encoding="utf-8")
