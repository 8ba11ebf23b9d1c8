"""``banktags catalogue sync``: write what is made of the tag models, so that review sees it change with them.

The mart ``customer_tags`` has every tag as a column: its contract and its comments repeat the tag models' YAML. The
seeds under ``seeds/catalogue`` hold each tag's rule as dbt executes it, and where its values come from. All of them are
generated, committed, and compared in a test; ``dbt build`` refuses rules of SQL that has changed since.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from banktags.catalogue.csv_text import csv_text
from banktags.catalogue.entries import TagEntry, tag_entries
from banktags.catalogue.policies import COLUMNS as POLICY_COLUMNS
from banktags.catalogue.project import Project
from banktags.catalogue.records import (
    CLAUSE_COLUMNS,
    INPUT_COLUMNS,
    RULE_COLUMNS,
    Kept,
    Row,
    code_of_reader,
    record_keys,
    record_of,
)
from banktags.catalogue.rules import Rules
from banktags.catalogue.scopes import RuleError
from banktags.catalogue.sql_words import code_checksum, project_words
from banktags.clock import DEMO_DATE
from banktags.conditions.audience_models import AudienceModel
from banktags.conditions.governed import retyped_numbers
from banktags.conditions.parsed import SEED, UnparsedModels, parsed_conditions, parsed_models
from banktags.contract import PROJECT_ROOT
from banktags.terminal import say
from banktags.warehouse import no_warehouse

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

WIDE_MART = PROJECT_ROOT / "models" / "tags" / "wide" / "customer_tags.yml"
CATALOGUE_SEEDS = PROJECT_ROOT / "seeds" / "catalogue"
#: What the last run has parsed and read; it may be deleted at any time.
CACHE = PROJECT_ROOT / "target" / "catalogue"

HEADER = """\
# Written by `banktags catalogue sync` from the YAML of the tag models: change a tag there, then run it again.
version: 2

models:
  - name: customer_tags
    description: >-
      Every tag of every customer: one row a customer, one column a tag (客户标签宽表). What a tag means, its values
      and its owner stand at its tag model.
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          arguments: {combination_of_columns: [customer_id]}
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
    check: Annotated[bool, typer.Option(help="Write nothing; fail if a file is not up to date.")] = False,
) -> None:
    """Write what is made of the tag models: contract of the wide mart, rules as executed, conditions as parsed."""
    parsed = _parsed_file()
    try:
        files = synced_files()
    except RuleError as error:
        raise typer.BadParameter(str(error), param_hint="project") from None
    _write(files | parsed, check, "the tag models say: run banktags catalogue sync")


