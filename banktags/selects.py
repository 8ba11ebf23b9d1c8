"""A SELECT that somebody else wrote: what it reads and calls, by DuckDB's own parser, and how long it may take.

``banktags query`` and the mappings of ``banktags load`` run such SELECTs. Neither lets one reach a file, the network, a
setting or a statement that changes something: only what is known to compute is let through, and DuckDB's access to
anything outside is off as well, so that a gap in one of the two opens nothing.
"""

import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

import duckdb

from banktags.load.extract import literal

#: Functions in FROM that compute rows from what they are given, and read nothing.
ROW_MAKERS = frozenset({"unnest", "range", "generate_series", "repeat", "repeat_row", "json_each", "json_tree"})
#: Functions that say something of the machine or the session, wait, or leave a trace.
REFUSED_FUNCTIONS = frozenset(
    {
        *("current_setting", "getvariable", "getenv", "current_query", "sleep_ms", "write_log"),
        *("nextval", "currval", "setseed", "stats", "json_execute_serialized_sql", "query", "query_table"),
    }
)
#: Words of a time limit's setting: a positive number of minutes.
MINUTES = re.compile(r"\d{1,5}(\.\d+)?")


class Refused(Exception):
    """The text is no SELECT that may run; says why, on one line."""


class TookTooLong(Exception):
    """The time limit passed before the statement was done."""


@dataclass(frozen=True)
class Relation:
    """A relation that a SELECT names, as it stands there; parts that it leaves out are empty."""

    catalog: str
    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(part for part in (self.catalog, self.schema, self.name) if part)


@dataclass(frozen=True)
class Limit:
    """How long statements of others may take: minutes, and the setting that says so."""

    setting: str
    default: float

    @property
    def minutes(self) -> float:
        """Raises:
        Refused: the setting is no positive number of minutes.
        """
        said = os.environ.get(self.setting, str(self.default))
        if not MINUTES.fullmatch(said) or float(said) == 0:
            raise Refused(f"{self.setting} is {said!r}, and must be a number of minutes above 0, as in 10")
        return float(said)


@dataclass(frozen=True)
class Select:
    """One SELECT, parsed."""

    relations: tuple[Relation, ...]  # without its common table expressions
    row_functions: tuple[str, ...]  # functions in FROM
    functions: tuple[str, ...]  # all others
    shown: tuple[str, ...]  # what SHOW asks for


def parsed(sql: str) -> Select:
    """What one SELECT (also VALUES, DESCRIBE, SUMMARIZE, SHOW) reads and calls.

    Raises:
        Refused: it is not one statement, no SELECT, or no SQL.
    """
    with duckdb.connect() as parser:
        try:
            statements = parser.extract_statements(sql)
        except duckdb.Error as error:
            raise Refused(said(error)) from None
        if len(statements) != 1:
            what = f"{len(statements)} statements" if statements else "no statement"
            raise Refused(f"it holds {what}: write one SELECT")
        # As a text, not as a parameter: for those, DuckDB imports pandas and pyarrow where they are installed.
        tree = json.loads(parser.execute(f"select json_serialize_sql({literal(sql)})").fetchone()[0])
    if tree["error"] or len(tree["statements"]) != 1:
        kind = statements[0].type.name
        kind = "PRAGMA" if kind == "SELECT" else kind
        raise Refused(f"it is no SELECT but {kind}, and only a SELECT is run, read-only")
    return _select(tree)


def _select(tree: dict) -> Select:
    nodes = list(_nodes(tree))
    named = {entry["key"].lower() for node in nodes for entry in (node.get("cte_map") or {}).get("map", [])}
    relations, row_functions, functions, shown = [], [], [], []
    of_rows = set()
    for node in nodes:
        kind = node.get("type")
        if kind == "BASE_TABLE":
            found = Relation(node["catalog_name"], node["schema_name"], node["table_name"])
            if found.schema or found.name.lower() not in named:
                relations.append(found)
        elif kind == "TABLE_FUNCTION":
            of_rows.add(id(node["function"]))
            row_functions.append(node["function"].get("function_name", "").lower())
        elif kind == "SHOW_REF" and not node.get("query"):
            shown.append(node["table_name"].strip('"').lower())
        elif "function_name" in node and id(node) not in of_rows:
            functions.append(node["function_name"].lower())
    return Select(*(tuple(dict.fromkeys(found)) for found in (relations, row_functions, functions, shown)))


def _nodes(tree: object) -> Iterator[dict]:
    """All nodes of a syntax tree, each before what stands in it."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += reversed(node.values())
        elif isinstance(node, list):
            waiting += reversed(node)


def check(
    select: Select,
    is_known: Callable[[Relation], bool],
    names: Iterable[str],
    readable: str,
    row_makers: frozenset[str] = ROW_MAKERS,
) -> None:
    """Let through a SELECT that reads known relations and computes.

    ``names`` are those that a mistyped one may have meant, and ``readable`` says what may be read: for the messages.

    Raises:
        Refused: it names another relation, or calls what reads, writes, waits or tells of the session.
    """
    for function in select.row_functions:
        if function not in row_makers:
            raise Refused(f"it calls {function}, and may read {readable} only")
    for function in select.functions:
        if function in REFUSED_FUNCTIONS:
            raise Refused(f"it calls {function}, which is no function of the data: leave it out")
    for relation in select.relations:
        if not is_known(relation):
            alike = get_close_matches(str(relation).lower(), list(names), n=1, cutoff=0.6)
            nearest = f" (nearest: {alike[0]})" if alike else ""
            raise Refused(f"there is no relation {relation}{nearest}: it may read {readable} only")


def said(error: duckdb.Error) -> str:
    """What DuckDB says, on one line: without the copy of the SQL and the mark under it."""
    message = re.split(r"\n\s*\nLINE \d+:", str(error))[0]
    return re.sub(r"\s*\n\s*", "; ", message.strip())


@contextmanager
def within(con: duckdb.DuckDBPyConnection, minutes: float) -> Iterator[None]:
    """Interrupt what runs on a connection when the minutes are over.

    Raises:
        TookTooLong: they were over.
    """
    is_over = threading.Event()

    def stop() -> None:
        is_over.set()
        con.interrupt()

    timer = threading.Timer(60 * minutes, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (duckdb.InterruptException, RuntimeError):
        if is_over.is_set():
            raise TookTooLong from None
        raise
    finally:
        timer.cancel()
