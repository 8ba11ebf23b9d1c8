"""From which line of which delivered file a row of a mapping's SELECT comes, and which lines its expressions fail on.

The SELECT is rewritten in DuckDB's own syntax tree (``json_serialize_sql``), so that nothing of it can change its
meaning: a hidden column with file and row flows beside the columns that it selects, through joins, common table
expressions, subqueries and UNION ALL. Of rows that the SELECT groups, the first stands for its group. What the tree
cannot express (recursion, UNION, natural joins) has no place, and the rewriting says so by giving nothing back.

With ``trying``, an expression that fails on a row gives null instead of an error, and a second hidden column names the
column that it was to fill. An expression whose null would decide about other rows (in WHERE, a join condition or a
window) is left as it is: its error refuses the batch, and ``first_failing_row`` finds where it first occurs.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from banktags.load.checks import shape
from banktags.load.extract import literal, quoted

#: Hidden columns: file (number), place (row from 0) and whether it stands for a group; JSON of the failed columns.
ORIGIN, FAILED = "_bank_tags_origin", "_bank_tags_failed"
#: What the name of a view or common table expression that carries the hidden columns ends in.
TRACED = " with places"
#: Source columns of a failed expression whose shapes are shown.
SHOWN_INPUTS = 3
#: Expressions that cannot be tried row by row.
UNTRIED = {"WINDOW", "SUBQUERY", "LAMBDA", "STAR"}

Node = dict


@dataclass(frozen=True)
class Traced:
    """A query with the hidden columns, and the columns of it whose expressions are tried."""

    node: Node
    failable: frozenset[str] = frozenset()


class Tracer:
    """Rewrites SELECTs over views whose columns are ``views`` by name; each has a twin named ``<view> with places``."""

    def __init__(self, con: duckdb.DuckDBPyConnection, views: dict[str, set[str]]) -> None:
        self.con = con
        self.views = {name.lower(): {column.lower() for column in columns} for name, columns in views.items()}
        functions = con.execute(
            "select distinct function_name from duckdb_functions() where function_type = 'aggregate'"
        ).fetchall()
        self._aggregates = {"count_star", *(name for (name,) in functions)}
        self._trying, self._untried = False, frozenset()
        self._read_elsewhere: Counter = Counter()

    def rewritten(self, select: str, trying: bool = False, untried: frozenset[str] = frozenset()) -> str | None:
        """The SELECT with the hidden columns, or None where rows cannot be followed.

        ``untried`` are columns whose expressions are left to fail although the others are tried.
        """
        tree = self._parsed(select)
        if tree is None:
            return None
        self._trying, self._untried = trying, untried
        self._read_elsewhere = Counter(
            name for node in _walk(tree) if node.get("type") == "SELECT_NODE" for name in self._clause_names(node)
        )
        traced = self._query(tree["statements"][0]["node"], {})
        if traced is None:
            return None
        tree["statements"][0]["node"] = traced.node
        return self.con.execute("select json_deserialize_sql(?)", [json.dumps(tree)]).fetchone()[0]

    def views_read(self, select: str) -> list[str]:
        """Names of the views that a SELECT reads, in the order in which it names them."""
        tables = (node["table_name"].lower() for node in _walk(self._parsed(select)) if "table_name" in node)
        return [name for name in dict.fromkeys(tables) if name in self.views]

    def _parsed(self, select: str) -> Node | None:
        tree = json.loads(self.con.execute("select json_serialize_sql(?)", [select]).fetchone()[0])
        return None if tree["error"] or len(tree["statements"]) != 1 else tree

    def _expression(self, sql: str, **nodes: Node) -> Node:
        """Tree of a SQL expression in which the columns named like ``nodes`` are those trees."""

        def filled(node: object) -> object:
            if isinstance(node, list):
                return [filled(item) for item in node]
            if not isinstance(node, dict):
                return node
            if node.get("class") == "COLUMN_REF" and node["column_names"][0] in nodes:
                return copy.deepcopy(nodes[node["column_names"][0]]) | {"alias": node["alias"]}
            return {key: filled(value) for key, value in node.items()}

        return filled(self._parsed(f"select {sql}")["statements"][0]["node"]["select_list"][0])

    # Queries: what carries the hidden columns, from the inside out.

    def _query(self, node: Node, scope: dict[str, Traced | None]) -> Traced | None:
        node = copy.deepcopy(node)
        entries, scope = [], dict(scope)
        for entry in node.get("cte_map", {}).get("map", []):
            traced = None if entry["value"]["aliases"] else self._query(entry["value"]["query"]["node"], scope)
            entries.append(entry)
            scope[entry["key"].lower()] = traced
            if traced:
                twin = copy.deepcopy(entry)
                twin["key"] += TRACED
                twin["value"]["query"]["node"] = traced.node
                entries.append(twin)
        node.get("cte_map", {})["map"] = entries
        if node["type"] == "SELECT_NODE":
            return self._select(node, scope)
        if node["type"] == "SET_OPERATION_NODE" and node["setop_type"].startswith("UNION") and node.get("setop_all"):
            return self._union(node, scope)
        return None

    def _union(self, node: Node, scope: dict[str, Traced | None]) -> Traced | None:
        if node["setop_type"] == "UNION":
            _name_alike(node["right"], _output_names(node["left"]))
        sides = {side: self._query(node[side], scope) for side in ("left", "right")}
        if not any(sides.values()):
            return None
        for side, traced in sides.items():
            if traced is None and node[side]["type"] != "SELECT_NODE":
                return None
            node[side] = traced.node if traced else self._without_origin(node[side])
        return Traced(node, frozenset().union(*(traced.failable for traced in sides.values() if traced)))

    def _without_origin(self, node: Node) -> Node:
        """A SELECT that reads no delivered file, such as one of constants."""
        nothing = [f"null as {ORIGIN}", *([f"null as {FAILED}"] if self._trying else [])]
        return node | {"select_list": [*node["select_list"], *map(self._expression, nothing)]}

    def _select(self, node: Node, scope: dict[str, Traced | None]) -> Traced | None:
        own_clauses = self._clause_names(node)
        is_distinct = self._distinct_by_position(node)
        if is_distinct is None or _joins_naturally(node["from_table"]):
            return None
        leaves = list(_leaves(node["from_table"]))
        columns = [self.views.get(leaf.get("table_name", "").lower()) for leaf in leaves]
        carriers: dict[str, Traced] = {}
        for number, leaf in enumerate(leaves):
            traced = self._swapped(leaf, scope, number)
            if traced:
                carriers[leaf["alias"]] = traced
        if not carriers:
            return None
        for star in (item for item in node["select_list"] if item["class"] == "STAR"):
            if star["expr"] or star["columns"]:
                return None
            covered = [traced for alias, traced in carriers.items() if _covers(star, alias)]
            if covered:
                has_failed = self._trying and any(traced.node for traced in covered)
                star["exclude_list"] = [*star["exclude_list"], ORIGIN, *([FAILED] if has_failed else [])]
        grouped = self._is_grouped(node)
        self._group_by_position(node)
        failing: dict[str, list[Node]] = {}
        if self._trying:
            unsafe = {name for name, count in self._read_elsewhere.items() if count > (name in own_clauses)}
            if all(known is not None for known in columns):
                # A clause that names no column of the files names a column of the select list.
                unsafe |= own_clauses - self._group_names(node) - set().union(*columns)
                self._spell_out(node, set().union(*columns))
            failing = self._try(node, carriers, grouped, None if is_distinct else unsafe)
        origin = [f"{quoted(alias)}.{ORIGIN}" for alias in carriers]
        first = origin[0] if len(origin) == 1 else f"coalesce({', '.join(origin)})"
        if grouped:
            first = f"struct_pack(file := min({first}).file, place := min({first}).place, grouped := true)"
        elif is_distinct:
            first = f"struct_pack(file := {first}.file, place := {first}.place, grouped := true)"
        node["select_list"].append(self._expression(f"{first} as {ORIGIN}"))
        if self._trying:
            node["select_list"].append(self._failed_column(failing))
        return Traced(node, frozenset(failing))

    def _swapped(self, leaf: Node, scope: dict[str, Traced | None], number: int) -> Traced | None:
        """Let a table of FROM be read with its hidden columns, where it has any."""
        if leaf.get("column_name_alias"):
            return None
        if leaf["type"] == "SUBQUERY":
            traced = self._query(leaf["subquery"]["node"], scope)
            if traced:
                leaf["subquery"]["node"] = traced.node
                leaf["alias"] = leaf["alias"] or f"subquery {number}"
            return traced
        if leaf["type"] != "BASE_TABLE" or leaf["schema_name"] or leaf["catalog_name"]:
            return None
        name = leaf["table_name"].lower()
        traced = scope[name] if name in scope else Traced({}) if name in self.views else None
        if traced:
            leaf["alias"] = leaf["alias"] or leaf["table_name"]
            leaf["table_name"] += TRACED
        return traced

    def _group_by_position(self, node: Node) -> None:
        """Write GROUP BY ALL out, whose groups the hidden columns would change."""
        items = node["select_list"]
        if node["aggregate_handling"] == "FORCE_AGGREGATES" and not any(item["class"] == "STAR" for item in items):
            positions = [number for number, item in enumerate(items, 1) if not self._has_aggregate(item)]
            node["aggregate_handling"] = "STANDARD_HANDLING"
            node["group_expressions"] = [self._expression(str(position)) for position in positions]
            node["group_sets"] = [list(range(len(positions)))] if positions else []

    def _distinct_by_position(self, node: Node) -> bool | None:
        """Keep DISTINCT to the columns that the SELECT names; None where a star hides which they are."""
        for modifier in node["modifiers"]:
            if modifier["type"] == "DISTINCT_MODIFIER":
                if not modifier["distinct_on_targets"]:
                    if any(item["class"] == "STAR" for item in node["select_list"]):
                        return None
                    positions = range(1, len(node["select_list"]) + 1)
                    modifier["distinct_on_targets"] = [self._expression(str(position)) for position in positions]
                return True
        return False

    def _spell_out(self, node: Node, columns: set[str]) -> None:
        """Put the expression itself where one of the select list goes by the name of an earlier one."""
        named: dict[str, Node] = {}

        def filled(tree: object) -> object:
            if isinstance(tree, list):
                return [filled(item) for item in tree]
            if not isinstance(tree, dict):
                return tree
            if tree.get("class") == "COLUMN_REF" and len(tree["column_names"]) == 1:
                earlier = named.get(tree["column_names"][0].lower())
                return copy.deepcopy(earlier) | {"alias": tree["alias"]} if earlier else tree
            return {key: filled(value) for key, value in tree.items()}

        items = []
        for item in node["select_list"]:
            items.append(filled(item) | ({"alias": _name(item)} if "alias" in item else {}))
            if item.get("alias") and item["alias"].lower() not in columns:
                named[item["alias"].lower()] = items[-1]
        node["select_list"] = items

    # Trying: expressions that may fail, and what is known of a row on which they do.

    def _try(self, node: Node, carriers: dict[str, Traced], grouped: bool, unsafe: set[str] | None) -> dict:
        """Let expressions of the select list give null where they fail; by column, the trees that then are not null.

        ``unsafe`` are the names of columns that may not be null for that reason; None: no column may.
        """
        failing: dict[str, list[Node]] = {}
        items = []
        for item in node["select_list"]:
            if item["class"] == "STAR":
                for alias, traced in carriers.items():
                    if _covers(item, alias):
                        for name in traced.failable - {column.lower() for column in item["exclude_list"]}:
                            failing.setdefault(name, []).append(self._inherited(alias, name, grouped))
                items.append(item)
                continue
            name = _name(item).lower()
            found = []
            for reference in (part for part in _walk(item) if part.get("class") == "COLUMN_REF"):
                *qualifier, column = (part.lower() for part in reference["column_names"])
                for alias, traced in carriers.items():
                    if column in traced.failable and qualifier in ([], [alias.lower()]):
                        found.append(self._inherited(alias, column, grouped))
                if not qualifier and column in failing and column != name:
                    found += failing[column]
            if unsafe is not None and name and name not in unsafe and name not in self._untried:
                item, own = self._tried(item, grouped)
                found += own
            if name and found:
                failing[name] = found
            items.append(item)
        node["select_list"] = items
        return failing

    def _tried(self, item: Node, grouped: bool) -> tuple[Node, list[Node]]:
        """An item of the select list that gives null where it fails, and the shapes of what it failed on."""
        if item["class"] in ("COLUMN_REF", "CONSTANT") or any(part.get("class") in UNTRIED for part in _walk(item)):
            return item, []
        if not grouped or not self._has_aggregate(item):
            return self._expression("try(x)", x=item) | {"alias": _name(item)}, [self._failure(item, grouped)]
        item, failures = copy.deepcopy(item), []
        for part in list(_walk(item)):
            if self._is_aggregate(part):
                for number, argument in enumerate(part["children"]):
                    if argument["class"] not in ("COLUMN_REF", "CONSTANT"):
                        failures.append(self._failure(argument, grouped))
                        part["children"][number] = self._expression("try(x)", x=argument)
        return item, failures

    def _failure(self, expression: Node, grouped: bool) -> Node:
        """Text that is null but where the expression fails: the source columns that it reads, with shapes."""
        references = {".".join(part["column_names"]): part for part in _walk(expression) if "column_names" in part}
        shown = list(references.items())[:SHOWN_INPUTS]
        inputs = {f"input{number}": part for number, (_, part) in enumerate(shown)}
        texts = ", ".join(
            f"{literal(f'{name} ')} || coalesce(left({shape(f'cast({key} as varchar)')}, 40), 'null')"
            for (name, _), key in zip(shown, inputs, strict=True)
        )
        text = f"concat_ws(', ', {texts})" if texts else "''"
        case = f"case when try(struct_pack(v := x)) is null then {text} end"
        return self._expression(f"max({case})" if grouped else case, x=expression | {"alias": ""}, **inputs)

    def _inherited(self, alias: str, column: str, grouped: bool) -> Node:
        path = literal(f"$.{quoted(column)}")
        failed = f"json_extract_string({quoted(alias)}.{FAILED}, {path})"
        return self._expression(f"max({failed})" if grouped else failed)

    def _failed_column(self, failing: dict[str, list[Node]]) -> Node:
        if not failing:
            return self._expression(f"cast(null as json) as {FAILED}")
        nodes = {f"f{n}_{m}": part for n, parts in enumerate(failing.values()) for m, part in enumerate(parts)}
        pairs = [
            f"{literal(name)}, coalesce({', '.join(f'f{n}_{m}' for m in range(len(parts)))})"
            for n, (name, parts) in enumerate(failing.items())
        ]
        return self._expression(f"json_object({', '.join(pairs)}) as {FAILED}", **nodes)

    # What a SELECT is.

    def _is_grouped(self, node: Node) -> bool:
        forced = node["aggregate_handling"] == "FORCE_AGGREGATES"
        return bool(forced or node["group_sets"] or node["having"] or self._has_aggregate(node["select_list"]))

    def _has_aggregate(self, tree: object) -> bool:
        return any(self._is_aggregate(part) for part in _walk(tree, below=("WINDOW", "SUBQUERY")))

    def _is_aggregate(self, node: Node) -> bool:
        return node.get("class") == "FUNCTION" and node["function_name"] in self._aggregates

    def _group_names(self, node: Node) -> set[str]:
        return _column_names(node["group_expressions"])

    def _clause_names(self, node: Node) -> set[str]:
        """Columns whose values decide which rows there are or what is in other rows: in all but the select list."""
        names = _column_names([node["where_clause"], node["having"], node["qualify"], node["modifiers"]])
        names |= self._group_names(node)
        for item in _walk(node["select_list"]):
            if item.get("class") in ("WINDOW", "SUBQUERY"):
                names |= _column_names(item)
        if node["from_table"]["type"] == "JOIN":
            names |= _column_names(node["from_table"])
            for join in _walk(node["from_table"]):
                names |= {column.lower() for column in join.get("using_columns") or []}
        return names


def _covers(star: Node, alias: str) -> bool:
    return star["relation_name"].lower() in ("", alias.lower())


def _walk(tree: object, below: tuple[str, ...] = ()) -> Iterator[Node]:
    """Every node of a tree; not those of the classes ``below``, nor what is under them."""
    if isinstance(tree, list):
        for item in tree:
            yield from _walk(item, below)
    elif isinstance(tree, dict) and tree.get("class") not in below:
        yield tree
        for value in tree.values():
            yield from _walk(value, below)


def _column_names(tree: object) -> set[str]:
    return {node["column_names"][-1].lower() for node in _walk(tree) if node.get("class") == "COLUMN_REF"}


def _leaves(table: Node) -> Iterator[Node]:
    """Tables of FROM; of a join the side first whose rows all appear."""
    if table["type"] == "JOIN":
        sides = ("right", "left") if table["join_type"] == "RIGHT" else ("left", "right")
        for side in sides:
            yield from _leaves(table[side])
    else:
        yield table


def _joins_naturally(table: Node) -> bool:
    if table["type"] != "JOIN":
        return False
    odd = table["ref_type"] in ("NATURAL", "POSITIONAL") or table["join_type"] in ("SEMI", "ANTI")
    return odd or _joins_naturally(table["left"]) or _joins_naturally(table["right"])


def _name(item: Node) -> str:
    return item["alias"] or (item["column_names"][-1] if item["class"] == "COLUMN_REF" else "")


def _name_alike(node: Node, names: list[str] | None) -> None:
    """Give the right of a UNION, whose columns meet the left's by position, the names of the left."""
    if node["type"] == "SET_OPERATION_NODE":
        _name_alike(node["left"], names)
        _name_alike(node["right"], names)
    elif names and _output_names(node):
        for item, name in zip(node["select_list"], names, strict=False):
            item["alias"] = name


def _output_names(node: Node) -> list[str] | None:
    while node["type"] == "SET_OPERATION_NODE":
        node = node["left"]
    if node["type"] != "SELECT_NODE" or any(item["class"] == "STAR" for item in node["select_list"]):
        return None
    return [_name(item) for item in node["select_list"]]
