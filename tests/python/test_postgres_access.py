"""What is copied to a PostgreSQL server and for whom, as SQL, and what is refused: without a server."""

import datetime
import os
import socket

import duckdb
import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.postgres import command
from banktags.postgres.access import Access, read_access
from banktags.postgres.definitions import definitions
from banktags.postgres.transfer import copy_rows, has_null_in_key
from banktags.publish.versions import PublicationError, Version

TABLES = """
    create schema governance; create schema marts; create schema policy;
    create table governance.tag_dictionary as from (values
        ('age', 'C2', 3, '年龄', 'Age.'), ('score', 'C2', 4, '评分', 'Score.'), ('unclassed', null, null, '无', 'None.')
    ) as t (tag_code, sensitivity, security_level, name_zh, definition);
    create table governance.warehouse_keys as from (values
        ('customer_360', 'customer_id', 1), ('values_long', 'customer_id', 1), ('values_long', 'tag_code', 2)
    ) as t (relation_name, column_name, key_position);
    create table governance.warehouse_columns as from (values
        ('model', 'customer_360', 'manager_id', 'Who looks after them.')
    ) as t (resource_type, relation_name, column_name, description);
    create table policy.database_roles as from (values
        ('manager', '经理', 'Manager', 'front', 'service', true), ('judge', '风险', 'Risk', 'back', 'risk', false)
    ) as t (role, name_zh, name_en, reads_as, purpose, is_own_customers_only);
    create table policy.portrait_roles as from (values
        ('front', 'service', 'C2', 3), ('back', 'risk', 'C2', 4)
    ) as t (role, purpose, highest_sensitivity, highest_security_level);
    create table policy.relation_classes as from (values
        ('*', 'customer_id', 'C1', 2, false), ('governance.*', '*', 'C1', 2, false), ('policy.*', '*', 'C1', 2, false),
        ('marts.*', '*', 'C1', 2, false), ('policy.database_users', '*', 'C3', 5, false),
        ('marts.customer_360', '*', 'C2', 3, false), ('marts.values_long', '*', 'C2', 3, true)
    ) as t (relation, column_name, sensitivity, security_level, is_by_tag);
    create table policy.server_omissions as from (values ('marts.left_out')) as t (relation);
    create table policy.database_users as from (values ('li', 'M1')) as t (database_user, manager_id);
    create table marts.customer_360 as from (values ('a', 30, 0.5, 'M1')) as t (customer_id, age, score, manager_id);
    create table marts.values_long as from (values ('a', 'age', '30')) as t (customer_id, tag_code, tag_value);
    create table marts.counts as from (values (30, 2)) as t (age, customers);
    create table marts.left_out as select 1 as one;
    comment on table marts.customer_360 is 'It''s a customer';
    comment on column marts.customer_360.age is '年龄';
"""


@pytest.fixture
def file() -> duckdb.DuckDBPyConnection:
    """A small published file: customers of a manager, values of two tags, counts."""
    session = duckdb.connect()
    session.execute(TABLES)
    return session


def statements(access: Access) -> list[str]:
    made = definitions(access, [])
    return [" ".join(text.split()) for text in (*made.before, *made.after)]


def visible(access: Access, role: str) -> dict[str, list[str]]:
    (found,) = [one for one in access.roles if one.code == role]
    return {one.full_name: [column.name for column in one.seen_by(found)] for one in access.relations}


def test_a_column_has_the_class_of_its_tag_where_a_row_is_a_customer(file):
    access = read_access(file)
    assert visible(access, "manager")["marts.customer_360"] == ["customer_id", "age", "manager_id"]
    assert visible(access, "judge")["marts.customer_360"] == ["customer_id", "age", "score", "manager_id"]
    # Of a count it says nothing that a customer of this age is one of several.
    assert visible(access, "manager")["marts.counts"] == ["age", "customers"]


def test_a_row_for_the_column_goes_before_its_tag(file):
    file.execute("insert into policy.relation_classes values ('marts.customer_360', 'age', 'C3', 5, false)")
    assert "age" not in visible(read_access(file), "judge")["marts.customer_360"]


