"""What is recorded of each tag: its rule, what it is made of, the numbers that decide it, and its clauses.

A record is kept by the digest of what it is made of, so that ``banktags catalogue sync`` reads only the SQL that has
changed since.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlglot

from banktags.catalogue.clauses import tag_clauses
from banktags.catalogue.comparisons import Clause
from banktags.catalogue.entries import TagEntry
from banktags.catalogue.policies import policy_rows
from banktags.catalogue.project import Project
from banktags.catalogue.rules import Rules, TagRule
from banktags.catalogue.scopes import RuleError
from banktags.catalogue.sql_words import md5, node_digests, words

#: Fields of a row of each seed, without those of tag_rules that ``sync`` counts in the manifest.
RULE_COLUMNS = ("tag_code", "model_name", "rule_expression", "rule_hash", "unresolved")
INPUT_COLUMNS = ("tag_code", "input_kind", "input_name")
CLAUSE_COLUMNS = (
    *("tag_code", "clause_order", "tag_value", "values_from", "clause"),
    *("comparison_order", "measure", "input_tag", "input_sign", "operator"),
    *("threshold", "literal_number", "literal_text"),
)
#: Where a row of clauses has no comparison; dbt reads the emptiness as null.
NO_COMPARISON = (None,) * 8

Row = tuple[str | int | None, ...]


@dataclass(frozen=True)
class TagRecord:
    """Rows of one tag in the generated seeds."""

    rule: Row
    inputs: tuple[Row, ...]
    policies: tuple[Row, ...]
    clauses: tuple[Row, ...]


def record_of(entry: TagEntry, rules: Rules) -> TagRecord:
    """What is recorded of one tag.

    Raises:
        RuleError: the SQL of its model can't be parsed.
    """
    rule = rules.rule(entry)
    return TagRecord(
        rule=(entry.code, entry.model, rule.expression, rule.digest, rule.unresolved),
        inputs=tuple(_input_rows(rule)),
        policies=tuple(policy_rows(rule, rules.lineage)),
        clauses=tuple(_clause_rows(rule, rules.project)),
    )


def _input_rows(rule: TagRule) -> list[Row]:
    given = {*rule.inputs, *(direct for direct in rule.direct if direct.kind == "tag")}
    return sorted((rule.tag.code, each.kind, each.name) for each in given)


def _clause_rows(rule: TagRule, project: Project) -> list[Row]:
    """Clauses of a certified tag that is decided from other tags: a row a clause, comparison and tag."""
    tag = rule.tag
    is_decided = (tag.values or tag.data_type == "boolean") and any(given.kind == "tag" for given in rule.direct)
    if tag.status != "certified" or not is_decided:
        return []
    rows: list[Row] = []
    try:
        for order, clause in enumerate(tag_clauses(project, tag), start=1):
            head = (tag.code, order, clause.value, clause.values_from, clause.text)
            rows += [(*head, *comparison) for comparison in _comparison_rows(clause)]
    except RuleError:
        # No list of clauses: the rule stands as a whole, and only what it reads can be said.
        return [(tag.code, 0, None, None, " ".join(rule.expression.split()), *NO_COMPARISON)]
    return rows


def _comparison_rows(clause: Clause) -> list[Row]:
    """A row for each tag of each comparison; one empty row for a clause without comparisons."""
    rows = []
    for order, comparison in enumerate(clause.comparisons, start=1):
        literal = comparison.literal
        number, text = (None, literal) if isinstance(literal, str) else (literal, None)
        rows += [
            (order, comparison.measure, tag, sign, comparison.operator, comparison.threshold, _plain(number), text)
            for sign, tag in comparison.inputs or ((None, None),)
        ]
    return rows or [NO_COMPARISON]


def _plain(number: object) -> str | None:
    return None if number is None else str(number)


class Kept:
    """Records of the last run in a file, each by the digest of what it is made of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._before = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # There was none, or it was being written: what is missing is read anew.
            self._before = {}
        self._now: dict[str, dict[str, Any]] = {}

    def get(self, key: str, make: Callable[[], TagRecord]) -> TagRecord:
        """The record of this key, made where there is none."""
        self._now[key] = self._before[key] if key in self._before else asdict(make())
        fields = self._now[key]
        return TagRecord(
            rule=tuple(fields["rule"]),
            **{name: tuple(map(tuple, fields[name])) for name in ("inputs", "policies", "clauses")},
        )

    def write(self) -> None:
        """Keep the records that were asked for."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".part")
        unfinished.write_text(json.dumps(self._now, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(self.path)


def record_keys(project: Project, code_of_this: str) -> Callable[[TagEntry], str]:
    """A function that gives each tag the digest of all that its record is made of.

    That is the words of the compiled SQL of its model and of all models upstream, which of their columns are tags,
    what tests say of them, and the types of the seeds; ``code_of_this`` stands for the program that reads them.
    """
    manifest = project.manifest
    described = manifest["nodes"] | manifest["sources"]

    def own(unique_id: str) -> str:
        node = described.get(unique_id)
        if node is None:
            return unique_id
        kind = node.get("resource_type", "source")
        told: list[object] = [unique_id, kind, node.get("fqn")]
        if kind == "model":
            tags = sorted(column for model, column in project.tags if model == node["name"])
            types = [(tag, project.data_types[tag], tag in project.never_null) for tag in tags]
            keys = sorted(sorted(key) for key in project.unique_keys(node["name"]))
            told += [words(node.get("compiled_code") or ""), types, keys]
        elif kind == "seed":
            columns = {name: column.get("config") for name, column in node["columns"].items()}
            keys = sorted(sorted(key) for key in project.unique_keys(node["name"]))
            told += [node["config"].get("column_types"), columns, keys]
            if "names_inputs" in json.dumps(columns):
                told.append(project.seed_rows(node["name"]))
        else:
            told += [sorted(node["columns"])]
        return json.dumps(told, ensure_ascii=False, sort_keys=True)

    of_node = node_digests(manifest["nodes"], own)
    starts = {node["name"]: unique_id for unique_id, node in manifest["nodes"].items()}

    def key(entry: TagEntry) -> str:
        return md5("\n".join([code_of_this, of_node(starts[entry.model]), repr(entry)]))

    return key


def code_of_reader(folder: Path = Path(__file__).parent) -> str:
    """Digest of the program that reads rules: its files and the version of sqlglot."""
    files = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    return md5("\n".join([sqlglot.__version__, *files]))
