"""The published version in a real PostgreSQL server: equal, whole at any time; each role sees its rows and columns."""

import datetime
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from postgres_server import running_server
from typer.testing import CliRunner

from banktags import records
from banktags.cli import app
from banktags.publish import versions
from banktags.publish.contents import PUBLISHED, copy_published
from banktags.publish.versions import Version
from banktags.seeds.rows import seed_file

psycopg = pytest.importorskip("psycopg", reason="no psycopg: pip install 'banktags[postgres]'")

BANKTAGS = Path(sys.executable).with_name("banktags")
ROLES = ("analyst", "relationship_manager", "marketer", "risk", "compliance")
#: Users of the server by the role that they have; the manager is a row of seed database_users.
USERS = {role: f"user_{role}" for role in ROLES} | {"relationship_manager": "m10002"}
MANAGER = "M10002"
#: A query that reads tables of several schemas at once: a mixture of versions would show two dates.
DATES = """
    select version.business_date, (select max(as_of_date) from marts.customer_tags),
        (select min(as_of_date) from marts.customer_360), (select max(as_of_date) from segments.segment__rfm),
        (select max(as_of_date) from tags.fact_tags__aum), (select as_of_date from governance.publication)
    from publication.version as version
"""


@dataclass
class Bank:
    """A published file in three versions: ``second`` is of a day later, ``third`` has a table of another shape."""

    first: Version
    second: Version
    third: Version

    def publish(self, version: Version, *options: str) -> str:
        """Give readers of the file a version, and the server too; what the command says."""
        code, said = self.tried(version, *options)
        assert code == 0, said
        return said

    def tried(self, version: Version, *options: str) -> tuple[int, str]:
        self.switch(version)
        result = CliRunner().invoke(app, ["publish-postgres", "--by", "tests", *options])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    def switch(self, version: Version) -> None:
        with versions.publishing():
            versions.switch(version, "tests", "a test", "publish")

    def file(self, version: Version) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(version.file), read_only=True)


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def server(patched) -> Iterator[None]:
    """A server that the libpq variables lead to, with a user for each role."""
    with running_server() as variables:
        for name in [name for name in os.environ if name.startswith("PG")]:
            patched.delenv(name)
        for name, value in variables.items():
            patched.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def bank(demo_warehouse, server, patched, tmp_path_factory) -> Bank:
    """The demo bank in three versions, the first of them in the server."""
    folder = tmp_path_factory.mktemp("postgres")
    patched.setenv("BANK_TAGS_DB", str(folder / "bank_tags.duckdb"))
    patched.setenv("BANK_TAGS_LISTS", str(folder / "lists"))
    patched.delenv("BANK_TAGS_WORK", raising=False)
    built = demo_warehouse.database.parent / "building" / demo_warehouse.database.name
    source = built if built.exists() else demo_warehouse.database
    with duckdb.connect() as session:
        session.execute(f"attach '{source}' as {source.stem} (read_only)")
        (date,) = session.execute(f"select max(as_of_date) from {source.stem}.marts.customer_tags").fetchone()
        about = {"as_of_date": date, "built_at": "2026-07-01", "is_demo_bank": True, "checks_passed": 1}
        copy_published(session, source.stem, folder / "first", about | {"checks_warned": 0})
    staffed(folder / "first")
    shutil.copy(folder / "first", folder / "second")
    a_day_later(folder / "second")
    shutil.copy(folder / "second", folder / "third")
    with duckdb.connect(str(folder / "third")) as session:
        session.execute("comment on table marts.customer_tags is 'Another comment'")
        session.execute("alter table marts.customer_tags add column no_tag integer")
    next_day = date + datetime.timedelta(1)
    days = {"first": date, "second": next_day, "third": next_day}
    bank = Bank(*(kept(folder / name, day) for name, day in days.items()))
    bank.publish(bank.first)
    with psycopg.connect(autocommit=True) as session:
        for role, user in USERS.items():
            session.execute(f"create role {user} login in role banktags_{role}")
    return bank


def staffed(file: Path) -> None:
    """Have a manager look after a third of the customers, whatever the demo bank says."""
    with duckdb.connect(str(file)) as session:
        session.execute("update marts.customer_360 set manager_id = ? where hash(customer_id) % 3 = 0", [MANAGER])


