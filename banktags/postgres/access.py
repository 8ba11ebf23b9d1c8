"""Who may see what on the server: each column's class against the highest class of each role, from the published seeds.

Roles are rows of seed ``database_roles``; how much each may see says the row of ``portrait_roles`` that it reads as,
which masks portraits too. The class of a column is that of the tag that it is named for, where its relation is about
single customers, and else stands in seed ``relation_classes``. What has no class is seen by nobody.
There is no second policy (DECISIONS 99).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from banktags.publish.contents import PUBLISHED
from banktags.publish.versions import PublicationError

#: Begin of the name of each role on the server, where names are for all databases.
PREFIX = "banktags_"
CUSTOMER, TAG = "customer_id", "tag_code"
#: Where it stands who looks after a customer: relation and column.
TEAM, MANAGER = ("marts", "customer_360"), "manager_id"
#: Which user of the server is which manager.
USERS = ("policy", "database_users")

ROLES = """
    select roles.role, roles.name_zh, roles.name_en, roles.is_own_customers_only,
        ceilings.highest_sensitivity, ceilings.highest_security_level
    from policy.database_roles as roles
    left join policy.portrait_roles as ceilings on roles.reads_as = ceilings.role and roles.purpose = ceilings.purpose
    order by roles.role
"""
CLASSES = "select relation, column_name, sensitivity, security_level, is_by_tag from policy.relation_classes"
TAGS = "select tag_code, sensitivity, security_level, name_zh, definition from governance.tag_dictionary"
KEYS = "select relation_name, column_name from governance.warehouse_keys order by relation_name, key_position"
OMISSIONS = "select relation from policy.server_omissions"
DESCRIPTIONS = """
    select relation_name, column_name, description from governance.warehouse_columns where resource_type <> 'source'
"""
COLUMNS = """
    select columns.schema_name, columns.table_name, columns.column_name, columns.data_type, columns.comment,
        coalesce(tables.comment, views.comment)
    from duckdb_columns() as columns
    left join duckdb_tables() as tables using (database_name, schema_name, table_name)
    left join duckdb_views() as views
        on columns.database_name = views.database_name
        and columns.schema_name = views.schema_name
        and columns.table_name = views.view_name
    where columns.database_name = current_database() and columns.schema_name in (select unnest($schemas))
    order by columns.schema_name, columns.table_name, columns.column_index