def synced_files(folder: Path = CACHE) -> dict[Path, str]:
    """What ``catalogue_files`` gives for the project as it stands; what has not changed since the last time is kept.

    Where no word of the project has changed, nothing is parsed at all; else dbt parses the files that have changed,
    and the rules are read of the tags whose SQL, here or upstream, has other words.

    Raises:
        RuleError: the SQL of a tag model can't be parsed.
    """
    now, last = project_words(PROJECT_ROOT), folder / "files.json"
    try:
        before = json.loads(last.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    if before.get("project") != now:
        kept = Kept(folder / "records.json")
        files = catalogue_files(compiled_manifest(folder=folder), kept)
        kept.write()
        texts = {str(path.relative_to(PROJECT_ROOT)): text for path, text in files.items()}
        before = {"project": now, "texts": texts}
        last.write_text(json.dumps(before, ensure_ascii=False), encoding="utf-8")
    return {PROJECT_ROOT / path: text for path, text in before["texts"].items()}


@app.command()
def conditions(
    check: Annotated[bool, typer.Option(help="Write nothing; fail if the file is not up to date.")] = False,
) -> None:
    """Parse the conditions of all audiences and derived tags; a build runs only what was parsed."""
    parsed = _parsed_file()
    for file, model in parsed_models(PROJECT_ROOT):
        for number in retyped_numbers(model.condition) if isinstance(model, AudienceModel) else ():
            say(f"warning: {file.relative_to(PROJECT_ROOT)}: {number}", err=True)
    _write(parsed, check, "the audiences and derived tags say: run banktags catalogue conditions")


def _parsed_file() -> dict[Path, str]:
    """Path and text of the seed of parsed conditions; takes two seconds and no dbt.

    Raises:
        typer.BadParameter: a model holds what is not admitted; says file, line, what, and what to write instead.
    """
    try:
        return {PROJECT_ROOT / SEED: parsed_conditions(PROJECT_ROOT)}
    except UnparsedModels as error:
        raise typer.BadParameter(str(error), param_hint="models") from None


def _write(files: Mapping[Path, str], check: bool, remedy: str) -> None:
    """Write the files that are not up to date, or say so and fail; ``remedy`` ends a line that begins with the file."""
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        name = path.relative_to(PROJECT_ROOT)
        if check:
            say(f"{name} does not say what {remedy}", err=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text := files[path], encoding="utf-8")
            say(f"{name} written: {len(text.splitlines()):,} lines")
    if not stale:
        say(f"{len(files)} files are up to date")
    elif check:
        raise typer.Exit(1)


def compiled_manifest(parsed: "Manifest | None" = None, folder: Path | None = None) -> dict[str, Any]:
    """The manifest of the project as it stands, with SQL compiled as for a first build, apart from any warehouse.

    dbt keeps in ``folder`` what it has parsed, and the next time parses only what has changed.

    Raises:
        typer.BadParameter: dbt can't parse or compile the project; carries dbt's message.
    """
    # Not before it is needed: the site and the conditions do without dbt.
    from banktags.dbt_runs import done

    with tempfile.TemporaryDirectory() as scratch, no_warehouse():
        target = folder or Path(scratch)
        # What is written holds for every bank: it follows neither the extracts at hand nor the bank's currency.
        done(
            *("compile", "--select", "+path:models/tags", "--target-path", str(target)),
            *("--vars", f"{{as_of_date: {DEMO_DATE}, base_currency: CNY}}"),
            manifest=parsed,
        )
        return json.loads((target / "manifest.json").read_text(encoding="utf-8"))


def catalogue_files(manifest: Mapping[str, Any], kept: Kept | None = None) -> dict[Path, str]:
    """Path and text of every file that is made of a compiled project; tags whose record is kept are not read anew.

    Raises:
        RuleError: the SQL of a tag model can't be parsed.
    """
    project = Project(manifest, str(DEMO_DATE))
    rules = Rules(project)
    entries = tag_entries(manifest)
    if kept is None:
        records = [record_of(entry, rules) for entry in entries]
    else:
        key = record_keys(project, code_of_reader())
        records = [kept.get(key(entry), partial(record_of, entry, rules)) for entry in entries]
    return {
        WIDE_MART: customer_tags_yaml(manifest),
        CATALOGUE_SEEDS / "tag_rules.csv": _rules_csv([record.rule for record in records], manifest),
        CATALOGUE_SEEDS / "tag_rule_inputs.csv": _seed(INPUT_COLUMNS, [record.inputs for record in records]),
        CATALOGUE_SEEDS / "tag_rule_policies.csv": _seed(POLICY_COLUMNS, [record.policies for record in records]),
        CATALOGUE_SEEDS / "tag_rule_clauses.csv": csv_text(
            CLAUSE_COLUMNS, [row for record in records for row in record.clauses]
        ),
    }


def _seed(columns: Sequence[str], of_tags: Iterable[Sequence[Row]]) -> str:
    return csv_text(columns, sorted((row for rows in of_tags for row in rows), key=str))


def customer_tags_yaml(manifest: Mapping[str, Any]) -> str:
    """Properties file of the wide mart: a column for each tag, in the order of the mart's joins."""
    position = {model: index for index, model in enumerate(_joined_models(manifest))}
    entries = sorted(tag_entries(manifest), key=lambda entry: position.get(entry.model, len(position)))
    return HEADER + "".join(_column(entry) for entry in entries)


def _joined_models(manifest: Mapping[str, Any]) -> list[str]:
    """Tag models in the order in which ``standard_tags.sql`` and then ``customer_tags.sql`` name them."""
    refs = {
        node["name"]: [ref["name"] for ref in node["refs"]] for node in manifest["nodes"].values() if "refs" in node
    }
    return refs.get("standard_tags", []) + refs.get(WIDE_MART.stem, [])


def _column(entry: TagEntry) -> str:
    first_paragraph = " ".join(entry.definition.split("\n\n")[0].split())
    return COLUMN.format(
        code=entry.code,
        data_type=entry.data_type,
        description=json.dumps(f"{entry.name_zh}: {first_paragraph}", ensure_ascii=False),
        model=entry.model,
    )


def _rules_csv(rules: Iterable[Row], manifest: Mapping[str, Any]) -> str:
    tests, values = _expected_values(manifest)
    checksums: dict[str, str] = {}
    rows = []
    for rule in rules:
        code, model = rule[:2]
        if model not in checksums:
            checksums[model] = code_checksum(manifest, model)
        rows.append((*rule, tests[model, code], len(values.get((model, code), ())), checksums[model]))
    return csv_text((*RULE_COLUMNS, "unit_tests", "expected_values", "code_checksum"), rows)


def _expected_values(manifest: Mapping[str, Any]) -> tuple[Counter, dict[tuple[str, str], set]]:
    """By model and column: unit tests that expect something of it, and the different values that they expect."""
    tests: Counter = Counter()
    values: dict[tuple[str, str], set] = {}
    for test in manifest["unit_tests"].values():
        expected = test["expect"].get("rows") or []
        rows = [row for row in expected if isinstance(row, dict)] if isinstance(expected, list) else []
        for column in {column for row in rows for column in row}:
            tests[test["model"], column] += 1
            values.setdefault((test["model"], column), set()).update(str(row[column]) for row in rows if column in row)
    return tests, values