def test_what_is_left_out_is_not_copied(file):
    assert "marts.left_out" not in visible(read_access(file), "judge")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("create table marts.new as select 'a' as customer_id, 1 as amount", "marts.new.amount has no class"),
        (
            "alter table marts.customer_360 add column unclassed integer; "
            "delete from policy.relation_classes where relation = 'marts.customer_360'",
            "has no class",
        ),
        ("update policy.relation_classes set is_by_tag = false", "marts.values_long has a row a customer and tag"),
        ("update policy.relation_classes set is_by_tag = true", "has no column tag_code"),
        ("update policy.database_roles set purpose = 'x'", "reads_as"),
        ("drop table policy.database_roles", "of before there were roles"),
        ("drop table governance.warehouse_keys", "of before there were roles"),
        ("alter table marts.customer_360 drop column manager_id", "lacks marts.customer_360.manager_id"),
    ],
)
def test_what_nobody_has_judged_is_published_to_nobody(file, change, message):
    file.execute(change)
    with pytest.raises(PublicationError, match=message):
        read_access(file)


def test_a_tag_without_a_class_is_as_what_is_no_tag(file):
    file.execute("alter table marts.customer_360 add column unclassed integer")
    file.execute("update policy.relation_classes set security_level = 5 where relation = 'marts.customer_360'")
    assert "unclassed" not in visible(read_access(file), "judge")["marts.customer_360"]


def test_a_type_that_postgresql_has_not_is_named(file):
    file.execute("create table marts.lists as select [1, 2] as numbers")
    with pytest.raises(PublicationError, match=r"marts\.lists\.numbers is of type INTEGER"):
        definitions(read_access(file), [])


def test_tables_have_types_comments_keys_and_indexes(file):
    made = statements(read_access(file))
    assert (
        'create table "marts__new"."customer_360" ("customer_id" text, "age" integer, "score" numeric(2,1), '
        '"manager_id" text)' in made
    )
    assert "comment on table \"marts__new\".\"customer_360\" is 'It''s a customer'" in made
    assert 'comment on column "marts__new"."customer_360"."manager_id" is \'Who looks after them.\'' in made
    assert 'comment on column "marts__new"."customer_360"."score" is \'评分: Score.\'' in made
    assert 'alter table "marts__new"."values_long" add primary key ("customer_id", "tag_code")' in made
    assert 'create index on "marts__new"."customer_360" ("manager_id")' in made


def test_a_key_with_a_null_is_unique_and_no_primary_key(file):
    access = read_access(file)
    (relation,) = [one for one in access.relations if one.name == "customer_360"]
    assert not has_null_in_key(file, relation)
    file.execute("insert into marts.customer_360 (age) values (1)")
    assert has_null_in_key(file, relation)
    made = definitions(access, [relation.full_name])
    assert 'alter table "marts__new"."customer_360" add unique nulls not distinct ("customer_id")' in made.after


def test_rights_are_those_of_the_classes_and_rows_those_of_the_manager(file):
    made = statements(read_access(file))
    table = '"marts__new"."customer_360"'
    assert f'grant select ("customer_id", "age", "manager_id") on {table} to banktags_manager' in made
    assert f"grant select on {table} to banktags_judge" in made
    assert f"alter table {table} enable row level security" in made
    (of_manager,) = [text for text in made if text.startswith(f"create policy manager on {table}")]
    assert "own_customers" in of_manager
    (of_judge,) = [text for text in made if text.startswith(f"create policy judge on {table}")]
    assert of_judge.endswith("using (true)")
    (by_tag,) = [text for text in made if text.startswith('create policy judge on "marts__new"."values_long"')]
    assert "entries.security_level <= 4" in by_tag
    assert not [text for text in made if '"policy__new"."database_users"' in text and text.startswith("grant")]


def test_a_masked_view_has_every_column_and_reads_with_the_rights_of_its_reader(file):
    (view,) = [text for text in statements(read_access(file)) if text.startswith("create view masked_manager")]
    assert view == (
        'create view masked_manager__new."customer_360" with (security_invoker) as select "customer_id", "age", '
        'cast(null as numeric(2,1)) as "score", "manager_id" from "marts__new"."customer_360"'
    )


def test_definitions_are_the_same_where_only_rows_differ(file):
    before = definitions(read_access(file), []).digest
    file.execute("insert into marts.customer_360 values ('b', 31, 0.7, 'M2')")
    assert definitions(read_access(file), []).digest == before
    file.execute("update policy.portrait_roles set highest_security_level = 2 where role = 'front'")
    assert definitions(read_access(file), []).digest != before


class Sent:
    """A cursor that keeps what is copied."""

    rowcount = 1

    def __init__(self) -> None:
        self.sql, self.text = "", b""

    def copy(self, sql: str) -> "Sent":
        self.sql = sql
        return self

    def __enter__(self) -> "Sent":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, part: bytes) -> None:
        self.text += part


