"""One version into the server, in one transaction: readers have the version before until it is whole.

Where only rows differ from the version before, they are replaced in the tables that readers have: each statement sees
all of the old ones or all of the new ones, and nobody waits. Where tables, comments or rights differ, all is made anew
in other schemas, which take the names at the end. For that moment no statement may have found some of its tables and
not yet the others, so the tables are locked; who reads for long is not waited for, and keeps what they read.
Why not by a rename alone: DECISIONS 98.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from banktags.load.extract import quoted
from banktags.postgres.access import Access, Relation, Role
from banktags.postgres.connection import ServerAway, driver, refusal, target
from banktags.postgres.definitions import ABOUT, MARK, OWN, OWN_TABLES, Definitions, definitions, draft_schema, place
from banktags.postgres.transfer import copy_rows, has_null_in_key
from banktags.publish.versions import PublicationError, Version
from banktags.warehouse import lock_wait

if TYPE_CHECKING:
    import psycopg

#: Number of the lock that one publication at a time holds in a database.
LOCK = 0x62616E6B
#: What stands in the name of a schema that readers no longer see.
BEFORE = "__before_"
#: How often it is tried to lock the tables that are replaced, milliseconds to wait for one, and seconds for all: who
#: reads waits as long, and less than the second after which PostgreSQL looks for deadlocks.
LOCK_TRIES, LOCK_MILLISECONDS, HOLD_SECONDS = 15, 250, 0.6
#: Milliseconds to wait for anything else while all are locked: who reads waits as long.
LOCKED_MILLISECONDS = 1_000
#: Who holds a table of a publication, and in which process; whoever does more than read it comes first. The server's
#: own vacuum gives way by itself.
HOLDERS = """
    select format('%%I.%%I', nspname, relname), usename, application_name, pid
    from pg_locks
    inner join pg_class on relation = pg_class.oid
    inner join pg_namespace on relnamespace = pg_namespace.oid
    inner join pg_stat_activity using (pid)
    where
        granted and pid <> pg_backend_pid() and datname = current_database() and backend_type = 'client backend'
        and (obj_description(pg_namespace.oid, 'pg_namespace') = %s or nspname = %s)
    order by mode = 'AccessShareLock', xact_start nulls last, pid
    limit 1
