"""``banktags catalogue sync``: write the contract of the wide mart from the dictionary entries of the tag models.

The mart ``customer_tags`` has every tag as a column. Its contract and its column comments repeat what the tag models'
YAML says, so they are generated, committed, and compared in a test.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from dbt.cli.main import dbtRunner

from banktags.catalogue import TagEntry, tag_entries
from banktags.contract import PROJECT_ROOT

WIDE_MART = PROJECT_ROOT / "models" / "marts" / "customer_tags.yml"

HEADER = """\
# Written by `banktags catalogue sync` from the YAML of the tag models: change a tag there, then run it again.
version: 2

models:
  - name: customer_tags
    description: >-
      Every tag of every customer: one row a customer, one column a tag (客户标签宽表). What a tag means, its values
      and its owner stand at its tag model.
    data_tests:
      - covers_spine
    columns:
      - name: customer_id
        data_type: string
        description: "客户号: Golden customer id."
      - name: as_of_date
        data_type: date
        description: "数据日期: Business date that the row stands on."
"""

COLUMN = """\
      - name: {code}
        data_type: {data_type}
        description: {description}
        config: {{meta: {{tag_model: {model}}}}}
"""

app = typer.Typer(help="The tag dictionary.", no_args_is_help=True)


@app.callback()
def catalogue() -> None:
    """The tag dictionary and what is written from it."""


@app.command()
def sync(
    check: Annotated[bool, typer.Option(help="Write nothing; fail if the file is not up to date.")] = False,
) -> None:
    """Write the contract and the comments of the wide mart from the dictionary entries of the tag models."""
    text = customer_tags_yaml(parse_manifest())
    is_current = WIDE_MART.exists() and WIDE_MART.read_text(encoding="utf-8") == text
    name = WIDE_MART.relative_to(PROJECT_ROOT)
    if is_current:
        typer.echo(f"{name} is up to date")
    elif check:
        typer.echo(f"{name} does not say what the tag models say: run banktags catalogue sync", err=True)
        raise typer.Exit(1)
    else:
        WIDE_MART.write_text(text, encoding="utf-8")
        typer.echo(f"{name} written")


def parse_manifest() -> dict[str, Any]:
    """The manifest of the project as it stands now.

    Raises:
        typer.BadParameter: dbt can't parse the project; carries dbt's message.
    """
    folder = str(PROJECT_ROOT)
    result = dbtRunner().invoke(["parse", "--quiet", "--project-dir", folder, "--profiles-dir", folder])
    if not result.success:
        raise typer.BadParameter(f"dbt parse fails; mend the project first\n{result.exception}", param_hint="project")
    return result.result.to_dict()


def customer_tags_yaml(manifest: Mapping[str, Any]) -> str:
    """Properties file of the wide mart: a column for each tag, in the order of the mart's joins."""
    position = {model: index for index, model in enumerate(_joined_models(manifest))}
    entries = sorted(tag_entries(manifest), key=lambda entry: position.get(entry.model, len(position)))
    return HEADER + "".join(_column(entry) for entry in entries)


def _joined_models(manifest: Mapping[str, Any]) -> list[str]:
    """Tag models in the order in which ``standard_tags.sql`` and then ``customer_tags.sql`` name them."""
    refs = {node["name"]: [ref["name"] for ref in node["refs"]] for node in manifest["nodes"].values() if "refs" in node}
    return refs.get("standard_tags", []) + refs.get(WIDE_MART.stem, [])


def _column(entry: TagEntry) -> str:
    first_paragraph = " ".join(entry.definition.split("\n\n")[0].split())
    return COLUMN.format(
        code=entry.code,
        data_type=entry.data_type,
        description=json.dumps(f"{entry.name_zh}: {first_paragraph}", ensure_ascii=False),
        model=entry.model,
    )
