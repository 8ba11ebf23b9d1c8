"""The SQL that makes the published tables in a server: tables, comments, keys, indexes, grants, row security, views.

Everything is made in schemas of another name beside those that readers see (``draft_schema``), and holds on when these
are renamed, for PostgreSQL keeps what refers to what by number. Each text is one statement.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from banktags.load.extract import literal, quoted
from banktags.postgres.access import CUSTOMER, MANAGER, TAG, TEAM, USERS, Access, Column, Relation, Role
from banktags.publish.versions import PublicationError

#: Schema of the record of all publications; it stays, whatever is published.
OWN = "banktags"
#: Schema of what says which version the tables are, and which customers are the reader's own.
ABOUT = "publication"
#: What each schema says of itself, so that no schema of somebody else is replaced.
MARK = "bank-tags"
#: What stands for a text that a role may not see; of other types it is null.
MASK = "***"

TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "UBIGINT": "numeric(20)",
    "HUGEINT": "numeric(39)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")

#: What says which version the tables are: column, type, comment.
VERSION = (
    ("business_date", "date", "业务日期: Business date of the tables."),
    ("digest", "text", "摘要: SHA-256 of the published DuckDB file."),
    ("built_at", "timestamp", "生成时间: When the version passed its checks."),
    ("published_at", "timestamptz", "发布时间: When it was copied here."),
)
#: The record of all publications: rows are written by ``publication``.
OWN_TABLES = (
    f"create schema if not exists {OWN}",
    f"comment on schema {OWN} is '{MARK}: 发布记录: which versions were copied here'",
    f"""
    create table if not exists {OWN}.publications (
        publication_no integer generated always as identity primary key,
        business_date date not null,
        digest text not null,
        definitions text not null,
        built_at timestamp not null,
        published_at timestamptz not null default clock_timestamp(),
        published_by text not null
    )
    """,
    f"comment on table {OWN}.publications is '发布记录: Every version that was copied here, the last one last.'",
    f"comment on column {OWN}.publications.publication_no is '序号: Its place in the order.'",
    f"comment on column {OWN}.publications.business_date is '业务日期: Business date of the tables.'",
    f"comment on column {OWN}.publications.digest is '摘要: SHA-256 of the published DuckDB file.'",
    f"comment on column {OWN}.publications.definitions is '定义摘要: SHA-256 of the definitions of all tables.'",
    f"comment on column {OWN}.publications.built_at is '生成时间: When the version passed its checks.'",
    f"comment on column {OWN}.publications.published_at is '发布时间: When it was copied here.'",
    f"comment on column {OWN}.publications.published_by is '发布人: Who copied it.'",
)


@dataclass(frozen=True)
class Definitions:
    """What makes the tables, before and after they are filled. ``schemas`` are those that readers see."""

    schemas: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of all texts: where it is the same, only rows differ."""
        return hashlib.sha256("\n;\n".join((*self.before, *self.after)).encode()).hexdigest()


def draft_schema(schema: str) -> str:
    """Name of a schema while it is made."""
    return f"{schema}__new"


def definitions(access: Access, keys_with_null: Iterable[str]) -> Definitions:
    """The SQL for all that is published. ``keys_with_null``: relations with a null in their key.

    Raises:
        PublicationError: a column has a type that PostgreSQL has not; names it.
    """
    with_null = frozenset(keys_with_null)
    used = dict.fromkeys(relation.schema for relation in access.relations)
    masked = {role: list(_masked(role, access)) for role in access.roles}
    schemas = (*used, ABOUT, *(role.masked_schema for role in access.roles if masked[role]))
    before = [f"create schema {draft_schema(schema)}" for schema in schemas]
    before += [f"comment on schema {draft_schema(schema)} is '{MARK}'" for schema in schemas]
    for relation in access.relations:
        before += _table(relation)
    before += _version()
    after = [text for relation in access.relations for text in _indexes(relation, relation.full_name in with_null)]
    after += _own_customers(access)
    for role in access.roles:
        after += _grants(role, access)
    for relation in access.relations:
        after += _row_security(relation, access)
    for views in masked.values():
        after += views
    return Definitions(schemas, tuple(before), tuple(after))


def server_type(relation: str, column: Column) -> str:
    """The type of a column in PostgreSQL.

    Raises:
        PublicationError: there is none for it.
    """
    if found := DECIMAL.fullmatch(column.data_type):
        return f"numeric({found[1]},{found[2]})"
    if column.data_type not in TYPES:
        raise PublicationError(
            f"{relation}.{column.name} is of type {column.data_type}, which is not copied to PostgreSQL: cast it in "
            "its model, or leave the relation out by a row of seed server_omissions, and build again"
        )
    return TYPES[column.data_type]


def place(schema: str, name: str) -> str:
    """A relation while it is made."""
    return f"{quoted(draft_schema(schema))}.{quoted(name)}"


def _table(relation: Relation) -> Iterator[str]:
    table = place(relation.schema, relation.name)
    columns = ", ".join(f"{quoted(one.name)} {server_type(relation.full_name, one)}" for one in relation.columns)
    yield f"create table {table} ({columns})"
    if relation.comment:
        yield f"comment on table {table} is {_text(relation.comment)}"
    for column in relation.columns:
        if column.comment:
            yield f"comment on column {table}.{quoted(column.name)} is {_text(column.comment)}"