"""


@dataclass(frozen=True)
class DataClass:
    """A class by JR/T 0171 (C1 to C3) and a level by JR/T 0197 (1 to 5)."""

    sensitivity: str
    security_level: int

    def __str__(self) -> str:
        return f"{self.sensitivity}/{self.security_level}"


@dataclass(frozen=True)
class Role:
    """A role of the server: whose customers it sees, and the highest class."""

    code: str
    name_zh: str
    name_en: str
    is_own_customers_only: bool
    highest: DataClass

    @property
    def name(self) -> str:
        """Its name on the server."""
        return f"{PREFIX}{self.code}"

    @property
    def masked_schema(self) -> str:
        """Schema of the views that mask what it may not see."""
        return f"masked_{self.code}"

    def may_see(self, column: "Column") -> bool:
        return column.sensitivity <= self.highest.sensitivity and column.security_level <= self.highest.security_level


@dataclass(frozen=True)
class Column:
    """A published column with its type in DuckDB and its class."""

    name: str
    data_type: str
    comment: str | None
    sensitivity: str
    security_level: int


@dataclass(frozen=True)
class Relation:
    """A published table or view. ``is_by_tag``: a row is about the tag in ``tag_code``; who may see the tag sees it."""

    schema: str
    name: str
    comment: str | None
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_by_tag: bool

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def is_of_customers(self) -> bool:
        return self.has(CUSTOMER)

    def has(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    def seen_by(self, role: Role) -> tuple[Column, ...]:
        """The columns that a role may see, in their order."""
        return tuple(column for column in self.columns if role.may_see(column))


@dataclass(frozen=True)
class Access:
    """All that is published to a server, and to whom."""

    roles: tuple[Role, ...]
    relations: tuple[Relation, ...]


@dataclass(frozen=True)
class _Classes:
    """The rows of seed ``relation_classes`` by relation and column, and the classes of the tags."""

    rows: Mapping[tuple[str, str], tuple[DataClass, bool]]
    tags: Mapping[str, DataClass]

    def of(self, schema: str, name: str, column: str, is_of_customers: bool) -> DataClass | None:
        """The class of a column; the nearest row that says one. None where none does."""
        relation = f"{schema}.{name}"
        asked = [(relation, column)]
        if is_of_customers and column in self.tags:
            return self._first(asked) or self.tags[column]
        asked += [("*", column), (relation, "*")]
        return self._first(asked if is_of_customers else [*asked, (f"{schema}.*", "*")])

    def is_by_tag(self, relation: str) -> bool:
        return self.rows.get((relation, "*"), (None, False))[1]

    def _first(self, asked: Iterable[tuple[str, str]]) -> DataClass | None:
        return next((self.rows[one][0] for one in asked if one in self.rows), None)


def read_access(session: duckdb.DuckDBPyConnection) -> Access:
    """What of the published file that a session reads goes to a server, and to whom.

    Raises:
        PublicationError: the file says not all that is needed, or a column of customers has no class; names it.
    """
    try:
        roles = _roles(session)
        tags = session.execute(TAGS).fetchall()
        classes = _Classes(
            {
                (relation, column): (DataClass(sensitivity, level), is_by_tag)
                for relation, column, sensitivity, level, is_by_tag in session.execute(CLASSES).fetchall()
            },
            {code: DataClass(sensitivity, level) for code, sensitivity, level, *_ in tags if sensitivity and level},
        )
        of_tag = {code: f"{name_zh}: {definition}" for code, _, _, name_zh, definition in tags}
        left_out = {relation for (relation,) in session.execute(OMISSIONS).fetchall()}
        keys: dict[str, list[str]] = {}
        for name, column in session.execute(KEYS).fetchall():
            keys.setdefault(name, []).append(column)
        said = {(name, column): text for name, column, text in session.execute(DESCRIPTIONS).fetchall()}
        found = session.execute(COLUMNS, {"schemas": list(PUBLISHED)}).fetchall()
    except duckdb.CatalogException as error:
        first = str(error).splitlines()[0]
        raise PublicationError(
            f"the published version is of before there were roles ({first}): run make build first"
        ) from error
    grouped: dict[tuple[str, str, str | None], list[tuple[str, str, str | None]]] = {}
    for schema, name, column, data_type, comment, of_relation in found:
        if f"{schema}.{name}" not in left_out:
            grouped.setdefault((schema, name, of_relation), []).append(
                (column, data_type, comment or said.get((name, column)) or of_tag.get(column))
            )
    relations = tuple(
        _relation(schema, name, comment, columns, tuple(keys.get(name, ())), classes)
        for (schema, name, comment), columns in grouped.items()
    )
    _check_team(relations)
    return Access(roles, relations)


def _roles(session: duckdb.DuckDBPyConnection) -> tuple[Role, ...]:
    roles = []
    for code, name_zh, name_en, is_own, sensitivity, level in session.execute(ROLES).fetchall():
        if sensitivity is None:
            raise PublicationError(
                f"role {code} of seed database_roles reads as a role and purpose that portrait_roles does not have: "
                "mend reads_as and purpose of its row, and build again"
            )
        roles.append(Role(code, name_zh, name_en, is_own, DataClass(sensitivity, level)))
    return tuple(roles)


def _relation(
    schema: str,
    name: str,
    comment: str | None,
    columns: list[tuple[str, str, str | None]],
    key: tuple[str, ...],
    classes: _Classes,
) -> Relation:
    names = [column for column, _, _ in columns]
    relation, is_of_customers = f"{schema}.{name}", CUSTOMER in names
    is_by_tag = classes.is_by_tag(relation)
    if is_of_customers and TAG in names and not is_by_tag:
        raise PublicationError(
            f"{relation} has a row a customer and tag: say so in its row of seed relation_classes (is_by_tag = true), "
            "or leave it out by a row of seed server_omissions, and build again"
        )
    if is_by_tag and TAG not in names:
        raise PublicationError(
            f"{relation} has no column {TAG}: set is_by_tag of its row in seed relation_classes to false, and "
            "build again"
        )
    made = []
    for column, data_type, said in columns:
        found = classes.of(schema, name, column, is_of_customers)
        if found is None:
            raise PublicationError(
                f"{relation}.{column} has no class, so nobody knows who may see it: write a row of seed "
                "relation_classes for its relation, and build again"
            )
        made.append(Column(column, data_type, said, found.sensitivity, found.security_level))
    return Relation(schema, name, comment, tuple(made), key if set(key) <= set(names) else (), is_by_tag)


def _check_team(relations: tuple[Relation, ...]) -> None:
    found = {(relation.schema, relation.name): relation for relation in relations}
    for place, column in ((TEAM, MANAGER), (TEAM, CUSTOMER), (USERS, MANAGER)):
        if place not in found or not found[place].has(column):
            raise PublicationError(
                f"the published version lacks {'.'.join(place)}.{column}, by which a manager's customers are known: "
                "run make build first"
            )
