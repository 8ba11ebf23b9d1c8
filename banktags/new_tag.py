"""``banktags new tag``: type a derived tag's SQL, dictionary entry and unit test, for its author to complete.

It writes ``models/tags/derived/derived_tags__<owner>`` (.sql and .yml), or adds to them, and joins the model of a new
owner to ``customer_tags``. What it writes builds; thresholds, definition and test cases are the author's to look over.
"""

import csv
import re
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from sqlglot import exp

from banktags.catalogue.rules import sql_text
from banktags.conditions import ConditionError, KnownTags, parse_condition
from banktags.conditions.known import of_project
from banktags.contract import PROJECT_ROOT
from banktags.terminal import say

TAG_RULES = Path("seeds/catalogue/tag_rules.csv")
DERIVED = Path("models/tags/derived")
WIDE_MART = Path("models/tags/wide/customer_tags.sql")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
COMPARISONS = (exp.GTE, exp.GT, exp.LTE, exp.LT)

#: What the linter admits (.sqlfluff).
LONGEST_LINE = 120
#: What a new tag is built with, and CONTRIBUTING says: it, what follows from it, and what tells of it.
BUILT_WITH = "path:seeds/catalogue {model}+ path:models/dictionary path:models/checks"

SQL = """\
-- Tags of {owner}.
-- Derived from the bank's own tags, which standard_tags has side by side; thresholds are the owner's.

with

derived_tags as (
    select
        tags.customer_id,
        tags.as_of_date
    from {{{{ ref('standard_tags') }}}} as tags
)

select * from derived_tags
"""

YAML = """\
version: 2

models:
  - name: {model}
    description: "Tags of {owner} (衍生标签)."
    config:
      meta:
        tag_defaults:
          path: 行为/自定义
          scenarios: [audience_selection]
          null_means: "One of the tags that it is made of is unknown."
          usage: "Tags of {owner}; another owner may define the same name in another way."
          security_level: 4
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          arguments: {{combination_of_columns: [customer_id]}}
      - covers_spine
    columns:
      - name: customer_id
        data_type: string
        description: "Golden customer."
      - name: as_of_date
        data_type: date
        description: "Business date that the tags describe."

unit_tests:
"""

COLUMN = """\
      - name: {code}
        data_type: boolean
        description: "{definition} ({name_zh})."
        config: {{meta: {{tag: {{name_zh: "{name_zh}", definition_zh: "{definition_zh}"}}}}}}
"""

UNIT_TEST = """\
  - name: {code}_at_its_bounds
    description: "{definition}: at the bound, beside it, and where nothing is known."
    model: {model}
    given:
      - input: ref('standard_tags')
        rows:
{given}
    expect:
      rows:
{expected}
"""


@dataclass(frozen=True)
class Words:
    """What the dictionary says of a tag, for its author to look over."""

    name_zh: str
    definition: str
    definition_zh: str


app = typer.Typer(help="Scaffolds.", no_args_is_help=True)


@app.callback()
def new() -> None:
    """Scaffolds: the typing of what is added often."""


@app.command("tag")
def new_tag(
    name: Annotated[str, typer.Argument(help="Name without owner, e.g. is_million_customer.")],
    owner: Annotated[str, typer.Option(help="User or desk that it belongs to, e.g. wealth_desk.")],
    name_zh: Annotated[str, typer.Option(help="Chinese name, e.g. 百万客户.")],
    rule: Annotated[str, typer.Option(help='Condition over tag codes, e.g. "aum_month_avg >= 1000000".')],
    definition: Annotated[str, typer.Option(help="What it says, in plain words.")],
    definition_zh: Annotated[str, typer.Option(help="The same in Chinese (口径): more than the name.")],
) -> None:
    """Add a yes-or-no derived tag: SQL, dictionary entry and unit test."""
    written = scaffold(PROJECT_ROOT, name, owner, rule, Words(name_zh, definition.rstrip("."), definition_zh))
    for path in written:
        say(f"{path} written")
    say("Next: look over the unit test, then banktags catalogue sync, then")
    say(f"dbt build -s {BUILT_WITH.format(model=f'derived_tags__{owner}')}")


def scaffold(root: Path, name: str, owner: str, rule: str, words: Words) -> list[Path]:
    """Write the files of a derived tag under ``root``; the paths written, relative to it.

    Raises:
        typer.BadParameter: a name breaks the naming rule or is taken, or the rule reads what is no tag.
    """
    _check_names(name, owner)
    _check_words(words)
    model, code = f"derived_tags__{owner}", f"{owner}__{name}"
    codes = _tag_codes(root)
    if code in codes:
        raise typer.BadParameter(f"{code} is a tag already", param_hint="name")
    condition = _condition(rule, of_project(root))
    sql, yaml = DERIVED / f"{model}.sql", DERIVED / f"{model}.yml"
    is_new_owner = not (root / sql).exists()
    query = SQL.format(owner=owner) if is_new_owner else (root / sql).read_text(encoding="utf-8")
    properties = YAML.format(owner=owner, model=model) if is_new_owner else (root / yaml).read_text(encoding="utf-8")
    texts = {
        sql: _with_column(query, f"{_indented(sql_text(condition))} as {code}", sql),
        yaml: _with_entry(properties, model, code, words, condition, yaml),
    }
    if is_new_owner:
        texts[WIDE_MART] = _with_join((root / WIDE_MART).read_text(encoding="utf-8"), model)
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return list(texts)


