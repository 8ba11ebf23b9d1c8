"""``banktags catalogue sync``: write what is made of the tag models, so that review sees it change with them.

The mart ``customer_tags`` has every tag as a column: its contract and its comments repeat the tag models' YAML. The
seeds under ``seeds/catalogue`` hold each tag's rule as dbt executes it, and where its values come from. All of them are
generated, committed, and compared in a test; ``dbt build`` refuses rules of SQL that has changed since.
"""

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from banktags.catalogue.clauses import Clause, tag_clauses
from banktags.catalogue.csv_text import csv_text
from banktags.catalogue.entries import TagEntry, tag_entries
from banktags.catalogue.policies import policies_csv
from banktags.catalogue.rules import Project, RuleError, TagRule
from banktags.clock import DEMO_DATE
from banktags.conditions.parsed import SEED, UnparsedModels, parsed_conditions
from banktags.contract import PROJECT_ROOT
from banktags.terminal import say

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

WIDE_MART = PROJECT_ROOT / "models" / "tags" / "wide" / "customer_tags.yml"
CATALOGUE_SEEDS = PROJECT_ROOT / "seeds" / "catalogue"

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
    check: Annotated[bool, typer.Option(help="Write nothing; fail if a file is not up to date.")] = False,
) -> None:
    """Write what is made of the tag models: contract of the wide mart, rules as executed, conditions as parsed."""
    parsed = _parsed_file()
    try:
        files = catalogue_files(compiled_manifest()) | parsed
    except RuleError as error:
        raise typer.BadParameter(str(error), param_hint="project") from None
    _write(files, check, "the tag models say: run banktags catalogue sync")


@app.command()
def conditions(
    check: Annotated[bool, typer.Option(help="Write nothing; fail if the file is not up to date.")] = False,
) -> None:
    """Parse the conditions of all audiences and derived tags; a build runs only what was parsed."""
    _write(_parsed_file(), check, "the audiences and derived tags say: run banktags catalogue conditions")


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


def compiled_manifest(parsed: "Manifest | None" = None) -> dict[str, Any]:
    """The manifest of the project as it stands, with SQL compiled as for a first build, apart from any warehouse.

    Raises:
        typer.BadParameter: dbt can't parse or compile the project; carries dbt's message.
    """
    # Not before it is needed: the site and the conditions do without dbt.
    from dbt.cli.main import dbtRunner

    folder = str(PROJECT_ROOT)
    runner = dbtRunner(manifest=parsed)
    with tempfile.TemporaryDirectory() as scratch:
        before = {name: os.environ.get(name) for name in ("BANK_TAGS_DB", "BANK_TAGS_WORK")}
        os.environ |= dict.fromkeys(before, str(Path(scratch) / "bank_tags.duckdb"))
        try:
            folders = [
                "--project-dir",
                folder,
                "--profiles-dir",
                folder,
                "--target-path",
                str(Path(scratch) / "target"),
            ]
            # What is written holds for every bank: it follows neither the extracts at hand nor the bank's currency.
            variables = ("--vars", f"{{as_of_date: {DEMO_DATE}, base_currency: CNY}}")
            selected = ("--select", "+path:models/tags")
            result = runner.invoke(["--quiet", "compile", *folders, *variables, *selected])
        finally:
            for name, value in before.items():
                del os.environ[name]
                if value is not None:
                    os.environ[name] = value
        if not result.success:
            raise typer.BadParameter(
                f"dbt compile fails; mend the project first\n{result.exception}", param_hint="project"
            )
        return json.loads((Path(scratch) / "target" / "manifest.json").read_text(encoding="utf-8"))


def catalogue_files(manifest: Mapping[str, Any]) -> dict[Path, str]:
    """Path and text of every file that is made of a compiled project.

    Raises:
        RuleError: the SQL of a tag model can't be parsed.
    """
    compiled = Project(manifest, str(DEMO_DATE))
    rules = [compiled.rule(entry) for entry in tag_entries(manifest)]
    return {
        WIDE_MART: customer_tags_yaml(manifest),
        CATALOGUE_SEEDS / "tag_rules.csv": _rules_csv(rules, manifest),
        CATALOGUE_SEEDS / "tag_rule_inputs.csv": _inputs_csv(rules),
        CATALOGUE_SEEDS / "tag_rule_policies.csv": policies_csv(rules, compiled),
        CATALOGUE_SEEDS / "tag_rule_clauses.csv": _clauses_csv(rules, compiled),
    }


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


