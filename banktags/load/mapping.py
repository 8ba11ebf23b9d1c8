"""Mapping of a foreign schema: one SQL file for each contract table, over views named after the delivered files.

``<system>__<table>.sql`` holds one DuckDB SELECT whose columns are the contract's; it may compute ``dt`` and
``loaded_at``. The view ``trans`` is the file ``trans.csv`` or ``trans.parquet``. Columns of a CSV file are text, so
that the mapping, not a guess, says what ``01.02.2026`` means; its delimiter is the one the header uses most.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import duckdb

from banktags.contract import Table
from banktags.load.delivery import open_parquet, table_of
from banktags.load.extract import Extract, file_literal, literal, quoted
from banktags.load.problems import BatchError, Problem


def read_mapping(folder: Path, contract: dict[str, Table]) -> dict[Path, Table]:
    """SQL files of a mapping and the contract table each fills.

    Raises:
        BatchError: no SQL file there, or one named after no table.
    """
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise BatchError(
            [Problem(str(folder), "no mapping in it", "write one SELECT per table in <system>__<table>.sql")]
        )
    tables = {path: table_of(path.name, contract) for path in files}
    problems = [
        Problem(table.file, table.what, "name it <system>__<table>.sql")
        for table in tables.values()
        if isinstance(table, Problem)
    ]
    for path in files:
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            line = 1 + error.object[: error.start].count(b"\n")
            remedy = f"save it as UTF-8: iconv -f GB18030 -t UTF-8 {path.name} > utf8 && mv utf8 {path.name}"
            problems.append(Problem(path.name, "not UTF-8", remedy, f"line {line}"))
    if problems:
        raise BatchError(problems)
    return tables


def create_views(con: duckdb.DuckDBPyConnection, extracts: Iterable[Extract]) -> list[Problem]:
    """A view for each extract, named after its file."""
    named = defaultdict(list)
    for extract in extracts:
        named[Path(extract.name).stem].append(extract)
    problems = []
    for name, same in named.items():
        if len(same) > 1:
            files = ", ".join(extract.name for extract in same)
            problems.append(Problem(same[1].name, f"{files} would give one view {name}", "give each file its own name"))
        source = f"read_parquet({file_literal(same[0].parquet)}, hive_partitioning = false)"
        con.execute(f"create view {quoted(name)} as select * from {source}")
    return problems


def run_mapping(con: duckdb.DuckDBPyConnection, path: Path, work: Path) -> Extract | Problem:
    """The rows that one SQL file selects, as an extract named after it."""
    target = work / f"{path.name}.parquet"
    select = path.read_text(encoding="utf-8-sig").strip().rstrip(";")
    try:
        con.execute(f"copy (\n{select}\n) to {literal(target)} (format parquet)")
    except duckdb.Error as error:
        return Problem(
            path.name,
            f"DuckDB says: {_without_values(error)}",
            "mend the SELECT; views are named after the delivered files",
        )
    opened = open_parquet(con, target, path.name)
    return opened if isinstance(opened, Problem) else replace(opened, row_word="result row")


def _without_values(error: duckdb.Error) -> str:
    """The message; of one about data, without the values in it, which may be a customer's."""
    message = str(error)
    if isinstance(error, (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)):
        return message
    return re.sub(r"""(["']).*?\1""", "(value)", message.splitlines()[0])
