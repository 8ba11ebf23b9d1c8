"""The compiled project: its models, seeds and sources, and the query of each model with every column's table named."""

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.eliminate_ctes import eliminate_ctes
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

from banktags.catalogue.entries import GRAIN, TAG_FOLDER, tag_entries
from banktags.catalogue.scopes import RuleError, drop_idle_left_joins, row_conditions

#: The relation by whose columns a tag says which source tables it rests on: an end, as sources and seeds are.
COVERAGE = "int_source__covered_from"
#: Relations about the sources as a whole, not about customers: what they are made of is no input of a tag.
ABOUT_SOURCES = {COVERAGE, "int_source__coverage"}
#: Files of a source, from the landing folder on: <system>/<table>/dt=….
LANDED = re.compile(r"\w+/\w+/dt=[^/]*/[^/]*\.parquet$")
#: Generic tests of the project that hold only where a relation has one row for each of these columns.
ONE_ROW_EACH = {"covers_spine": GRAIN[:1]}


class Project:
    """Compiled models, seeds and sources of a manifest (``dbt compile``)."""

    def __init__(
        self, manifest: Mapping[str, Any], as_of_date: str, columns: Mapping[str, list[str]] | None = None
    ) -> None:
        """``columns`` are those of relations whose SQL is not at hand."""
        self.manifest = manifest
        self.as_of_date = as_of_date
        self._known_columns = columns or {}
        self.tags = {(entry.model, entry.code) for entry in tag_entries(manifest)}
        self.data_types = {entry.code: entry.data_type for entry in tag_entries(manifest)}
        self.nodes = {
            node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")
        }
        self.models_of_tags = {model for model, _ in self.tags}
        self.tag_views = {
            name
            for name, node in self.nodes.items()
            if node.get("fqn", ["", ""])[1] == TAG_FOLDER
            and name not in self.models_of_tags
            and {name.split(".")[-1] for name in node.get("depends_on", {}).get("nodes", ())} <= self.models_of_tags
        }
        self.sources = {
            source["relation_name"]: f"source.{source['source_name']}.{source['name']}"
            for source in manifest["sources"].values()
        }
        self.source_columns = {
            f"{source['source_name']}.{source['name']}": [*source["columns"], "dt"]
            for source in manifest["sources"].values()
        }

    def is_followed(self, relation: str) -> bool:
        """Whether a relation is a model whose own SQL is read for what it gives, and no end."""
        return relation not in ABOUT_SOURCES and self.nodes.get(relation, {}).get("resource_type") == "model"

    @cached_property
    def never_null(self) -> set[str]:
        """Codes of the tags that a data test keeps from being null."""
        tests = [node for node in self.manifest["nodes"].values() if node["resource_type"] == "test"]
        return {
            column
            for test in tests
            if (generic := test.get("test_metadata") or {}).get("name") == "column_rules"
            for column in generic["kwargs"].get("never_null", ())
            if ((test.get("attached_node") or "").split(".")[-1], column) in self.tags
        }

    @cached_property
    def _unique_keys(self) -> dict[str, set[frozenset[str]]]:
        found: dict[str, set[frozenset[str]]] = {}
        for node in self.manifest["nodes"].values():
            metadata = (node.get("test_metadata") or {}) if node["resource_type"] == "test" else {}
            of_all_rows = not (node.get("config") or {}).get("where")
            if not metadata or not of_all_rows or not node.get("attached_node"):
                continue
            keys = {
                **ONE_ROW_EACH,
                "unique": (node.get("column_name"),),
                "unique_combination_of_columns": metadata.get("kwargs", {}).get("combination_of_columns", ()),
            }
            if columns := keys.get(metadata["name"]):
                found.setdefault(node["attached_node"].split(".")[-1], set()).add(frozenset(columns))
        return found

    def unique_keys(self, relation: str) -> set[frozenset[str]]:
        """Columns of a model or seed that a data test keeps unique, together."""
        return self._unique_keys.get(relation, set())

    @cache  # noqa: B019  one Project a run
    def query(self, model: str) -> exp.Query:
        node = self.nodes[model]
        sql = node.get("compiled_code")
        if not sql:
            raise RuleError(f"{model} is not compiled: run dbt compile")
        for relation, name in self.sources.items():
            system, table = name.split(".")[1:]
            sql = sql.replace(relation, f'"source"."{system}"."{table}"')
        try:
            query = sqlglot.parse_one(sql, dialect="duckdb").transform(self._of_any_bank)
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

    def _of_any_bank(self, node: exp.Expression) -> exp.Expression:
        """What a compilation says of its date and place is taken out, so that a rule is the same on every machine.

        The business date, ``cast('2026-06-30' as date)``, becomes ``$as_of_date``, and the files of a source are those
        of the default landing folder.
        """
        if isinstance(node, exp.Cast) and node.this.name == self.as_of_date and node.to.is_type("date"):
            return exp.Placeholder(this="as_of_date")
        if isinstance(node, exp.Literal) and node.is_string and (files := LANDED.search(node.this)):
            return exp.Literal.string(f"data/raw/{files[0]}")
        return node

    def _schema(self, model: str) -> dict:
        schema: dict = {}
        for upstream in self.upstream(model):
            if upstream.startswith("source."):
                _, system, table = upstream.split(".")
                catalog, database, name = "source", system, table
                columns = self.source_columns[f"{system}.{table}"]
            else:
                node = self.nodes[upstream]
                catalog, database, name = node["database"], node["schema"], upstream
                columns = self.columns(upstream)
            tables = schema.setdefault(catalog, {}).setdefault(database, {})
            tables[name] = dict.fromkeys(columns, "unknown")
        return schema

    def upstream(self, model: str) -> Iterator[str]:
        for unique_id in self.nodes[model]["depends_on"]["nodes"]:
            kind, _, *name = unique_id.split(".")
            if kind == "source":
                yield ".".join(("source", *name))
            elif name[-1] in self.nodes:
                yield name[-1]

    @cache  # noqa: B019
    def columns(self, name: str) -> list[str]:
        """Column names of a model as its SQL gives them, or of a seed as its properties or its file do."""
        node = self.nodes[name]
        if name in self._known_columns:
            return self._known_columns[name]
        if node["resource_type"] == "seed":
            return list(node["config"].get("column_types", {})) or list(node["columns"])
        return self.query(name).named_selects

    @cache  # noqa: B019
    def scope(self, model: str) -> Scope:
        """Scope of the whole query of a model."""
        return build_scope(self.query(model))

    def part(self, model: str, columns: tuple[str, ...]) -> exp.Query:
        query = self.query(model).copy()
        if isinstance(query, exp.Select):
            kept = [projection for projection in query.selects if projection.alias_or_name in columns]
            if len(kept) < len(columns):
                raise RuleError(f"{model} has no column {', '.join(sorted(set(columns) - set(query.named_selects)))}")
            query.set("expressions", kept)
        while True:
            query = eliminate_ctes(pushdown_projections(query))
            if not sum(drop_idle_left_joins(scope) for scope in traverse_scope(query)):
                return query

    @cache  # noqa: B019
    def root(self, model: str, *columns: str) -> Scope:
        """Scope of the part that some columns need."""
        return build_scope(self.part(model, columns))

    @cache  # noqa: B019
    def seed_rows(self, seed: str) -> list[dict[str, str]]:
        """Rows of a seed's file, of all versions."""
        node = self.nodes[seed]
        with (Path(node["root_path"]) / node["original_file_path"]).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def guard(self, scope: Scope, alias: str) -> list[tuple[Scope, exp.Expression]]:
        """Conditions, with their scopes, on which a left join finds a row of the customer; without one all is null."""
        joins = scope.expression.args.get("joins") or []
        is_left_joined = any(join.side == "LEFT" and join.alias_or_name == alias for join in joins)
        source = scope.sources.get(alias)
        return list(row_conditions(source)) if is_left_joined and not self.is_seed(source) else []

    def lookups(self, scope: Scope, references: list[exp.Column]) -> list[exp.Expression]:
        """Conditions by which a value is looked up in a seed or a band: they decide it as the branches of a case do."""
        read = {reference.table for reference in references}
        joins = [join for join in scope.expression.args.get("joins") or [] if join.args.get("on")]
        found: list[exp.Expression] = []
        # From the last join to the first, for one lookup may need what another has found.
        for join in reversed(joins):
            condition = join.args["on"]
            is_band = condition.find(exp.LT, exp.LTE, exp.GT, exp.GTE)
            if join.alias_or_name in read and (is_band or self.is_seed(scope.sources.get(join.alias_or_name))):
                found.append(condition)
                read.update(column.table for column in condition.find_all(exp.Column))
        return found

    def is_seed(self, source: exp.Table | Scope | None) -> bool:
        """Whether a relation is a seed, or is made of seeds alone."""
        if isinstance(source, exp.Table):
            return self.nodes.get(source.name, {}).get("resource_type") == "seed"
        if not isinstance(source, Scope):
            return False
        read = [inner for _, inner in source.selected_sources.values()] + source.set_operation_scopes
        return all(self.is_seed(inner) for inner in read)