def _indented(sql: str) -> str:
    """The lines of an expression as a column of the model: sqlglot indents by two spaces, the linter by four."""
    first, *others = sql.split("\n")
    return "\n".join([first, *(f"        {' ' * (len(line) - len(line.lstrip()))}{line}" for line in others)])


def _check_names(name: str, owner: str) -> None:
    for value, hint in ((name, "name"), (owner, "owner")):
        if not NAME.fullmatch(value):
            raise typer.BadParameter(f"{value!r} is not lower-case words joined by single underscores", param_hint=hint)
    if not name.startswith(("is_", "has_")):
        raise typer.BadParameter(f"{name!r} says yes or no, so it is called is_... or has_...", param_hint="name")


def _check_words(words: Words) -> None:
    """Texts stand in YAML that dbt renders: one line each, without the signs by which either reads more in them."""
    for name, text in asdict(words).items():
        if not text.strip() or not text.isprintable() or set(text) & set('{}"\\'):
            hint = name.replace("_", "-")
            raise typer.BadParameter(f'{text!r} is not one line of words without {{, }}, " and \\', param_hint=hint)


def _tag_codes(root: Path) -> list[str]:
    with (root / TAG_RULES).open(encoding="utf-8") as rows:
        return [row["tag_code"] for row in csv.DictReader(rows)]


def _condition(rule: str, tags: KnownTags) -> exp.Expression:
    """The rule with each tag read from ``tags``."""
    try:
        parsed = parse_condition(rule, tags)
    except ConditionError as error:
        raise typer.BadParameter(str(error), param_hint="rule") from None
    if not parsed.tags:
        raise typer.BadParameter(f"{rule!r} reads no tag", param_hint="rule")
    condition = parsed.expanded
    for column in condition.find_all(exp.Column):
        column.set("table", exp.to_identifier("tags"))
    return condition


def _with_column(text: str, column: str, path: Path) -> str:
    head, separator, tail = text.partition("\n    from {{ ref('standard_tags') }} as tags\n")
    if not separator:
        raise typer.BadParameter(
            f"{path} does not read standard_tags as tags: add the column by hand", param_hint="owner"
        )
    return f"{head},\n        {column}{separator}{tail}"


def _with_entry(text: str, model: str, code: str, words: Words, condition: exp.Expression, path: Path) -> str:
    head, separator, tail = text.partition("\nunit_tests:\n")
    if not separator:
        raise typer.BadParameter(f"{path} has no unit_tests: add the entry by hand", param_hint="owner")
    given, expected = _cases(condition, code)
    column = COLUMN.format(code=code, **asdict(words))
    test = UNIT_TEST.format(code=code, model=model, definition=words.definition, given=given, expected=expected)
    return head + column + separator + tail + ("\n" if tail.strip() else "") + test


def _cases(condition: exp.Expression, code: str) -> tuple[str, str]:
    """Given and expected rows: for a comparison with a number, at it, below it, above it and null; else null alone."""
    tags = sorted({column.name for column in condition.find_all(exp.Column)})
    cases: list[tuple[str, dict[str, str], str]] = []
    if isinstance(condition, COMPARISONS) and _is_number(condition.expression) and len(tags) == 1:
        bound = Decimal(condition.expression.name)
        step = Decimal("0.01") if "." in condition.expression.name or bound >= 1000 else Decimal(1)
        for place, value in (("below", bound - step), ("at", bound), ("above", bound + step)):
            truth = {exp.GTE: value >= bound, exp.GT: value > bound, exp.LTE: value <= bound, exp.LT: value < bound}
            cases.append((place, {tags[0]: str(value)}, str(truth[type(condition)]).lower()))
    cases.append(("unknown", dict.fromkeys(tags, "null"), "null"))
    given = "\n".join(
        f"          - {{customer_id: {place}, " + ", ".join(f"{tag}: {value}" for tag, value in values.items()) + "}"
        for place, values, _ in cases
    )
    expected = "\n".join(f"        - {{customer_id: {place}, {code}: {truth}}}" for place, _, truth in cases)
    return given, expected


def _is_number(node: exp.Expression) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string


def _with_join(text: str, model: str) -> str:
    joined, using = f"    inner join {{{{ ref('{model}') }}}}", "using (customer_id, as_of_date)  -- noqa: ST07\n"
    join = f"{joined} {using}" if len(joined) + len(using) <= LONGEST_LINE else f"{joined}\n        {using}"
    return text.replace(")\n\nselect * from customer_tags", join + ")\n\nselect * from customer_tags", 1)