def _indexes(relation: Relation, has_null_in_key: bool) -> Iterator[str]:
    table = place(relation.schema, relation.name)
    if relation.key:
        key = ", ".join(quoted(name) for name in relation.key)
        # A primary key admits no null; a key of a policy may have an open end.
        how = f"unique nulls not distinct ({key})" if has_null_in_key else f"primary key ({key})"
        yield f"alter table {table} add {how}"
    for name in (CUSTOMER, MANAGER, TAG):
        if relation.has(name) and relation.key[:1] != (name,):
            yield f"create index on {table} ({quoted(name)})"


def _version() -> Iterator[str]:
    table = place(ABOUT, "version")
    yield f"create table {table} ({', '.join(f'{name} {kind} not null' for name, kind, _ in VERSION)})"
    yield f"comment on table {table} is '当前版本: Which version the tables are: one row.'"
    for name, _, comment in VERSION:
        yield f"comment on column {table}.{name} is {_text(comment)}"


def _own_customers(access: Access) -> Iterator[str]:
    """The customers whom the reader looks after. A view reads with its owner's rights, and knows the reader's name."""
    view = f"{draft_schema(ABOUT)}.own_customers"
    yield f"""
    create view {view} with (security_barrier) as
    select team.{CUSTOMER}
    from {place(*TEAM)} as team
    where
        team.{MANAGER} in (
            select users.{MANAGER} from {place(*USERS)} as users where users.database_user = current_user
        )
    """
    yield f"comment on view {view} is '本人客户: Customers whom the user of this session looks after.'"
    for role in access.roles:
        if role.is_own_customers_only:
            yield f"grant select on {view} to {role.name}"


def _grants(role: Role, access: Access) -> Iterator[str]:
    yield f"grant usage on schema {draft_schema(ABOUT)} to {role.name}"
    yield f"grant select on {place(ABOUT, 'version')} to {role.name}"
    seen = [(relation, relation.seen_by(role)) for relation in access.relations]
    for schema in dict.fromkeys(relation.schema for relation, columns in seen if columns):
        yield f"grant usage on schema {draft_schema(schema)} to {role.name}"
    for relation, columns in seen:
        table = place(relation.schema, relation.name)
        if len(columns) == len(relation.columns):
            yield f"grant select on {table} to {role.name}"
        elif columns:
            yield f"grant select ({_names(columns)}) on {table} to {role.name}"


def _row_security(relation: Relation, access: Access) -> Iterator[str]:
    """Which rows each role sees: where none is said for a role, PostgreSQL shows it none."""
    if not (relation.is_of_customers or relation.is_by_tag):
        return
    table = place(relation.schema, relation.name)
    yield f"alter table {table} enable row level security"
    for role in access.roles:
        if not relation.seen_by(role):
            continue
        conditions = []
        if relation.is_of_customers and role.is_own_customers_only:
            conditions.append(f"{CUSTOMER} in (select own.{CUSTOMER} from {draft_schema(ABOUT)}.own_customers as own)")
        if relation.is_by_tag:
            conditions.append(
                f"{TAG} in (select entries.{TAG} from {place('governance', 'tag_dictionary')} as entries "
                f"where entries.sensitivity <= {literal(role.highest.sensitivity)} "
                f"and entries.security_level <= {role.highest.security_level})"
            )
        seen = " and ".join(conditions) or "true"
        yield f"create policy {role.code} on {table} for select to {role.name} using ({seen})"


def _masked(role: Role, access: Access) -> Iterator[str]:
    """Views of what a role sees in part, with all columns. They read with the reader's rights, so they show no more."""
    schema = draft_schema(role.masked_schema)
    is_begun = False
    for relation in access.relations:
        columns = relation.seen_by(role)
        if not columns or len(columns) == len(relation.columns):
            continue
        if not is_begun:
            yield f"grant usage on schema {schema} to {role.name}"
            is_begun = True
        view = f"{schema}.{quoted(relation.name)}"
        shown = ", ".join(
            quoted(one.name) if one in columns else _mask(relation.full_name, one) for one in relation.columns
        )
        table = place(relation.schema, relation.name)
        yield f"create view {view} with (security_invoker) as select {shown} from {table}"
        yield f"grant select on {view} to {role.name}"
        said = f"{relation.full_name}, {role.name_zh}: {relation.comment or relation.name}"
        yield f"comment on view {view} is {_text(said)}"
        for column in relation.columns:
            said = column.comment or ""
            if column not in columns:
                above = f"{column.sensitivity}/{column.security_level} 级"
                said = f"高于{role.name_zh}可见级别 {role.highest} 级：{above}. {said}"
            if said:
                yield f"comment on column {view}.{quoted(column.name)} is {_text(said)}"


def _mask(relation: str, column: Column) -> str:
    found = server_type(relation, column)
    value = f"'{MASK}'" if found == "text" else "null"
    return f"cast({value} as {found}) as {quoted(column.name)}"


def _names(columns: Iterable[Column]) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def _text(text: str) -> str:
    """A text as PostgreSQL reads it, which can hold no NUL."""
    return literal(text.replace("\0", ""))
