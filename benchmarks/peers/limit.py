"""The limit: the tables that a tag build makes, as one DuckDB script of the SQL that dbt compiled for a first build.

A first build finds no tables, so its incremental models are compiled whole. What dbt adds is left out: start-up, graph,
logs, contracts, comments, hooks, tests. What is left is what DuckDB itself needs for the same values.
"""

import json
from pathlib import Path

import duckdb


class FirstBuild:
    """What a ``dbt build`` of an empty warehouse left in its target folder."""

    def __init__(self, target: Path, database: Path) -> None:
        manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
        results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
        self._results = [result for result in results if result["unique_id"].startswith(("seed.", "model."))]
        self._nodes = manifest["nodes"]
        self._parents, self._children = manifest["parent_map"], manifest["child_map"]
        self._sources = manifest["sources"]
        self._database = database

    def script(self, only: set[str] | None = None) -> str:
        """Statements that make every seed and model of the build, or only some of them, in the order of the build."""
        names = [result["unique_id"] for result in self._results if only is None or result["unique_id"] in only]
        compiled = {result["unique_id"]: result["compiled_code"] for result in self._results}
        nodes = [(self._nodes[name], compiled[name]) for name in names]
        schemas = sorted({node["schema"] for node, _ in nodes})
        statements = [f"create schema if not exists {schema}" for schema in schemas]
        statements += [
            self._seed(node) if node["resource_type"] == "seed" else _model(node, sql) for node, sql in nodes
        ]
        return "".join(f"{statement}\n;\n\n" for statement in statements)  # a statement may end in a comment

    def leading_to(self, model: str) -> set[str]:
        """A model and all that it needs."""
        model = f"model.bank_tags.{model}"
        return _reached(model, self._parents) | {model}

    def between(self, first: str, last: str) -> set[str]:
        """The models after one model on the ways to another, with that one."""
        return _reached(f"model.bank_tags.{first}", self._children) & self.leading_to(last)

    def source_tables(self) -> list[str]:
        """The source tables that the build reads, as folders of the landing zone."""
        names = {parent for result in self._results for parent in self._parents[result["unique_id"]]}
        return [f"{source['source_name']}/{source['name']}" for name, source in self._sources.items() if name in names]

    def _seed(self, node: dict) -> str:
        with duckdb.connect(str(self._database), read_only=True) as con:
            columns = con.execute(f"describe {node['relation_name']}").fetchall()
        types = ", ".join(f'"{name}" {data_type}' for name, data_type, *_ in columns)
        file = Path(node["root_path"]) / node["original_file_path"]
        return (
            f"create or replace table {node['relation_name']} ({types});\n"
            f"copy {node['relation_name']} from '{file}' (format csv, header)"
        )


def _model(node: dict, sql: str) -> str:
    kind = "view" if node["config"]["materialized"] == "view" else "table"
    return f"create or replace {kind} {node['relation_name']} as\n{sql.strip()}"


def _reached(start: str, edges: dict[str, list[str]]) -> set[str]:
    reached, ahead = set(), [start]
    while ahead:
        for node in edges[ahead.pop()]:
            if node not in reached:
                reached.add(node)
                ahead.append(node)
    return reached
