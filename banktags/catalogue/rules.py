"""The rule of each tag as dbt executes it, taken out of the compiled SQL.

A tag is one column of a model. Of the model's compiled SQL, what that column does not need is cut away: other columns,
and left joins that give it nothing (a tag model has one row a customer, so they change no row). What stays is the tag's
rule, and it still runs. Its columns are followed through CTEs, models and seeds down to the columns of the sources.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.helper import ensure_list
from sqlglot.optimizer.eliminate_ctes import eliminate_ctes
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

from banktags.catalogue.entries import GRAIN, TAG_FOLDERS, TagEntry, tag_entries

#: The relation by whose columns a tag says which source tables it rests on: an end, as sources and seeds are.
COVERAGE = "int_source__covered_from"
#: Relations about the sources as a whole, not about customers: what they are made of is no input of a tag.
ABOUT_SOURCES = {COVERAGE, "int_source__coverage"}
#: Longest expression shown in one piece, in characters; a longer one keeps the names of the steps that it is made of.
LONGEST_EXPRESSION = 1500


class RuleError(Exception):
    """The SQL of a model can't be followed; the message names the model, and the column where there is one."""


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

    ``expression`` computes it, over columns of the relations that its model reads; ``sql`` is the whole query for this
    tag, with ``$as_of_date`` for the business date; ``digest`` changes when anything does that the values are made of,
    down to the sources, and not with names or comments. ``direct`` are the columns that the model reads for the value,
    ``inputs`` what those come from in the end: columns of sources and seeds. Where the SQL can't be followed,
    ``unresolved`` says why, the query of the whole model stands for the rule, and no inputs are given.
    """

    tag: TagEntry
    expression: str
    sql: str
    digest: str
    direct: tuple[Input, ...]
    inputs: tuple[Input, ...]
    unresolved: str | None = None


def tag_rules(manifest: Mapping[str, Any], as_of_date: str) -> list[TagRule]:
    """Rules of all tags of a compiled project (``dbt compile``), in the order of ``tag_entries``.

    Raises:
        RuleError: a model is not compiled, or its SQL does not parse.
    """
    project = Project(manifest, as_of_date)
    return [project.rule(entry) for entry in tag_entries(manifest)]


class Project:
    """Compiled models, seeds and sources of a manifest, with the rule of any of their columns."""

    def __init__(self, manifest: Mapping[str, Any], as_of_date: str) -> None:
        self.manifest = manifest
        self.as_of_date = as_of_date
        self.tags = {(entry.model, entry.code) for entry in tag_entries(manifest)}
        self.data_types = {entry.code: entry.data_type for entry in tag_entries(manifest)}
        self.nodes = {
            node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")
        }
        models_of_tags = {model for model, _ in self.tags}
        self.tag_views = {
            name
            for name, node in self.nodes.items()
            if node.get("fqn", ["", ""])[1] in TAG_FOLDERS
            and name not in models_of_tags
            and {name.split(".")[-1] for name in node.get("depends_on", {}).get("nodes", ())} <= models_of_tags
        }
        self.sources = {
            source["relation_name"]: f"source.{source['source_name']}.{source['name']}"
            for source in manifest["sources"].values()
        }
        self.source_columns = {
            f"{source['source_name']}.{source['name']}": [*source["columns"], "dt"]
            for source in manifest["sources"].values()
        }

    @cached_property
    def never_null(self) -> set[str]:
        """Codes of the tags that a data test keeps from being null."""
        tests = [node for node in self.manifest["nodes"].values() if node["resource_type"] == "test"]
        return {
            test["column_name"]
            for test in tests
            if (test.get("test_metadata") or {}).get("name") == "not_null"
            and ((test.get("attached_node") or "").split(".")[-1], test["column_name"]) in self.tags
        }

    def rule(self, entry: TagEntry) -> TagRule:
        """Rule of one tag.

        Raises:
            RuleError: see ``tag_rules``.
        """
        whole = self._query(entry.model)
        try:
            return self._resolved(entry)
        except (RuleError, SqlglotError) as error:
            text = sql_text(whole)
            return TagRule(entry, entry.code, text, _hash(text), (), (), unresolved=str(error))

    def _resolved(self, entry: TagEntry) -> TagRule:
        with_keys = self._slice(entry.model, (*GRAIN, entry.code))
        return TagRule(
            tag=entry,
            expression=self._expression(entry.model, entry.code),
            sql=sql_text(with_keys),
            digest=self._digest(entry.model, entry.code),
            direct=tuple(sorted(self._named(leaf) for leaf in self._direct(entry.model, entry.code))),
            inputs=tuple(
                sorted(
                    self._named(leaf)
                    for leaf in self._origins(entry.model, entry.code)
                    if leaf[0] not in ABOUT_SOURCES - {COVERAGE}
                )
            ),
        )

    def _named(self, leaf: tuple[str, str]) -> Input:
        relation, column = leaf
        if relation.startswith("source."):
            return Input("source", f"{relation.removeprefix('source.')}.{column}")
        if leaf in self.tags:
            return Input("tag", column)
        if relation == COVERAGE:
            return Input("coverage", column.replace("__", "."))
        return Input(self.nodes[relation]["resource_type"], f"{relation}.{column}")

    # The compiled SQL of a model, with every column naming its table.

    @cache  # noqa: B019  one Project a run
    def _query(self, model: str) -> exp.Query:
        node = self.nodes[model]
        sql = node.get("compiled_code")
        if not sql:
            raise RuleError(f"{model} is not compiled: run dbt compile")
        for relation, name in self.sources.items():
            system, table = name.split(".")[1:]
            sql = sql.replace(relation, f'"source"."{system}"."{table}"')
        try:
            query = sqlglot.parse_one(sql, dialect="duckdb").transform(self._business_date)
            return qualify(
                query,
                dialect="duckdb",
                schema=self._schema(model),
                quote_identifiers=False,
                identify=False,
                # Row functions of staging take a table as a value, which is no column.
                validate_qualify_columns=False,
            )
        except SqlglotError as error:
            raise RuleError(f"{model}: {error}") from error

    def _business_date(self, node: exp.Expression) -> exp.Expression:
        """The business date of the compilation, ``cast('2026-06-30' as date)``, becomes ``$as_of_date``."""
        if isinstance(node, exp.Cast) and node.this.name == self.as_of_date and node.to.is_type("date"):
            return exp.Placeholder(this="as_of_date")
        return node

    def _schema(self, model: str) -> dict:
        schema: dict = {}
        for upstream in self._upstream(model):
            if upstream.startswith("source."):
                _, system, table = upstream.split(".")
                catalog, database, name = "source", system, table
                columns = self.source_columns[f"{system}.{table}"]
            else:
                node = self.nodes[upstream]
                catalog, database, name = node["database"], node["schema"], upstream
                columns = self._columns(upstream)
            tables = schema.setdefault(catalog, {}).setdefault(database, {})
            tables[name] = dict.fromkeys(columns, "unknown")
        return schema

    def _upstream(self, model: str) -> Iterator[str]:
        for unique_id in self.nodes[model]["depends_on"]["nodes"]:
            kind, _, *name = unique_id.split(".")
            if kind == "source":
                yield ".".join(("source", *name))
            elif name[-1] in self.nodes:
                yield name[-1]

    @cache  # noqa: B019
    def _columns(self, name: str) -> list[str]:
        """Column names of a model as its SQL gives them, or of a seed as its properties or its file do."""
        node = self.nodes[name]
        if node["resource_type"] == "seed":
            return list(node["config"].get("column_types", {})) or list(node["columns"])
        return self._query(name).named_selects

    # The part of a model's SQL that some of its columns need.

    def _slice(self, model: str, columns: tuple[str, ...]) -> exp.Query:
        query = self._query(model).copy()
        if isinstance(query, exp.Select):
            kept = [projection for projection in query.selects if projection.alias_or_name in columns]
            if len(kept) < len(columns):
                raise RuleError(f"{model} has no column {', '.join(sorted(set(columns) - set(query.named_selects)))}")
            query.set("expressions", kept)
        while True:
            query = eliminate_ctes(pushdown_projections(query))
            if not sum(_drop_idle_left_joins(scope) for scope in traverse_scope(query)):
                return query

    @cache  # noqa: B019
    def _root(self, model: str, column: str) -> Scope:
        """Scope of the part that one column needs."""
        return build_scope(self._slice(model, (column,)))

    # What a column is made of.

    @cache  # noqa: B019
    def _leaves(self, model: str, column: str) -> frozenset[tuple[str, str]]:
        """(relation, column) pairs outside the model that the value is made of."""
        return frozenset(self._follow(self._root(model, column), column, model))

    def _direct(self, model: str, column: str) -> Iterator[tuple[str, str]]:
        """What the model reads for the value; a view that only puts tags side by side is looked through."""
        for relation, name in self._leaves(model, column):
            if relation in self.tag_views:
                yield from self._leaves(relation, name)
            else:
                yield relation, name

    @cache  # noqa: B019
    def _origins(self, model: str, column: str) -> frozenset[tuple[str, str]]:
        """The same, followed through the models upstream down to sources and seeds."""
        origins: set[tuple[str, str]] = set()
        for leaf in self._leaves(model, column):
            relation, name = leaf
            is_end = (
                relation in ABOUT_SOURCES
                or relation.startswith("source.")
                or self.nodes[relation]["resource_type"] == "seed"
            )
            origins.update({leaf} if is_end else self._origins(relation, name))
        return frozenset(origins)

    def _follow(self, scope: Scope, column: str, model: str) -> Iterator[tuple[str, str]]:
        """Columns outside the query that the value of ``column`` is made of."""
        if scope.set_operation_scopes:
            position = scope.expression.named_selects.index(column)
            for branch in scope.set_operation_scopes:
                yield from self._follow(branch, branch.expression.named_selects[position], model)
            return
        projection = _projection(scope, column)
        references = list(projection.find_all(exp.Column))
        for condition in self._lookups(scope, references):
            references += [reference for reference in condition.find_all(exp.Column) if reference.name not in GRAIN]
        for reference in references:
            source = _source(scope, reference.table)
            if isinstance(source, exp.Table):
                # A table function without a name says something of the files themselves.
                yield from [_leaf(source, reference.name)] if source.name else []
            elif isinstance(source, Scope):
                yield from self._follow(source, reference.name, model)
                yield from self._guard_tags(scope, reference.table, model)
            else:
                raise RuleError(f"{model}: where {reference.sql()} comes from can't be told")

    def guard(self, scope: Scope, alias: str) -> list[tuple[Scope, exp.Expression]]:
        """Conditions, with their scopes, on which a left join finds a row of the customer; without one all is null."""
        joins = scope.expression.args.get("joins") or []
        is_left_joined = any(join.side == "LEFT" and join.alias_or_name == alias for join in joins)
        source = scope.sources.get(alias)
        return list(_row_conditions(source)) if is_left_joined and not self._is_seed(source) else []

    def _guard_tags(self, scope: Scope, alias: str, model: str) -> Iterator[tuple[str, str]]:
        """Tags that decide whether a left join finds the row of a customer (判断对象): they decide the value too."""
        for inner, condition in self.guard(scope, alias):
            for reference in condition.find_all(exp.Column):
                source = _source(inner, reference.table)
                read = (
                    self._follow(source, reference.name, model)
                    if isinstance(source, Scope)
                    else [_leaf(source, reference.name)]
                )
                yield from (leaf for leaf in read if leaf in self.tags)

    def _lookups(self, scope: Scope, references: list[exp.Column]) -> list[exp.Expression]:
        """Conditions by which a value is looked up in a seed or a band: they decide it as the branches of a case do."""
        read = {reference.table for reference in references}
        joins = [join for join in scope.expression.args.get("joins") or [] if join.args.get("on")]
        found: list[exp.Expression] = []
        # From the last join to the first, for one lookup may need what another has found.
        for join in reversed(joins):
            condition = join.args["on"]
            is_band = condition.find(exp.LT, exp.LTE, exp.GT, exp.GTE)
            if join.alias_or_name in read and (is_band or self._is_seed(scope.sources.get(join.alias_or_name))):
                found.append(condition)
                read.update(column.table for column in condition.find_all(exp.Column))
        return found

    def _is_seed(self, source: exp.Table | Scope | None) -> bool:
        """Whether a relation is a seed, or is made of seeds alone."""
        if isinstance(source, exp.Table):
            return self.nodes.get(source.name, {}).get("resource_type") == "seed"
        if not isinstance(source, Scope):
            return False
        read = [inner for _, inner in source.selected_sources.values()] + source.set_operation_scopes
        return all(self._is_seed(inner) for inner in read)

    def _expression(self, model: str, column: str) -> str:
        """The expression over what the model reads; steps that would make it too long keep their names."""
        scope = self._root(model, column)
        # The last step of most models hands its columns on as they are.
        while isinstance(step := _projection(scope, column), exp.Column) and isinstance(
            below := scope.sources.get(step.table), Scope
        ):
            if below.set_operation_scopes:
                break
            scope, column = below, step.name
        parts = [_projection(scope, column)]
        parts += self._lookups(scope, list(parts[0].find_all(exp.Column)))
        texts = []
        for part in parts:
            inlined = _inlined(scope, part)
            fits = len(inlined.sql(dialect="duckdb", comments=False)) <= LONGEST_EXPRESSION
            texts.append(sql_text(inlined if fits else part))
        expression, *conditions = texts
        return expression + ("\nwhere " + " and ".join(conditions) if conditions else "")

    @cache  # noqa: B019
    def _digest(self, model: str, column: str) -> str:
        """Hash of what the value is made of: the digests of what it reads stand in place of the names."""
        return _Digests(self).of(self._root(model, column), column)


def _source(scope: Scope, alias: str) -> exp.Table | Scope | None:
    """What an alias stands for here, or in the query around this subquery."""
    current: Scope | None = scope
    while current is not None:
        if alias in current.sources:
            return current.sources[alias]
        current = current.parent
    return None


def _row_conditions(source: exp.Table | Scope | None) -> Iterator[tuple[Scope, exp.Expression]]:
    """What decides which rows a query has, of itself and of what it stands on."""
    if not isinstance(source, Scope) or source.set_operation_scopes:
        return
    select = source.expression
    if where := select.args.get("where"):
        yield source, where.this
    inner_joins = [join for join in select.args.get("joins") or [] if join.side != "LEFT" and join.kind != "CROSS"]
    for clause in [select.args.get("from_"), *inner_joins]:
        if clause:
            yield from _row_conditions(source.sources.get(clause.alias_or_name))


def _projection(scope: Scope, column: str) -> exp.Expression:
    for projection in scope.expression.selects:
        if projection.alias_or_name == column:
            return projection.unalias()
    raise RuleError(f"{scope.expression.sql()[:200]} has no column {column}")


def _leaf(table: exp.Table, column: str) -> tuple[str, str]:
    if table.catalog == "source":
        return f"source.{table.db}.{table.name}", column
    return table.name, column


def _drop_idle_left_joins(scope: Scope) -> int:
    """Remove left joins whose columns nothing but their own condition reads; how many went."""
    joins = scope.expression.args.get("joins") or []
    readers: dict[str, set[int]] = {}
    for column in scope.columns if joins else ():
        join = column.find_ancestor(exp.Join, exp.Select)
        readers.setdefault(column.table, set()).add(id(join))
    idle = [join for join in joins if join.side == "LEFT" and readers.get(join.alias_or_name, set()) <= {id(join)}]
    for join in idle:
        join.pop()
    return len(idle)


def _inlined(scope: Scope, expression: exp.Expression) -> exp.Expression:
    """The expression with the CTEs' columns replaced by what they are; a column of a union keeps the union's name."""
    inlined = expression.copy()
    for reference in list(inlined.find_all(exp.Column)):
        source = scope.sources.get(reference.table)
        if isinstance(source, Scope) and not source.set_operation_scopes:
            replacement = _inlined(source, _projection(source, reference.name))
            if not isinstance(replacement, exp.Column | exp.Func | exp.Literal | exp.Cast | exp.Case):
                replacement = exp.paren(replacement)
        elif isinstance(source, exp.Table):
            replacement = exp.column(reference.name, table=source.name)
        else:
            continue
        if reference is inlined:
            return replacement
        reference.replace(replacement)
    return inlined


def sql_text(expression: exp.Expression) -> str:
    """SQL as the project writes it: lower case, no name said twice."""
    tidy = expression.transform(_without_repetition)
    for table in tidy.find_all(exp.Table):
        table.set("catalog", None)
        for identifier in table.find_all(exp.Identifier):
            identifier.set("quoted", False)
    text = tidy.sql(dialect="duckdb", pretty=True)
    return AS_WRITTEN.sub(lambda found: found[0] if found[1] else found[0].lower(), text)


def _without_repetition(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Alias) and isinstance(node.this, exp.Column) and node.alias == node.this.name:
        return node.this
    if isinstance(node, exp.Table) and node.alias == node.name:
        node.set("alias", None)
    return node


class _Digests:
    """Digests of the columns and row sets of one query; names of CTEs, aliases and columns do not count."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.known: dict[tuple[int, str | None], str] = {}

    def of(self, scope: Scope, column: str) -> str:
        key = (id(scope), column)
        if key not in self.known:
            if scope.set_operation_scopes:
                position = scope.expression.named_selects.index(column)
                parts = [
                    self.of(branch, branch.expression.named_selects[position]) for branch in scope.set_operation_scopes
                ]
                self.known[key] = _hash(f"{_operation(scope)} {parts}")
            else:
                projection = _projection(scope, column)
                text = self._text(scope, projection)
                # A step that hands a column on as it is adds nothing.
                hands_on = isinstance(projection, exp.Column) and not self._row_parts(scope)
                self.known[key] = text if hands_on else _hash(f"{text} of {self.rows(scope)}")
        return self.known[key]

    def rows(self, scope: Scope) -> str:
        """Digest of which rows a query has, and how often."""
        key = (id(scope), None)
        if key not in self.known:
            if scope.set_operation_scopes:
                parts = [self.rows(branch) for branch in scope.set_operation_scopes]
                self.known[key] = _hash(f"{_operation(scope)} {parts}")
            else:
                read = [self._relation(scope, clause) for clause in [scope.expression.args.get("from_")] if clause]
                parts = self._row_parts(scope)
                self.known[key] = _hash(" ; ".join([*read, *parts])) if parts or not read else read[0]
        return self.known[key]

    def _row_parts(self, scope: Scope) -> list[str]:
        """Clauses and joins that change which rows a query has."""
        select = scope.expression
        clauses = [clause for name in ROW_CLAUSES for clause in ensure_list(select.args.get(name)) if clause]
        joins = [
            f"{join.side} {join.kind} {self._relation(scope, join)} "
            + (self._text(scope, join.args["on"]) if join.args.get("on") else "")
            for join in select.args.get("joins") or []
        ]
        return [self._text(scope, clause) for clause in clauses] + joins

    def _relation(self, scope: Scope, clause: exp.Expression) -> str:
        source = scope.sources.get(clause.alias_or_name)
        if isinstance(source, Scope):
            return self.rows(source)
        return source.name if isinstance(source, exp.Table) else clause.sql(comments=False)

    def _text(self, scope: Scope, expression: exp.Expression) -> str:
        copied = expression.copy()
        for reference in list(copied.find_all(exp.Column)):
            source = _source(scope, reference.table)
            if isinstance(source, Scope):
                name = self.of(source, reference.name)
            elif isinstance(source, exp.Table):
                name = self._outside(*_leaf(source, reference.name))
            else:
                name = reference.name
            replacement = exp.to_identifier(name)
            if reference is copied:
                copied = replacement
            else:
                reference.replace(replacement)
        return copied.sql(dialect="duckdb", comments=False)

    def _outside(self, relation: str, column: str) -> str:
        nodes = self.project.nodes
        if relation not in ABOUT_SOURCES and relation in nodes and nodes[relation]["resource_type"] == "model":
            return self.project._digest(relation, column)
        return _hash(f"{relation}.{column}")


def _operation(scope: Scope) -> str:
    return f"{type(scope.expression).__name__} {scope.expression.args.get('distinct')}"


#: Text in quotes and comments keep their case (group 1); everything between them does not matter to SQL.
AS_WRITTEN = re.compile(r"('(?:[^']|'')*'|/\*.*?\*/)|[^'/]+|/", re.DOTALL)
#: Clauses that decide which rows a query has. Joins and from are handled by name of what they read.
ROW_CLAUSES = ("where", "group", "having", "qualify", "distinct", "limit", "windows")


def _hash(text: str) -> str:
    """A digest that is an SQL name, so that it can stand in an expression."""
    return "d" + hashlib.sha256(text.encode()).hexdigest()[:15]
