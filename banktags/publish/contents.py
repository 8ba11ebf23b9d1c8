"""What readers may see of the working file, copied into a file of its own.

Published are the schemas below, each table and view with its comments. A view stays a view where all that it reads is
published; one that reads staging or intermediate models, which are kept back, is published as a table of its rows
(DECISIONS 100).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags.load.extract import literal, quoted

#: The schemas that readers see. Staging and intermediate hold raw rows, and keys of accounts and devices.
PUBLISHED = ("audiences", "governance", "history", "marketing", "marts", "policy", "portraits", "segments", "tags")
#: Bytes of a block, which the smallest table takes whole: most tables of a small bank are small. Where the working file
#: is of so many bytes or more, blocks of DuckDB's own size, four times it, are written in a quarter less time.
SMALL_BLOCK_SIZE, LARGE_FILE = 65536, 512 * 2**20
#: Name under which a version is attached while it is filled.
VERSION = "banktags_version"

SCHEMAS = "select schema_name from duckdb_schemas() where database_name = $database and not internal"
TABLES = """
    select schema_name, table_name from duckdb_tables()
    where database_name = $database and not internal and not temporary
    order by all
"""
VIEWS = """
    select schema_name, view_name, sql, comment from duckdb_views()
    where database_name = $database and not internal and not temporary
    order by all
"""
COLUMN_COMMENTS = """
    select column_name, comment from duckdb_columns()
    where database_name = $database and schema_name = $schema and table_name = $name and comment is not null
"""


#: What a published file says of itself, so that a query can ask which version it reads: column, type, comment.
ABOUT = (
    ("as_of_date", "date", "业务日期: Business date that readers see."),
    ("built_at", "timestamp", "生成时间: When it was published, by the clock of the machine that did."),
    ("checks_passed", "integer", "通过的检查: Checks of its build that passed; none that can fail a build failed."),
    ("checks_warned", "integer", "警告的检查: Checks of its build that warned."),
    ("is_demo_bank", "boolean", "是否演示银行: Whether all its batches are those of the demo bank."),
)


#: Where it says so.
OWN = ("governance", "publication")


@dataclass(frozen=True)
class Relation:
    """A published table or view: how many rows a table has, nothing of a view."""

    schema: str
    name: str
    rows: int | None

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


def copy_published(
    session: duckdb.DuckDBPyConnection, work: str, file: Path, about: Mapping[str, object]
) -> list[Relation]:
    """Copy what readers may see of the attached database ``work`` into a new DuckDB file; what it holds, by name.

    ``about`` is the row of ``governance.publication`` there, see ``ABOUT``. The session must not be in a transaction,
    and goes on with the database that it uses.

    Raises:
        duckdb.Error: it can't be written, or a view cannot be read.
    """
    (used,) = session.execute("select current_database()").fetchone()
    (work_path,) = session.execute("select path from duckdb_databases() where database_name = ?", [work]).fetchone()
    is_large = work_path is not None and Path(work_path).stat().st_size >= LARGE_FILE
    session.execute(f"attach {literal(file)} as {VERSION} {'' if is_large else f'(block_size {SMALL_BLOCK_SIZE})'}")
    try:
        session.execute(f"use {VERSION}")
        session.execute("begin")
        try:
            relations = _copied(session, work)
            _say_about(session, about)
            session.execute("commit")
        except BaseException:
            session.execute("rollback")
            raise
        session.execute(f"checkpoint {VERSION}")
    finally:
        session.execute(f"use {quoted(used)}")
        session.execute(f"detach {VERSION}")
    return relations


def _copied(session: duckdb.DuckDBPyConnection, work: str) -> list[Relation]:
    """Every definition first, with its comments and as it is bound, whatever SQL would say it; then the rows."""
    session.execute(f"copy from database {quoted(work)} to {VERSION} (schema)")
    kept_back = [
        name
        for (name,) in session.execute(SCHEMAS, {"database": VERSION}).fetchall()
        if name not in PUBLISHED and name != "main"
    ]
    tables = session.execute(TABLES, {"database": VERSION}).fetchall()
    views = session.execute(VIEWS, {"database": VERSION}).fetchall()
    unseen = {f"{schema}.{name}" for schema, name, *_ in (*tables, *views) if schema in kept_back}
    relations = []
    for schema, name in tables:
        relation = f"{quoted(schema)}.{quoted(name)}"
        if (schema, name) == OWN:
            # A working file that was begun with a published one says what that was.
            session.execute(f"drop table {relation}")
        elif schema in PUBLISHED:
            (rows,) = session.execute(f"insert into {relation} from {quoted(work)}.{relation}").fetchone()
            relations.append(Relation(schema, name, rows))
        elif schema == "main":
            session.execute(f"drop table {relation}")
    for schema, name, sql, comment in views:
        if schema not in PUBLISHED:
            session.execute(f"drop view {quoted(schema)}.{quoted(name)}")
        elif _reads(sql, unseen, kept_back):
            relations.append(Relation(schema, name, _store(session, work, schema, name, comment)))
        else:
            relations.append(Relation(schema, name, None))
    for schema in kept_back:
        session.execute(f"drop schema {quoted(schema)} cascade")
    return sorted(relations, key=lambda relation: relation.full_name)


def _say_about(session: duckdb.DuckDBPyConnection, about: Mapping[str, object]) -> None:
    columns = ", ".join(f"cast(${name} as {data_type}) as {name}" for name, data_type, _ in ABOUT)
    session.execute(f"create table governance.publication as select {columns}", dict(about))
    session.execute("comment on table governance.publication is '发布版本: What these tables are: one row.'")
    for name, _, comment in ABOUT:
        session.execute(f"comment on column governance.publication.{name} is {literal(comment)}")


def _store(session: duckdb.DuckDBPyConnection, work: str, schema: str, name: str, comment: str | None) -> int:
    """Publish a view as a table, with its comments; how many rows it has."""
    relation = f"{quoted(schema)}.{quoted(name)}"
    given = {"database": VERSION, "schema": schema, "name": name}
    comments = session.execute(COLUMN_COMMENTS, given).fetchall()
    session.execute(f"drop view {relation}")
    session.execute(f"create table {relation} as from {quoted(work)}.{relation}")
    if comment:
        session.execute(f"comment on table {relation} is {literal(comment)}")
    for column, text in comments:
        session.execute(f"comment on column {relation}.{quoted(column)} is {literal(text)}")
    return session.execute(f"select count(*) from {relation}").fetchone()[0]


def _reads(sql: str, relations: set[str], schemas: list[str]) -> bool:
    """Whether a view, in the SQL that DuckDB writes for it, reads one of the relations, or one that is gone.

    An alias may be called as a schema is, so a schema alone tells only behind ``from`` and ``join``. DuckDB writes a
    cross join as a comma, behind which the name of the relation tells.
    """
    plain = sql.replace('"', "")
    named = "|".join(re.escape(schema) for schema in schemas)
    if schemas and re.search(rf"(?i)\b(?:from|join)\s+\(*(?:{named})\.", plain):
        return True
    return not relations.isdisjoint(re.findall(r"(?<![\w.])\w+\.\w+", plain))