def a_day_later(file: Path) -> None:
    with duckdb.connect(str(file)) as session:
        tables = session.execute(
            """
            select schema_name, table_name from duckdb_columns() join duckdb_tables() using (schema_name, table_name)
            where column_name = 'as_of_date'
            """
        ).fetchall()
        for schema, table in tables:
            session.execute(f"update {schema}.{table} set as_of_date = as_of_date + 1")


def kept(file: Path, date: datetime.date) -> Version:
    """A version of a file."""
    built_at = datetime.datetime(2026, 7, 1)
    version = Version(date, built_at, records.digest(file), file.stat().st_size, 1, 0, {}, {})
    with versions.publishing():
        return versions.add_version(file, version)


@pytest.fixture
def published(bank) -> Bank:
    """The bank with its first version in the server."""
    bank.publish(bank.first)
    return bank


def rows(sql: str, user: str = "postgres", given: object = None) -> list[tuple]:
    """What a user of the server reads, over a connection of their own."""
    with psycopg.connect(user=user) as session:
        return session.execute(sql, given).fetchall()


def relations(file: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The published tables and views that go to a server, with their columns: by the seed itself."""
    left_out = set(pd.read_csv(seed_file("server_omissions")).relation)
    found: dict[str, list[str]] = {}
    for schema, name, column in file.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where not internal order by all"
    ).fetchall():
        if schema in PUBLISHED and f"{schema}.{name}" not in left_out:
            found.setdefault(f"{schema}.{name}", []).append(column)
    return found


def test_every_published_table_is_in_the_server_and_equal(published):
    with published.file(published.first) as file:
        expected = relations(file)
        found = rows(
            """
            select table_schema || '.' || table_name from information_schema.tables
            where table_schema not like 'masked%' and table_schema not like 'pg_%'
                and table_schema not in ('banktags', 'publication', 'information_schema')
            """
        )
        assert {name for (name,) in found} == set(expected)
        with psycopg.connect() as session:
            for name, columns in expected.items():
                listed = ", ".join(f'"{column}"' for column in columns)
                own = Counter(file.execute(f"select {listed} from {name}").fetchall())
                assert Counter(session.execute(f"select {listed} from {name}").fetchall()) == own, name


def test_tables_and_columns_keep_their_comments(published):
    found = dict(
        rows(
            """
            select nspname || '.' || relname || coalesce('.' || attname, ''), description
            from pg_description
            join pg_class on objoid = pg_class.oid join pg_namespace on relnamespace = pg_namespace.oid
            left join pg_attribute on attrelid = pg_class.oid and attnum = objsubid and objsubid > 0
            """
        )
    )
    with published.file(published.first) as file:
        columns = file.execute(
            "select schema_name || '.' || table_name || '.' || column_name, comment from duckdb_columns()"
        ).fetchall()
        tables = file.execute("select schema_name || '.' || table_name, comment from duckdb_tables()").fetchall()
        sent = relations(file)
    said = {name: comment for name, comment in (*columns, *tables) if name.rsplit(".", name.count(".") - 1)[0] in sent}
    assert len(said) > 2000
    assert {name: found.get(name) for name, comment in said.items() if comment} == {
        name: comment for name, comment in said.items() if comment
    }
    assert not [name for name, comment in said.items() if name not in found and name.count(".") == 2]


def test_keys_and_indexes_are_there(published):
    keys, firsts = {}, {}
    for name, is_unique, columns in rows(
        """
        select nspname || '.' || relname, indisunique, array(
            select attname::text from unnest(indkey) with ordinality as k (number, position)
            join pg_attribute on attrelid = indrelid and attnum = number order by position)
        from pg_index join pg_class on indrelid = pg_class.oid join pg_namespace on relnamespace = pg_namespace.oid
        where nspname not like 'pg_%'
        """
    ):
        firsts.setdefault(name, set()).add(columns[0])
        if is_unique:
            keys[name] = columns
    with published.file(published.first) as file:
        expected: dict[str, list[str]] = {}
        for relation, column in file.execute(
            "select relation_name, column_name from governance.warehouse_keys order by key_position"
        ).fetchall():
            expected.setdefault(relation, []).append(column)
        sent = relations(file)
    assert keys["marts.customer_tags"] == ["customer_id"]
    for name, columns in sent.items():
        assert keys.get(name) == expected.get(name.split(".")[1]), name
        for column in {"customer_id", "manager_id"} & set(columns):
            assert column in firsts[name], name


def test_the_server_says_which_version_it_has(published):
    assert rows("select business_date, digest from publication.version", USERS["marketer"]) == [
        (published.first.as_of_date, published.first.digest)
    ]


@pytest.mark.slow
def test_a_second_run_of_a_version_does_nothing_unless_it_is_meant(published):
    count = "select count(*) from banktags.publications"
    before = rows(count)
    assert "already" in published.publish(published.first)
    assert rows(count) == before
    assert "already" not in published.publish(published.first, "--again")
    assert rows(count) == [(before[0][0] + 1,)]


# What a role may see, by the seeds and the dictionary themselves, not by the code that grants it.


def highest(role: str) -> tuple[str, int]:
    (said,) = [row for row in pd.read_csv(seed_file("database_roles")).itertuples() if row.role == role]
    ceilings = pd.read_csv(seed_file("portrait_roles"))
    (found,) = ceilings[(ceilings.role == said.reads_as) & (ceilings.purpose == said.purpose)].itertuples()
    return found.highest_sensitivity, found.highest_security_level


def visible(role: str, sent: dict[str, list[str]], tags: dict[str, tuple[str, int]]) -> dict[str, set[str]]:
    """The columns of each relation that a role may see."""
    classes = {
        (row.relation, row.column_name): (row.sensitivity, row.security_level)
        for row in pd.read_csv(seed_file("relation_classes")).itertuples()
    }
    sensitivity, level = highest(role)
    found = {}
    for relation, columns in sent.items():
        schema = relation.split(".")[0]
        found[relation] = set()
        for column in columns:
            said = classes.get((relation, column))
            if said is None and "customer_id" in columns:
                said = tags.get(column)
            said = said or classes.get(("*", column)) or classes.get((relation, "*"))
            if said is None and "customer_id" not in columns:
                said = classes[(f"{schema}.*", "*")]
            if said[0] <= sensitivity and said[1] <= level:
                found[relation].add(column)
    return found


def tag_classes(file: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, int]]:
    found = file.execute("select tag_code, sensitivity, security_level from governance.tag_dictionary").fetchall()
    return {code: (sensitivity, level) for code, sensitivity, level in found}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_exactly_its_rows_and_columns(published, role):
    by_tag = set(pd.read_csv(seed_file("relation_classes")).query("is_by_tag").relation)
    with published.file(published.first) as file, psycopg.connect(user=USERS[role], autocommit=True) as session:
        sent, tags = relations(file), tag_classes(file)
        seen = visible(role, sent, tags)
        own = {
            customer
            for (customer,) in file.execute(
                "select customer_id from marts.customer_360 where manager_id = ?", [MANAGER]
            ).fetchall()
        }
        sensitivity, level = highest(role)
        seen_tags = {code for code, said in tags.items() if said[0] <= sensitivity and said[1] <= level}
        refused = 0
        for relation, columns in sent.items():
            shown = [column for column in columns if column in seen[relation]]
            if shown:
                listed = ", ".join(f'"{column}"' for column in shown)
                expected = file.execute(
                    f"select {listed}, {named('customer_id', columns)}, {named('tag_code', columns)} from {relation}"
                )
                wanted = Counter(
                    row[:-2]
                    for row in expected.fetchall()
                    if (role != "relationship_manager" or row[-2] is None or row[-2] in own)
                    and (relation not in by_tag or row[-1] in seen_tags)
                )
                assert Counter(session.execute(f"select {listed} from {relation}").fetchall()) == wanted, relation
            for column in set(columns) - seen[relation]:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(f'select "{column}" from {relation}')
                refused += 1
        assert (refused == 0) == (role == "compliance")
        if role == "relationship_manager":
            assert 0 < len(own) < 300
            assert session.execute("select count(*) from marts.customer_tags").fetchone() == (len(own),)


def named(column: str, columns: list[str]) -> str:
    return column if column in columns else "null"


def test_what_is_refused_is_what_portraits_mask(published):
    with published.file(published.first) as file:
        masked = file.execute(
            """
            select distinct tag_code from portraits.portrait_by_role
            where role = 'relationship_manager' and purpose = 'service' and is_masked
            """
        ).fetchall()
        shown = file.execute(
            """
            select distinct tag_code from portraits.portrait_by_role
            where role = 'relationship_manager' and purpose = 'service' and not is_masked
            """
        ).fetchall()
    may = "select has_column_privilege('marts.customer_tags', %s, 'select')"
    assert masked and shown
    for codes, expected in ((masked, False), (shown, True)):
        for (code,) in codes:
            assert rows(may, USERS["relationship_manager"], [code]) == [(expected,)], code


@pytest.mark.parametrize("role", ["analyst", "relationship_manager", "marketer", "risk"])
def test_masked_views_have_all_columns_and_show_no_more(published, role):
    with published.file(published.first) as file, psycopg.connect(user=USERS[role], autocommit=True) as session:
        sent = relations(file)
        seen = visible(role, sent, tag_classes(file))
        partly = {name: columns for name, columns in sent.items() if 0 < len(seen[name]) < len(columns)}
        views = session.execute(
            "select relname from pg_class join pg_namespace on relnamespace = pg_namespace.oid where nspname = %s",
            [f"masked_{role}"],
        ).fetchall()
        assert {name for (name,) in views} == {name.split(".")[1] for name in partly}
        for name, columns in partly.items():
            cursor = session.execute(f"select * from masked_{role}.{name.split('.')[1]}")
            assert sorted(column.name for column in cursor.description) == sorted(columns)
            found = cursor.fetchall()
            for position, column in enumerate(cursor.description):
                if column.name not in seen[name]:
                    assert {row[position] for row in found} <= {None, "***"}, (name, column.name)
            shown = ", ".join(f'"{column}"' for column in columns if column in seen[name])
            plain = session.execute(f"select {shown} from {name}").fetchall()
            viewed = session.execute(f"select {shown} from masked_{role}.{name.split('.')[1]}").fetchall()
            assert Counter(plain) == Counter(viewed)


def test_a_manager_whom_nobody_names_sees_no_customer(published):
    with psycopg.connect(autocommit=True) as session:
        session.execute("create role unnamed login in role banktags_relationship_manager")
    assert rows("select count(*) from marts.customer_tags", "unnamed") == [(0,)]
    assert rows("select count(*) from policy.pyramid_tiers", "unnamed")[0][0] > 0


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "insert into policy.database_users values ('user_analyst', 'M10002', 'x')",
        "update marts.customer_360 set manager_id = 'M10002'",
        "delete from marts.customer_tags",
        "create table marts.mine (a integer)",
        "alter table marts.customer_tags disable row level security",
        "set role postgres",
        "select * from pg_authid",
        "copy marts.customer_tags to program 'cat'",
        "truncate banktags.publications",
    ],
)
def test_nobody_changes_anything(published, role, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(statement, USERS[role])


def test_a_role_takes_no_other(published):
    for role in ROLES:
        for other in set(ROLES) - {role}:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rows(f"set role banktags_{other}", USERS[role])
    # As the group itself nobody is a manager.
    with psycopg.connect(user=USERS["relationship_manager"]) as session:
        session.execute("set role banktags_relationship_manager")
        assert session.execute("select count(*) from marts.customer_tags").fetchone() == (0,)


def test_the_statistics_of_the_server_tell_no_value_that_is_refused(published):
    found = rows(
        "select distinct schemaname || '.' || tablename, attname from pg_stats where schemaname = any(%s)",
        USERS["marketer"],
        [list(PUBLISHED)],
    )
    with published.file(published.first) as file:
        seen = visible("marketer", relations(file), tag_classes(file))
    assert found
    assert not [(name, column) for name, column in found if column not in seen[name]]


def test_customers_are_named_only_where_rows_are_limited(published):
    """A number of a customer in a column of another name would tell a manager of customers who are not theirs."""
    with published.file(published.first) as file:
        sent = relations(file)
        seen = visible("relationship_manager", sent, tag_classes(file))
        for name, columns in sent.items():
            if "customer_id" in columns:
                continue
            for column in seen[name]:
                value = f'cast("{column}" as varchar)'
                query = f"select count(*) from {name} where {value} in (select customer_id from marts.customer_360)"
                assert file.execute(query).fetchone() == (0,), (name, column)


# A publication is whole at any time.


def reading(stop: threading.Event, faults: list[str], seen: Counter, number: int) -> None:
    """Read over a connection of one's own until told to stop; some keep statements prepared, some a snapshot."""
    try:
        with psycopg.connect(user=USERS["analyst"]) as session:
            session.prepare_threshold = (None, 0, 5)[number % 3]
            session.autocommit = number % 4 != 3
            if not session.autocommit:
                session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not stop.is_set():
                dates = set(session.execute(DATES).fetchone())
                if not session.autocommit:
                    dates |= set(session.execute(DATES).fetchone())
                    session.commit()
                if len(dates) != 1:
                    faults.append(f"mixed: {sorted(map(str, dates))}")
                seen[dates.pop()] += 1
                time.sleep(0.005)
    except psycopg.Error as error:
        faults.append(f"{type(error).__name__}: {error}")


def while_read(readers: int, act: Callable[[], None]) -> tuple[list[str], Counter]:
    stop, faults, seen = threading.Event(), [], Counter()
    threads = [threading.Thread(target=reading, args=(stop, faults, seen, number)) for number in range(readers)]
    for thread in threads:
        thread.start()
    try:
        act()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return faults, seen


@pytest.mark.slow
def test_twenty_readers_see_one_version_or_the_other(published):
    """Rows that are replaced, then tables of another shape, and back."""

    def act() -> None:
        for version in (published.second, published.first, published.third, published.first):
            published.publish(version)

    faults, seen = while_read(20, act)
    assert faults == []
    assert {published.first.as_of_date, published.second.as_of_date} <= set(seen)
    assert left() == []


@pytest.mark.slow
def test_who_reads_for_long_is_not_waited_for(published):
    with psycopg.connect(user=USERS["analyst"]) as session:
        session.execute("select count(customer_id) from marts.customer_tags")
        began = time.monotonic()
        said = published.publish(published.third)
        assert time.monotonic() - began < 120
        assert "still reads" in said
        assert set(rows(DATES, USERS["analyst"])[0]) == {published.second.as_of_date}
    published.publish(published.first)
    assert left() == []


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("version", ["second", "third"])
@pytest.mark.parametrize("table", ["marts.customer_tags", "publication.version", "banktags.publications"])
def test_who_holds_a_table_is_named_and_not_waited_for_without_end(published, monkeypatch, version, table):
    """Somebody who does more than read, as an index that is made by hand: rows and shapes wait for it alike."""
    monkeypatch.setenv("BANK_TAGS_LOCK_WAIT", "0")
    with psycopg.connect(application_name="by hand") as session:
        session.execute(f"lock table {table} in share row exclusive mode")
        process = session.info.backend_pid
        began = time.monotonic()
        code, said = published.tried(getattr(published, version))
        assert time.monotonic() - began < 120
        # Nobody who reads has waited, or does.
        assert set(rows(DATES, USERS["analyst"])[0]) == {published.first.as_of_date}
    assert code == 75 and said.count("\n") == 1, said
    assert f"{table} is held by postgres (by hand, process {process} of the server) for more than 0 minutes" in said
    assert "Readers keep the version that they have: end that session, and run this again" in said
    assert left() == []
    published.publish(getattr(published, version))
    assert set(rows(DATES)[0]) == {published.second.as_of_date}


@pytest.mark.slow
@pytest.mark.parametrize("version", ["second", "third"])
def test_a_killed_publication_leaves_the_version_before(published, version):
    published.switch(getattr(published, version))
    whole = {published.first.as_of_date, published.second.as_of_date}
    chance = random.Random(20260630)
    for _ in range(3):
        running = subprocess.Popen(
            [BANKTAGS, "publish-postgres", "--again"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        wait_for("select count(*) from pg_stat_activity where application_name = 'banktags publish-postgres'", 1)
        time.sleep(chance.uniform(0, 3))
        running.kill()
        running.communicate()
        wait_for("select count(*) from pg_stat_activity where application_name = 'banktags publish-postgres'", 0)
        (dates,) = {frozenset(row) for row in rows(DATES)}
        assert len(dates) == 1 and dates <= whole
        assert left() == []
    published.publish(getattr(published, version))
    assert set(rows(DATES)[0]) == {published.second.as_of_date}


@pytest.mark.slow
def test_a_stopped_publication_says_so_in_a_line(published):
    published.switch(published.second)
    running = subprocess.Popen(
        [BANKTAGS, "publish-postgres"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for("select count(*) from pg_stat_activity where application_name = 'banktags publish-postgres'", 1)
    running.terminate()
    _, said = running.communicate()
    assert running.returncode == 143, said
    assert said.strip() == "Stopped: readers of the server keep the version that they have. Run this again."
    assert set(rows(DATES)[0]) == {published.first.as_of_date}


@pytest.mark.slow
def test_a_version_that_does_not_fit_leaves_the_version_before(published, tmp_path):
    file = tmp_path / "doubled"
    shutil.copy(published.second.file, file)
    file.chmod(0o600)
    with duckdb.connect(str(file)) as session:
        session.execute("insert into marts.customer_360 from marts.customer_360 limit 1")
    code, said = published.tried(kept(file, published.second.as_of_date))
    assert code == 1
    assert "marts.customer_360" in said and "UniqueViolation" in said and "keep the version" in said
    assert said.count("\n") == 1
    assert not re.search(r"C\d{9}", said)
    assert set(rows(DATES)[0]) == {published.first.as_of_date}


def test_one_publication_at_a_time(published):
    with psycopg.connect() as session:
        session.execute("select pg_advisory_xact_lock(%s)", [0x62616E6B])
        code, said = published.tried(published.second)
    assert code == 75 and "another publication" in said


def test_a_schema_of_somebody_else_is_not_replaced(published, monkeypatch):
    with psycopg.connect(autocommit=True) as session:
        session.execute("create database theirs")
    monkeypatch.setenv("PGDATABASE", "theirs")
    with psycopg.connect(autocommit=True) as session:
        session.execute("create schema policy")
    code, said = published.tried(published.first)
    assert code == 1 and "schema policy that is not of bank-tags" in said
    assert rows("select count(*) from pg_namespace where nspname = 'banktags'") == [(0,)]


def test_a_database_of_another_encoding_is_refused(published, monkeypatch):
    with psycopg.connect(autocommit=True) as session:
        session.execute("create database latin encoding 'LATIN1' template template0")
    monkeypatch.setenv("PGDATABASE", "latin")
    code, said = published.tried(published.first)
    assert code == 1 and "LATIN1" in said and "createdb -E UTF8" in said


def test_who_may_not_publish_is_told_what_is_missing(published, monkeypatch):
    with psycopg.connect(autocommit=True) as session:
        session.execute("create role somebody login")
    monkeypatch.setenv("PGUSER", "somebody")
    code, said = published.tried(published.second)
    assert code == 1 and "as who published there before" in said
    monkeypatch.setenv("PGUSER", "nobody_there")
    code, said = published.tried(published.second)
    assert code == 1 and "nobody_there" in said and said.count("\n") == 1


@pytest.mark.slow
def test_the_owner_of_a_database_publishes_without_more_rights_once_there_are_roles(published, monkeypatch):
    with psycopg.connect(autocommit=True) as session:
        session.execute("create role plain login")
        session.execute("create database own owner plain")
    monkeypatch.setenv("PGDATABASE", "own")
    monkeypatch.setenv("PGUSER", "plain")
    for _ in range(2):
        published.publish(published.first, "--again")
    with published.file(published.first) as file:
        own = file.execute("select count(*) from marts.customer_360 where manager_id = ?", [MANAGER]).fetchone()
    assert rows("select count(*) from marts.customer_tags", USERS["relationship_manager"]) == [own]
    assert rows("select count(*) from marts.customer_tags", USERS["analyst"])[0][0] > own[0]


def left() -> list[tuple]:
    """Schemas of a publication that is not whole, or of one before."""
    return rows("select nspname from pg_namespace where nspname like '%\\_\\_new' or nspname like '%\\_\\_before%'")


def wait_for(sql: str, expected: int) -> None:
    deadline = time.monotonic() + 20
    while rows(sql) != [(expected,)]:
        assert time.monotonic() < deadline, sql
        time.sleep(0.02)
