"""Reads DuckDB's query plans: joins that compare every pair of rows, and scans of event tables without a window."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

#: Joins that compare each row of one side with each of the other.
PAIRWISE = {"NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT"}
#: Join types whose result has no more rows than one side: the position of that side.
ONE_SIDED = {"SEMI": 0, "ANTI": 0, "MARK": 0, "SINGLE": 0, "RIGHT_SEMI": 1, "RIGHT_ANTI": 1}
#: A pushed-down comparison that leaves the earlier rows or partitions of a table unread.
LOWER_BOUND = re.compile(r"\b\w*(date|dt) ?(>=?|=)")


@dataclass(frozen=True)
class Node:
    """One operator of a plan."""

    name: str
    info: Mapping
    children: tuple["Node", ...]

    @classmethod
    def of(cls, plan: Mapping) -> "Node":
        name = plan.get("operator_name") or plan.get("name") or plan.get("operator_type") or ""
        return cls(name.strip(), plan.get("extra_info", {}), tuple(map(cls.of, plan.get("children", []))))

    def __iter__(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child

    @property
    def table(self) -> str | None:
        """Name of the stored table that is scanned, without schema."""
        return self.info["Table"].split(".")[-1] if "Table" in self.info else None


def plan(con: duckdb.DuckDBPyConnection, sql: str, analyze: bool = False) -> Node:
    """The plan of a query; with ``analyze`` after running it, which tells what it read."""
    kind = "analyze, format json" if analyze else "format json"
    found = json.loads(con.execute(f"explain ({kind}) {sql}").fetchall()[0][1])
    return Node.of(found[0] if isinstance(found, list) else found)


def most_rows(node: Node, bounded: Mapping[str, int], seen: dict[str, float]) -> float:
    """How many rows an operator can give however large the bank is; infinite where that grows with the bank.

    ``bounded`` has the rows of the tables that do not grow with it; ``seen`` collects the CTEs on the way down.
    """
    if node.name == "SEQ_SCAN":
        return bounded.get(node.table, math.inf)
    if node.name in ("UNGROUPED_AGGREGATE", "DUMMY_SCAN"):
        return 1
    if node.name == "EMPTY_RESULT":
        return 0
    if node.name == "COLUMN_DATA_SCAN":
        return float(node.info["Estimated Cardinality"])
    if node.name == "CTE_SCAN":
        return seen.get(f"cte {node.info['CTE Index']}", math.inf)
    if node.name == "DELIM_SCAN":
        return seen.get(f"delim {node.info['Delim Index']}", math.inf)
    if node.name == "CTE":
        defined, used = node.children
        seen[f"cte {node.info['Table Index']}"] = most_rows(defined, bounded, seen)
        return most_rows(used, bounded, seen)
    if node.name in ("UNNEST", "INOUT_FUNCTION") or not node.children:
        return math.inf
    if "DELIM_JOIN" in node.name:
        seen[f"delim {node.info['Delim Index']}"] = most_rows(node.children[0], bounded, seen)
    rows = [most_rows(child, bounded, seen) for child in node.children]
    if node.name == "UNION":
        return sum(rows)
    if "JOIN" in node.name or node.name == "CROSS_PRODUCT":
        side = ONE_SIDED.get(node.info.get("Join Type", ""))
        return rows[side] if side is not None else math.prod(max(1, count) for count in rows[:2])
    return rows[0]


def unbounded_pairs(root: Node, bounded: Mapping[str, int], limit: int) -> list[str]:
    """The joins that compare every pair of rows and both of whose sides can be larger than the limit."""
    seen: dict[str, float] = {}
    most_rows(root, bounded, seen)
    return [
        f"{node.name} on {node.info.get('Condition') or node.info.get('Conditions') or 'nothing'}"
        for node in root
        if node.name in PAIRWISE and min(most_rows(side, bounded, seen) for side in node.children) > limit
    ]


def unwindowed_scans(root: Node, event_tables: set[str]) -> set[str]:
    """The event tables that are scanned without a lower bound on their date."""
    found = set()
    for node in root:
        filters = node.info.get("Filters", [])
        pushed = [filters] if isinstance(filters, str) else filters
        firm = [text for text in pushed if not text.startswith("optional:")]
        if node.table in event_tables and not any(LOWER_BOUND.search(text) for text in firm):
            found.add(node.table)
    return found


def scans_files(root: Node) -> bool:
    """Whether a plan scans Parquet files."""
    return any(node.name == "READ_PARQUET" for node in root)


def most_files_read(root: Node) -> int:
    """Of the scans of Parquet files in an analysed plan, the most files that one of them read."""
    return max(int(node.info["Total Files Read"]) for node in root if node.name == "READ_PARQUET")