"""
#: Milliseconds to wait for who still reads tables that were replaced, before they are left to the next publication.
DROP_MILLISECONDS = 2_000


@dataclass(frozen=True)
class Published:
    """What a publication did. ``kept``: somebody still reads what was replaced, and it goes with the next one."""

    is_new: bool
    relations: int
    rows: int
    is_in_place: bool
    kept: bool


Step = Callable[[str], None]


def publish(
    session: psycopg.Connection,
    source: duckdb.DuckDBPyConnection,
    access: Access,
    version: Version,
    by: str,
    is_again: bool,
    step: Step,
) -> Published:
    """Give readers of a server a version; nothing where they have it, unless ``is_again``. ``step`` hears of tables.

    Raises:
        PublicationError: it is refused, and readers have what they had; ``ServerAway`` where a later try may do.
    """
    psycopg = driver()
    doing = "the publication can't begin"
    made = definitions(access, [one.full_name for one in access.relations if has_null_in_key(source, one)])
    try:
        with session.transaction(), session.cursor() as cursor:
            cursor.execute("set local client_min_messages = warning")
            # Nobody is waited for without end: what is not free by then, a later try may find so.
            cursor.execute(f"set local lock_timeout = {max(LOCK_MILLISECONDS, round(60_000 * lock_wait()))}")
            cursor.execute("select pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise ServerAway(f"another publication to {target(session)} is running: try again when it has ended")
            _begin(cursor, access.roles)
            before = _last(cursor)
            if before == (version.digest, made.digest) and not is_again:
                return Published(False, len(access.relations), 0, True, False)
            live = _live(cursor, made.schemas, target(session))
            is_in_place = before is not None and before[1] == made.digest and set(made.schemas) <= live
            if not is_in_place:
                for text in made.before:
                    doing = text
                    cursor.execute(text)
            rows = 0
            for relation in access.relations:
                doing = relation.full_name
                step(relation.full_name)
                rows += _fill(cursor, source, relation, is_in_place)
            _say_version(cursor, version, is_in_place)
            doing = "the publication can't be completed"
            if not is_in_place:
                step("keys, indexes and roles")
                for text in made.after:
                    doing = text
                    cursor.execute(text)
                doing = "the new tables can't take the place of the old ones"
                cursor.execute(f"analyze {', '.join(place(one.schema, one.name) for one in access.relations)}")
                _switch(session, cursor, made, live)
            _record(cursor, version, made, by)
    except psycopg.errors.InsufficientPrivilege as error:
        raise PublicationError(
            f"{refusal(error, _short(doing))}. Publish as the owner of the database, or as who published there before"
        ) from error
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
        raise ServerAway(
            f"{_short(doing)}: {_held_by(session)} for more than {lock_wait():g} minutes. Readers keep the version "
            "that they have: end that session, and run this again (BANK_TAGS_LOCK_WAIT sets how many minutes to wait)"
        ) from error
    except psycopg.OperationalError as error:
        raise ServerAway(
            f"{refusal(error, _short(doing))}. Readers keep the version that they have: run this again"
        ) from error
    except psycopg.Error as error:
        raise PublicationError(
            f"{refusal(error, _short(doing))}. Readers keep the version that they have: mend that, build, and run "
            "this again"
        ) from error
    step("")
    try:
        is_kept = _tidy(session, access, is_in_place)
    except psycopg.Error as error:
        raise PublicationError(
            f"{refusal(error, 'readers have the new version, but what it replaced is not cleared')}. "
            "Run this again with --again, or leave it to the next publication"
        ) from error
    return Published(True, len(access.relations), rows, is_in_place, is_kept)


def _begin(cursor: psycopg.Cursor, roles: tuple[Role, ...]) -> None:
    """Roles and the tables of versions, where there are none yet."""
    psycopg = driver()
    cursor.execute("select rolname from pg_roles where rolname = any(%s)", [[role.name for role in roles]])
    there = {name for (name,) in cursor.fetchall()}
    if missing := [role.name for role in roles if role.name not in there]:
        made = "; ".join(f"create role {name}" for name in missing)
        try:
            cursor.execute(made)
        except psycopg.errors.InsufficientPrivilege as error:
            raise PublicationError(f"the server lacks roles. Have who administers it run: {made};") from error
    cursor.execute("select to_regnamespace(%s) is not null", [OWN])
    if not cursor.fetchone()[0]:
        for text in OWN_TABLES:
            cursor.execute(text)


def _last(cursor: psycopg.Cursor) -> tuple[str, str] | None:
    """Digests of the version that readers have, and of the definitions that it was made by."""
    cursor.execute(f"select digest, definitions from {OWN}.publications order by publication_no desc limit 1")
    return cursor.fetchone()


def _live(cursor: psycopg.Cursor, schemas: tuple[str, ...], where: str) -> set[str]:
    """The schemas of publications that readers see.

    Raises:
        PublicationError: a name that is needed is taken by somebody else's schema.
    """
    cursor.execute("select nspname, obj_description(oid, 'pg_namespace') from pg_namespace")
    said = dict(cursor.fetchall())
    if taken := [name for name in schemas if name in said and said[name] != MARK]:
        raise PublicationError(
            f"{where} has a schema {', '.join(taken)} that is not of bank-tags: create a database for it alone, and "
            "name it by PGDATABASE"
        )
    return {name for name, mark in said.items() if mark == MARK and BEFORE not in name}


def _fill(cursor: psycopg.Cursor, source: duckdb.DuckDBPyConnection, relation: Relation, is_in_place: bool) -> int:
    table = f"{quoted(relation.schema if is_in_place else draft_schema(relation.schema))}.{quoted(relation.name)}"
    if is_in_place:
        cursor.execute(f"delete from {table}")
    return copy_rows(source, cursor, relation, table, not is_in_place)


def _say_version(cursor: psycopg.Cursor, version: Version, is_in_place: bool) -> None:
    table = f"{quoted(ABOUT if is_in_place else draft_schema(ABOUT))}.version"
    if is_in_place:
        cursor.execute(f"delete from {table}")
    cursor.execute("select clock_timestamp()")
    row = [version.as_of_date, version.digest, version.built_at, cursor.fetchone()[0]]
    with cursor.copy(f"copy {table} from stdin{'' if is_in_place else ' with (freeze)'}") as copy:
        copy.write_row(row)


def _switch(session: psycopg.Connection, cursor: psycopg.Cursor, made: Definitions, live: set[str]) -> None:
    """The new schemas take the names of the old ones."""
    is_locked = _locked(session, cursor, live)
    if is_locked and live:
        cursor.execute(f"drop schema {', '.join(quoted(name) for name in sorted(live))} cascade")
    elif live:
        _set_aside(cursor, live)
    for schema in made.schemas:
        cursor.execute(f"alter schema {quoted(draft_schema(schema))} rename to {quoted(schema)}")


def _locked(session: psycopg.Connection, cursor: psycopg.Cursor, live: set[str]) -> bool:
    """Whether nobody reads the tables that are replaced, and nobody begins to before the end of the transaction.

    A statement that waits for a table of ours may hold another one that we wait for. Then all are let go, and the next
    trial begins with that one, which statements lock before the others.
    """
    psycopg = driver()
    tables = [*_relations(cursor, live, "v"), *_relations(cursor, live, "r")]
    for trial in range(LOCK_TRIES):
        waited_for = ""
        try:
            with session.transaction():
                cursor.execute(f"set local lock_timeout = {LOCK_MILLISECONDS}")
                began = time.monotonic()
                for waited_for in tables:
                    cursor.execute(f"lock table {waited_for} in access exclusive mode")
                    if time.monotonic() - began > HOLD_SECONDS:
                        raise psycopg.errors.LockNotAvailable("held for too long")
                cursor.execute(f"set local lock_timeout = {LOCKED_MILLISECONDS}")
            return True
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            tables.remove(waited_for)
            tables.insert(0, waited_for)
            time.sleep(random.uniform(0.5, 1) * min(trial, 4) * LOCK_MILLISECONDS / 1000)
    return False


def _held_by(session: psycopg.Connection) -> str:
    """Who holds a table of a publication, as far as the server tells this user."""
    with session.transaction(), session.cursor() as cursor:
        found = cursor.execute(HOLDERS, [MARK, OWN]).fetchone()
    if found is None:
        return "another session holds what it needs"
    table, user, program, process = found
    named = f"{user or 'another user'} ({program or 'no named program'}, process {process} of the server)"
    return f"{table} is held by {named}"


def _set_aside(cursor: psycopg.Cursor, live: set[str]) -> None:
    """Give the schemas that are read for long another name. Prepared statements look their tables up anew."""
    for table in _relations(cursor, live, "r"):
        cursor.execute(f"alter table {table} set (autovacuum_enabled = false)")
    cursor.execute(f"select coalesce(max(publication_no), 0) from {OWN}.publications")
    (number,) = cursor.fetchone()
    for schema in sorted(live):
        cursor.execute(f"alter schema {quoted(schema)} rename to {quoted(f'{schema}{BEFORE}{number}')}")


def _relations(cursor: psycopg.Cursor, schemas: set[str], kinds: str) -> list[str]:
    cursor.execute(
        """
        select format('%%I.%%I', nspname, relname) from pg_class join pg_namespace on relnamespace = pg_namespace.oid
        where nspname = any(%s) and relkind = any(%s) order by 1
        """,
        [sorted(schemas), list(kinds)],
    )
    return [name for (name,) in cursor.fetchall()]


def _record(cursor: psycopg.Cursor, version: Version, made: Definitions, by: str) -> None:
    cursor.execute(
        f"""
        insert into {OWN}.publications (business_date, digest, definitions, built_at, published_by)
        values (%s, %s, %s, %s, %s)
        """,
        [version.as_of_date, version.digest, made.digest, version.built_at, by],
    )


def _tidy(session: psycopg.Connection, access: Access, is_in_place: bool) -> bool:
    """Free what the version before took, as far as nobody reads it; whether somebody does."""
    psycopg = driver()
    with session.transaction(), session.cursor() as cursor:
        cursor.execute("select nspname from pg_namespace where obj_description(oid, 'pg_namespace') = %s", [MARK])
        left = [name for (name,) in cursor.fetchall() if BEFORE in name]
    if left:
        try:
            with session.transaction(), session.cursor() as cursor:
                cursor.execute(f"set local lock_timeout = {DROP_MILLISECONDS}")
                cursor.execute("set local client_min_messages = warning")
                cursor.execute(f"drop schema {', '.join(quoted(name) for name in left)} cascade")
            left = []
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            pass
    if is_in_place:
        session.autocommit = True
        tables = ", ".join(f"{quoted(one.schema)}.{quoted(one.name)}" for one in access.relations)
        session.execute(f"vacuum (analyze, truncate false, skip_locked) {ABOUT}.version, {tables}")
    return bool(left)


def _short(doing: str) -> str:
    """What was being done, on a line."""
    line = " ".join(doing.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