RULE_COLUMNS = (
    *("tag_code", "model_name", "rule_expression", "rule_sql", "rule_hash", "unresolved"),
    *("unit_tests", "expected_values", "code_checksum"),
)


def _rules_csv(rules: list[TagRule], manifest: Mapping[str, Any]) -> str:
    tests, values = _expected_values(manifest)
    return csv_text(
        RULE_COLUMNS,
        [
            (
                rule.tag.code,
                rule.tag.model,
                rule.expression,
                rule.sql,
                rule.digest,
                rule.unresolved,
                tests[rule.tag.model, rule.tag.code],
                len(values.get((rule.tag.model, rule.tag.code), ())),
                code_checksum(manifest, rule.tag.model),
            )
            for rule in rules
        ],
    )


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


def code_checksum(manifest: Mapping[str, Any], model: str) -> str:
    """Checksum of the files of a model and of all models upstream, as the macro ``code_checksum`` computes it."""
    nodes = manifest["nodes"]
    (start,) = (unique_id for unique_id, node in nodes.items() if node["name"] == model)
    found, waiting = set(), [start]
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in found and unique_id.startswith("model."):
            found.add(unique_id)
            waiting += nodes[unique_id]["depends_on"]["nodes"]
    checksums = sorted(f"{nodes[unique_id]['name']}:{nodes[unique_id]['checksum']['checksum']}" for unique_id in found)
    return hashlib.md5(",".join(checksums).encode(), usedforsecurity=False).hexdigest()


def _inputs_csv(rules: list[TagRule]) -> str:
    rows = {
        (rule.tag.code, given.kind, given.name)
        for rule in rules
        for given in (*rule.inputs, *(direct for direct in rule.direct if direct.kind == "tag"))
    }
    return csv_text(["tag_code", "input_kind", "input_name"], sorted(rows))


CLAUSE_COLUMNS = (
    *("tag_code", "clause_order", "tag_value", "values_from", "clause"),
    *("comparison_order", "measure", "input_tag", "input_sign", "operator"),
    *("threshold", "literal_number", "literal_text"),
)


def _clauses_csv(rules: list[TagRule], project: Project) -> str:
    """Clauses of the certified tags that are decided from other tags: a row a clause, comparison and tag."""
    rows: list[tuple] = []
    for rule in rules:
        tag = rule.tag
        is_decided = (tag.values or tag.data_type == "boolean") and any(given.kind == "tag" for given in rule.direct)
        if tag.status != "certified" or not is_decided:
            continue
        try:
            for order, clause in enumerate(tag_clauses(project, tag), start=1):
                head = (tag.code, order, clause.value, clause.values_from, clause.text)
                rows += [(*head, *comparison) for comparison in _comparison_rows(clause)]
        except RuleError:
            # No list of clauses: the rule stands as a whole, and only what it reads can be said.
            rows.append((tag.code, 0, None, None, " ".join(rule.expression.split()), *NO_COMPARISON))
    return csv_text(CLAUSE_COLUMNS, rows)


#: Where a row has no comparison; dbt reads the emptiness as null.
NO_COMPARISON = (None,) * 8


def _comparison_rows(clause: Clause) -> list[tuple]:
    """A row for each tag of each comparison; one empty row for a clause without comparisons."""
    rows = []
    for order, comparison in enumerate(clause.comparisons, start=1):
        literal = comparison.literal
        number, text = (None, literal) if isinstance(literal, str) else (literal, None)
        rows += [
            (order, comparison.measure, tag, sign, comparison.operator, comparison.threshold, number, text)
            for sign, tag in comparison.inputs or ((None, None),)
        ]
    return rows or [NO_COMPARISON]