def test_signs_that_end_a_row_or_a_column_are_written_out(file):
    file.execute("delete from marts.values_long")
    file.execute("insert into marts.values_long values (?, ?, null)", ["a\tb\\N", "行\n\r"])
    access, sent = read_access(file), Sent()
    (relation,) = [one for one in access.relations if one.name == "values_long"]
    copy_rows(file, sent, relation, "t", is_new=True)
    assert sent.text.decode() == "a\\tb\\\\N\t行\\n\\r\t\\N\n"
    assert sent.sql == 'copy t ("customer_id", "tag_code", "tag_value") from stdin with (freeze)'


def test_a_batch_follows_the_other(file):
    file.execute("insert into marts.values_long select 'c' || i, 'age', i::varchar from range(4500) as t (i)")
    sent = Sent()
    (relation,) = [one for one in read_access(file).relations if one.name == "values_long"]
    copy_rows(file, sent, relation, "t", is_new=False)
    assert sent.text.count(b"\n") == 4501
    assert "freeze" not in sent.sql


# The command, where no version is copied.


@pytest.fixture
def settings(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BANK_TAGS_DB", str(tmp_path / "bank_tags.duckdb"))
    monkeypatch.delenv("BANK_TAGS_WORK", raising=False)
    return monkeypatch


def test_without_a_published_version_nothing_is_copied(settings):
    result = CliRunner().invoke(app, ["publish-postgres"])
    assert result.exit_code == 1
    assert "nothing is published" in result.output and "correct BANK_TAGS_DB" in result.output


def test_one_file_has_no_published_version(settings, tmp_path):
    settings.setenv("BANK_TAGS_WORK", str(tmp_path / "bank_tags.duckdb"))
    result = CliRunner().invoke(app, ["publish-postgres"])
    assert result.exit_code == 1 and "BANK_TAGS_WORK" in result.output


def test_a_version_that_is_removed_meanwhile_is_said_in_a_line(settings):
    gone = Version(datetime.date(2026, 6, 30), datetime.datetime(2026, 7, 1), "0" * 64, 1, 1, 0, {}, {})
    settings.setattr(command, "published_version", lambda: gone)
    result = CliRunner().invoke(app, ["publish-postgres"])
    assert result.exit_code == 1
    assert "can't be read" in result.output and result.output.count("\n") == 1


SECRET = "correct-horse"


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        (f"host=db password={SECRET}", "holds a password"),
        (f"postgresql://me:{SECRET}@db/name", "holds a password"),
        (f"host=db pasword={SECRET}", "is no connection string"),
        (f"host = db {SECRET}", "is no connection string"),
        (f"postgresql://me:{SECRET}%zz@db/name", "is no connection string"),
    ],
)
def test_a_password_on_the_command_line_is_refused_and_not_shown(settings, dsn, message):
    said = refused(settings, dsn)
    assert message in said
    assert SECRET not in said


def test_a_server_that_is_away_is_tried_again_later(settings, tmp_path):
    from banktags.postgres.connection import ServerAway

    settings.setenv("PGPASSWORD", SECRET)
    said = refused(settings, f"host={tmp_path} dbname=x", ServerAway)
    assert "PGHOST" in said and SECRET not in said


def test_a_port_that_answers_nothing_is_tried_again_later(settings):
    from banktags.postgres.connection import ServerAway

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.setenv("PGCONNECT_TIMEOUT", "2")
        refused(settings, f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=x", ServerAway)


def test_a_service_that_is_not_there_is_not_tried_again(settings):
    settings.setenv("PGSERVICE", "nowhere")
    assert "nowhere" in refused(settings, None)


def refused(settings, dsn: str | None, kind: type[PublicationError] = PublicationError) -> str:
    pytest.importorskip("psycopg", reason="no psycopg: pip install 'banktags[postgres]'")
    from banktags.postgres.connection import connected

    with pytest.raises(PublicationError) as caught, connected(dsn):
        pass
    assert type(caught.value) is kind
    return str(caught.value)


def test_a_missing_driver_is_named_with_the_remedy(settings):
    import sys

    from banktags.postgres.connection import driver

    settings.setitem(sys.modules, "psycopg", None)
    with pytest.raises(PublicationError, match=r"pip install 'banktags\[postgres\]'"):
        driver()
