"""The rule of each tag as dbt executes it, taken out of the compiled SQL.

A tag is one column of a model. Of the model's compiled SQL, what that column does not need is cut away: other columns,
and left joins that give it nothing (a tag model has one row a customer, so they change no row). What stays is the tag's
rule, and it still runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope

from banktags.catalogue.digests import Digests
from banktags.catalogue.entries import GRAIN, TagEntry, tag_entries
from banktags.catalogue.lineage import Lineage
from banktags.catalogue.project import ABOUT_SOURCES, COVERAGE, Project
from banktags.catalogue.scopes import RuleError, inlined, projection, sql_text

#: Longest expression shown in one piece, in characters; a longer one keeps the names of the steps that it is made of.
LONGEST_EXPRESSION = 1500


@dataclass(frozen=True, order=True)
class Input:
    """A column that a tag is made of: ``kind`` is source, seed, coverage, model or tag.

    ``name`` is system.table.column of a source, system.table of one whose coverage the tag rests on, the code of a tag,
    else relation.column.
    """

    kind: str
    name: str


@dataclass(frozen=True)
class TagRule:
    """What dbt executes for one tag.

    ``expression`` computes it, over columns of the relations that its model reads; ``digest`` changes when anything
    does that the values are made of, down to the sources, and not with names or comments (see ``digests``). ``direct``
    are the columns that the model reads for the value, ``inputs`` what those come from in the end: columns of sources
    and seeds. Where the SQL can't be followed, ``unresolved`` says why, any change of code upstream changes the digest,
    and no inputs are given.
    """

    tag: TagEntry
    expression: str
    digest: str
    direct: tuple[Input, ...]
    inputs: tuple[Input, ...]
    unresolved: str | None = None


def tag_rules(manifest: Mapping[str, Any], as_of_date: str) -> list[TagRule]:
    """Rules of all tags of a compiled project (``dbt compile``), in the order of ``tag_entries``.

    Raises:
        RuleError: a model is not compiled, or its SQL does not parse.
    """
    rules = Rules(Project(manifest, as_of_date))
    return [rules.rule(entry) for entry in tag_entries(manifest)]


class Rules:
    """Rules of the tags of a compiled project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.lineage = Lineage(project)
        self.digests = Digests(project)

    def rule(self, entry: TagEntry) -> TagRule:
        """Rule of one tag.

        Raises:
            RuleError: see ``tag_rules``.
        """
        self.project.query(entry.model)
        try:
            return self._resolved(entry)
        except (RuleError, SqlglotError) as error:
            code = self.digests.of_code(entry.model)
            return TagRule(entry, entry.code, code, (), (), unresolved=str(error))

    def sql(self, entry: TagEntry) -> str:
        """The whole query for one tag, which runs in the warehouse, with ``$as_of_date`` for the business date.

        Of a rule that can't be followed it is the query of the whole model.

        Raises:
            RuleError: see ``tag_rules``.
        """
        whole = self.project.query(entry.model)
        try:
            return sql_text(self.project.part(entry.model, (*GRAIN, entry.code)))
        except (RuleError, SqlglotError):
            return sql_text(whole)

    def _resolved(self, entry: TagEntry) -> TagRule:
        model, column = entry.model, entry.code
        ends = {leaf[:2] for leaf in self.lineage.origins(model, column) if leaf[0] not in ABOUT_SOURCES - {COVERAGE}}
        return TagRule(
            tag=entry,
            expression=self._expression(model, column),
            digest=self.digests.rule(model, column),
            direct=tuple(sorted({self._named(leaf) for leaf in self.lineage.direct(model, column)})),
            inputs=tuple(sorted({self._named(leaf) for leaf in ends})),
        )

    def _named(self, leaf: tuple[str, str]) -> Input:
        relation, column = leaf
        if relation.startswith("source."):
            return Input("source", f"{relation.removeprefix('source.')}.{column}")
        if leaf in self.project.tags:
            return Input("tag", column)
        if relation == COVERAGE:
            return Input("coverage", column.replace("__", "."))
        return Input(self.project.nodes[relation]["resource_type"], f"{relation}.{column}")

    def _expression(self, model: str, column: str) -> str:
        """The expression over what the model reads; steps that would make it too long keep their names."""
        scope = self.project.root(model, column)
        # The last step of most models hands its columns on as they are.
        while isinstance(step := projection(scope, column), exp.Column) and isinstance(
            below := scope.sources.get(step.table), Scope
        ):
            if below.set_operation_scopes:
                break
            scope, column = below, step.name
        parts = [projection(scope, column)]
        parts += self.project.lookups(scope, list(parts[0].find_all(exp.Column)))
        texts = []
        for part in parts:
            whole = inlined(scope, part)
            fits = len(whole.sql(dialect="duckdb", comments=False)) <= LONGEST_EXPRESSION
            texts.append(sql_text(whole if fits else part))
        expression, *conditions = texts
        return expression + ("\nwhere " + " and ".join(conditions) if conditions else "")
