"""Publishing: what readers see, when it changes, and that nothing on the way makes it a mixture."""

import datetime
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml
from typer.testing import CliRunner

from banktags import records
from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.publish import publication, versions
from banktags.publish.backup import restore_backup, write_backup
from banktags.publish.changes import changes
from banktags.publish.publication import Checks, begin_work, damage_of_work, publish_work
from banktags.publish.versions import PublicationError, Version, current_version, kept_versions
from banktags.warehouse import warehouse_file, work_file

DATE = datetime.date(2026, 6, 30)
ONE_DAY = datetime.timedelta(days=1)
ACCOUNT = "6222020000001234"
CHECKS = Checks(passed=7, warned=1)


@pytest.fixture
def bank(tmp_path, monkeypatch) -> Path:
    """Places of a published file, a working file and records, of which none is there yet."""
    monkeypatch.setenv("BANK_TAGS_DB", str(tmp_path / "read" / "bank.duckdb"))
    monkeypatch.delenv("BANK_TAGS_WORK", raising=False)
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path / "lists"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    return tmp_path


def build(date: datetime.date = DATE, rows: int = 3) -> None:
    """What dbt leaves in the working file: raw rows, keys of accounts, marts and views over all of them."""
    work_file().parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(work_file())) as con:
        for schema in ("staging", "intermediate", "marts", "governance", "policy", "history", "portraits"):
            con.execute(f"create schema if not exists {schema}")
        # As dbt does, where the working file was begun with a published one.
        if con.execute("select 1 from duckdb_tables() where table_name = 'balances'").fetchone():
            con.execute("drop table history.balances")
        con.execute(
            f"""
            create or replace table staging.base_core__batches as select 'DEMO-1' as batch_id;
            create or replace table intermediate.int_accounts as
            select n as customer_id, '{ACCOUNT}' as account_id, n * 10 as balance from range({rows}) as counted (n);
            create or replace table marts.customer_tags
            (customer_id bigint not null, as_of_date date, tier varchar);
            insert into marts.customer_tags
            select n, date '{date}', case n % 2 when 0 then 'vip' end from range({rows}) as counted (n);
            create or replace table marts.customer_360 as select *, 'x' as seen from marts.customer_tags;
            create or replace table policy.roles as select * from (values ('rm'), ('risk')) as roles (role);
            create or replace table policy.labels as select 'vip' as tier, '贵宾' as name_zh;
            create table if not exists history.business_dates (as_of_date date);
            insert into history.business_dates select '{date}'
            where date '{date}' not in (select as_of_date from history.business_dates);
            create or replace view history.balances as select customer_id, balance from intermediate.int_accounts;
            create or replace view history.balance_sums as select sum(balance) as balance from history.balances;
            create or replace view portraits.by_role as
            select tags.customer_id, roles.role, labels.name_zh
            from marts.customer_tags as tags
            cross join policy.roles as roles
            left join policy.labels as labels on tags.tier = labels.tier;
            comment on table marts.customer_tags is '标签: it''s all of them';
            comment on column marts.customer_tags.tier is '层级: Tier';
            comment on view history.balances is '余额: without the accounts';
            comment on column history.balances.balance is '余额: Balance';
            """
        )


def published(date: datetime.date = DATE, rows: int = 3, is_older_meant: bool = False) -> Version:
    build(date, rows)
    return publish_work(CHECKS, "Li", "a test", is_older_meant)


def read(sql: str, file: Path | None = None) -> list[tuple]:
    with duckdb.connect(str(file or warehouse_file()), read_only=True) as con:
        return con.execute(sql).fetchall()


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output, as one line, of a command."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, re.sub(r"[│╭╮╰╯─\s]+", " ", result.output)


# What is published.


def test_readers_see_marts_and_nothing_of_staging_or_the_models_between(bank):
    published()
    schemas = {schema for (schema,) in read("select distinct table_schema from information_schema.tables")}
    assert schemas == {"governance", "history", "marts", "policy", "portraits"}
    left = read("select schema_name from duckdb_schemas() where schema_name in ('staging', 'intermediate')")
    assert left == []


def test_no_byte_of_what_is_kept_back_is_in_the_published_file(bank):
    published()
    assert ACCOUNT.encode() in work_file().read_bytes()
    assert ACCOUNT.encode() not in warehouse_file().read_bytes()


def test_a_view_stays_one_and_means_the_same_under_any_name(bank):
    """DuckDB writes a cross join as a comma, which binds otherwise: the view is copied as it is bound."""
    published()
    sql = "select * from portraits.by_role order by all"
    answer = read(sql, work_file())
    assert len(answer) == 6
    copy = warehouse_file().with_name("it's another.duckdb")
    shutil.copy(warehouse_file(), copy)
    assert read(sql) == read(sql, copy) == answer
    assert ("portraits", "by_role") in read("select schema_name, view_name from duckdb_views() where not internal")


def test_a_view_of_what_is_kept_back_is_published_as_its_rows(bank):
    published()
    kinds = dict(read("select table_name, table_type from information_schema.tables where table_schema = 'history'"))
    assert kinds == {"balances": "BASE TABLE", "balance_sums": "VIEW", "business_dates": "BASE TABLE"}
    assert read("select balance from history.balance_sums") == [(30,)]


def test_comments_and_constraints_are_published(bank):
    published()
    comments = read("select comment from duckdb_tables() where comment is not null order by 1")
    assert ("标签: it's all of them",) in comments and ("余额: without the accounts",) in comments
    columns = "select table_name, column_name, comment from duckdb_columns() where schema_name in ('marts', 'history')"
    assert {("customer_tags", "tier", "层级: Tier"), ("balances", "balance", "余额: Balance")} <= set(read(columns))
    nullable = (
        "select is_nullable from duckdb_columns() where column_name = 'customer_id' and table_name = 'customer_tags'"
    )
    assert read(nullable) == [(False,)]


def test_a_published_file_says_what_it_is(bank):
    published()
    about = "select as_of_date, checks_passed, checks_warned, is_demo_bank from governance.publication"
    assert read(about) == [(DATE, 7, 1, True)]


def test_a_project_whose_relations_no_longer_fit_publishes_nothing(bank):
    before = published()
    build(DATE + ONE_DAY)
    with duckdb.connect(str(work_file())) as con:
        con.execute("drop table intermediate.int_accounts")
    with pytest.raises(PublicationError, match="readers keep what they have: Catalog Error"):
        publish_work(CHECKS, "Li", "a test", is_older_meant=False)
    assert current_version() == before
    assert {file.name for file in versions.versions_folder().iterdir()} == {
        ".lock",
        f"{before.name}.duckdb",
        f"{before.name}.json",
    }


# When it changes.


def test_a_reader_keeps_what_they_have_open_and_the_next_one_sees_the_new_version(bank):
    published()
    with duckdb.connect(str(warehouse_file()), read_only=True) as con:
        published(DATE + ONE_DAY, rows=5)
        published(DATE + 2 * ONE_DAY, rows=6)
        assert con.execute("select count(*), max(as_of_date) from marts.customer_tags").fetchone() == (3, DATE)
    assert read("select count(*) from marts.customer_tags") == [(6,)]


def test_readers_beside_see_one_version_or_the_other(bank):
    """A reader that opens the file again and again while versions come and go: each answer is of one version."""
    published()
    stop, answers, errors = threading.Event(), set(), []

    def reader() -> None:
        # A process of its own: DuckDB shares an open file within one.
        script = textwrap.dedent(
            """
            import sys, duckdb
            sql = '''select (select count(*) from marts.customer_tags), (select count(*) from marts.customer_360),
                     (select max(as_of_date) from history.business_dates)'''
            while sys.stdin.readline():
                with duckdb.connect(sys.argv[1], read_only=True) as con:
                    print(*con.execute(sql).fetchone(), flush=True)
            """
        )
        with subprocess.Popen(
            [sys.executable, "-c", script, str(warehouse_file())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            while not stop.is_set():
                process.stdin.write("again\n")
                process.stdin.flush()
                line = process.stdout.readline()
                if not line:
                    break
                answers.add(tuple(line.split()))
            process.stdin.close()
            errors.append(process.stderr.read())

    thread = threading.Thread(target=reader)
    thread.start()
    possible = {("3", "3", str(DATE))}
    for number in range(1, 8):
        published(DATE + number * ONE_DAY, rows=3 + number)
        possible.add((str(3 + number), str(3 + number), str(DATE + number * ONE_DAY)))
    stop.set()
    thread.join()
    assert errors == [""]
    assert len(answers) > 1 and answers <= possible


def test_nobody_can_write_to_the_published_file_and_its_readers_stay_the_same(bank):
    published()
    assert warehouse_file().stat().st_mode & 0o777 == 0o400
    warehouse_file().chmod(0o640)
    published(DATE + ONE_DAY)
    assert warehouse_file().stat().st_mode & 0o777 == 0o440


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to any group")
def test_the_group_that_reads_the_published_file_reads_the_next_version(bank):
    published()
    os.chown(warehouse_file(), -1, 4242)
    warehouse_file().chmod(0o440)
    published(DATE + ONE_DAY)
    found = warehouse_file().stat()
    assert (found.st_gid, found.st_mode & 0o777) == (4242, 0o440)


def test_a_rollback_keeps_todays_readers(bank):
    """A version that was made when nobody else might read is read by whoever may today."""
    published()
    warehouse_file().chmod(0o400)
    published(DATE + ONE_DAY)
    warehouse_file().chmod(0o444)
    assert run("rollback", str(DATE), "--by", "Li", "--reason", "x")[0] == 0
    assert warehouse_file().stat().st_mode & 0o777 == 0o444


def test_what_a_writer_left_beside_the_published_file_does_not_reach_the_next_version(bank):
    published()
    wal = warehouse_file().with_name(f"{warehouse_file().name}.wal")
    wal.write_bytes(b"of another file")
    published(DATE + ONE_DAY, rows=4)
    assert not wal.exists() and read("select count(*) from marts.customer_tags") == [(4,)]


def test_an_earlier_date_is_published_only_where_it_is_meant(bank):
    published()
    with pytest.raises(PublicationError, match=r"a build of 2026-06-29, and readers have 2026-06-30. If that is meant"):
        published(DATE - ONE_DAY)
    assert read("select max(as_of_date) from marts.customer_tags") == [(DATE,)]
    published(DATE - ONE_DAY, is_older_meant=True)
    assert read("select max(as_of_date) from marts.customer_tags") == [(DATE - ONE_DAY,)]


@pytest.mark.parametrize("place", ["versions", "lists"])
def test_a_folder_that_cannot_be_written_is_named(bank, place):
    before = published()
    folder = bank / "lists" if place == "lists" else warehouse_file().parent / "versions"
    folder.rename(folder.with_name("moved"))
    folder.write_text("a file in the way", encoding="utf-8")
    digest = records.digest(warehouse_file())
    build(DATE + ONE_DAY)
    with pytest.raises(PublicationError, match=str(folder)):
        publish_work(CHECKS, "Li", "a test", is_older_meant=False)
    assert records.digest(warehouse_file()) == digest == before.digest


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_command_that_is_told_to_end_does_so_with_one_line(bank, number, code):
    """While it waits for another one, which holds the versions."""
    published()
    command = [sys.executable, "-m", "banktags", "rollback", str(DATE), "--by", "Li", "--reason", "x"]
    environment = os.environ | {"COLUMNS": "200"}
    with (
        versions.publishing(),
        subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr.readline().startswith("another command holds")
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert len(said.splitlines()) == 1 and said.startswith("Stopped: readers have a whole version")


def test_the_working_file_is_asked_where_a_remedy_says_so(bank):
    published()
    build(DATE + ONE_DAY, rows=5)
    count = "select 'rows: ' || count(*) as told from intermediate.int_accounts"
    assert "rows: 5" in run("query", "--work", count)[1]
    assert run("query", count)[0] != 0
    assert "rows: 3" in run("query", "select 'rows: ' || count(*) as told from marts.customer_tags")[1]


def test_a_remedy_that_asks_the_warehouse_asks_what_the_failed_build_left():
    """Readers keep the version before: there is nothing wrong in it, and no staging."""
    texts = {
        file: text
        for place in ("tests/dbt", "models", "macros")
        for file in sorted((PROJECT_ROOT / place).rglob("*.sql"))
        if "banktags query" in (text := file.read_text(encoding="utf-8"))
    }
    assert len(texts) > 5
    assert {file.name for file, text in texts.items() if re.search("banktags query (?!--work)", text)} == set()


def test_a_full_disk_leaves_the_version_before_and_nothing_else(bank, monkeypatch):
    before = published()

    def fails(session, work, file, about):
        file.write_bytes(b"half")
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    monkeypatch.setattr(publication, "copy_published", fails)
    with pytest.raises(PublicationError, match=r"readers keep what they have: .*No space left on device"):
        published(DATE + ONE_DAY)
    assert current_version() == before and kept_versions() == [before]
    assert not list(versions.versions_folder().glob("*-draft-*"))


@pytest.fixture
def small_disk(bank, monkeypatch) -> Iterator[Path]:
    """A disk of a few megabytes with the published file, its versions and the records; dbt's file lies elsewhere."""
    monkeypatch.setenv("BANK_TAGS_WORK", str(bank / "elsewhere" / "bank.duckdb"))
    disk = warehouse_file().parent
    monkeypatch.setenv("BANK_TAGS_LISTS", str(disk / "lists"))
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_on_a_full_disk_readers_keep_a_whole_version_wherever_the_room_ends(small_disk):
    """The disk has room for a little more each time, up to all that a version takes."""
    before, filler, refused = published(), small_disk / "filler", 0
    build(DATE + ONE_DAY)
    for free in range(0, before.size + 400_000, 48 * 1024):
        room = shutil.disk_usage(small_disk).free - free
        filler.write_bytes(bytes(max(room, 0)))
        try:
            version = publish_work(CHECKS, "Li", "a test", is_older_meant=False)
        except PublicationError as error:
            assert len(str(error).splitlines()) == 1 and "space" in str(error).lower(), error
            refused += 1
            version = before
        filler.unlink()
        assert current_version() == version and records.digest(warehouse_file()) == version.digest
        assert read("select max(as_of_date) from marts.customer_tags") == [(version.as_of_date,)]
        assert run("publish", "--verify")[0] == 0
        if version != before:
            break
    assert refused > 5 and version != before
    assert not list(small_disk.rglob("*-draft-*")) and len(list(small_disk.rglob("*.duckdb"))) == 3


def test_a_disk_that_cannot_be_written_leaves_readers_what_they_have(small_disk):
    version = published()
    build(DATE + ONE_DAY)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    code, said = run("rollback", str(DATE), "--by", "Li", "--reason", "a test")
    assert code == 1 and "can't be written, so nothing is published: Read-only file system" in said
    with pytest.raises(PublicationError, match="Read-only file system"):
        publish_work(CHECKS, "Li", "a test", is_older_meant=False)
    assert read("select max(as_of_date) from marts.customer_tags") == [(DATE,)] and current_version() == version


def test_what_a_killed_publication_left_is_cleared_by_the_next(bank):
    published()
    folder = versions.versions_folder()
    versions.draft_path(folder).write_bytes(b"half")
    (folder / "2026-07-01-0123456789ab.duckdb").write_bytes(b"without what is said of it")
    versions.draft_path(warehouse_file().parent).write_bytes(b"half")
    versions.draft_path(work_file().parent).write_bytes(b"half")
    versions.draft_path(bank).mkdir()
    of_another = warehouse_file().parent / ".other-draft-89ab"
    of_another.write_bytes(b"of a warehouse beside")
    new = published(DATE + ONE_DAY)
    assert {file.name for file in folder.glob("*.duckdb")} == {
        f"2026-06-30-{kept_versions()[1].digest[:12]}.duckdb",
        f"{new.name}.duckdb",
    }
    assert list(bank.rglob("*-draft-*")) == [of_another]


# The working file.


def test_the_working_file_begins_with_what_is_published(bank):
    published()
    work_file().unlink()
    begin_work()
    assert read("select as_of_date from history.business_dates", work_file()) == [(DATE,)]
    build(DATE + ONE_DAY)
    assert read("select count(*) from history.business_dates", work_file()) == [(2,)]


def test_a_warehouse_of_before_is_taken_over_and_read_until_the_first_publication(bank):
    build()
    shutil.move(work_file(), warehouse_file())
    begin_work()
    assert read("select count(*) from staging.base_core__batches", work_file()) == [(1,)]
    assert read("select count(*) from marts.customer_tags") == [(3,)]
    published()
    assert read("select count(*) from duckdb_tables() where schema_name = 'staging'") == [(0,)]


def test_a_truncated_working_file_is_named_with_the_remedy(bank):
    published()
    with work_file().open("r+b") as file:
        file.truncate(5000)
    fault = damage_of_work()
    assert fault.startswith(f"{work_file()} is damaged") and "Move the file away" in fault
    assert read("select count(*) from marts.customer_tags") == [(3,)]
    work_file().unlink()
    begin_work()
    assert damage_of_work() is None


def test_a_working_file_of_another_name_is_refused(bank, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_WORK", str(bank / "other.duckdb"))
    with pytest.raises(PublicationError, match=r"give it the file name of BANK_TAGS_DB, bank\.duckdb, in another"):
        begin_work()


# Versions.


def test_versions_are_kept_for_days_of_business_dates(bank, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_VERSIONS_DAYS", "3")
    night, seconds = datetime.datetime(2026, 7, 1, 2), iter(range(1000))
    monkeypatch.setattr(records.clock, "now", lambda zone=None: night + datetime.timedelta(seconds=next(seconds)))
    for number in range(5):
        published(DATE + number * ONE_DAY)
    published(DATE + 4 * ONE_DAY, rows=9)
    kept = kept_versions()
    assert [version.as_of_date for version in kept] == [DATE + number * ONE_DAY for number in (4, 4, 3, 2)]
    assert kept[0].relations["marts.customer_tags"] == 9
    # Of today's date the one before is kept until the next is published: a wrong build of it can be taken back.
    assert run("rollback", "--by", "Li", "--reason", "nine are wrong")[0] == 0
    assert current_version() == kept[1]
    published(DATE + 5 * ONE_DAY)
    assert kept[1] in kept_versions()
    published(DATE + 6 * ONE_DAY)
    assert [version.as_of_date for version in kept_versions()] == [DATE + number * ONE_DAY for number in (6, 5, 4)]


def test_who_waits_for_another_command_says_so_and_gives_up(bank, monkeypatch):
    published()
    monkeypatch.setenv("BANK_TAGS_LOCK_WAIT", "0")
    with versions.publishing():
        code, said = run("rollback", str(DATE), "--by", "Li", "--reason", "x")
    assert code == 75 and "another command still holds" in said


def test_a_published_file_that_is_a_link_is_refused(bank):
    published()
    elsewhere = bank / "elsewhere.duckdb"
    warehouse_file().rename(elsewhere)
    warehouse_file().symlink_to(elsewhere)
    build(DATE + ONE_DAY)
    with pytest.raises(PublicationError, match="is a link: let BANK_TAGS_DB name the file"):
        publish_work(CHECKS, "Li", "a test", is_older_meant=False)
    assert warehouse_file().is_symlink()


def test_the_version_that_readers_see_is_kept_however_old(bank, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_VERSIONS_DAYS", "2")
    first = published()
    published(DATE + ONE_DAY)
    assert run("rollback", str(DATE), "--by", "Li", "--reason", "wrong rates")[0] == 0
    with versions.publishing():
        versions.prune()
    assert current_version() == first
    assert first in kept_versions()


def test_versions_are_listed(bank):
    assert run("versions") == (0, f"no version was published yet: {versions.versions_folder()} ")
    first, second = published(), published(DATE + ONE_DAY)
    code, said = run("versions")
    assert code == 0 and first.digest[:12] in said and "→ ┃" not in said
    rows = json.loads(CliRunner().invoke(app, ["versions", "--json"]).output)
    assert [(row["name"], row["is_current"]) for row in rows] == [(second.name, True), (first.name, False)]
    assert rows[0]["size"] == second.file.stat().st_size and rows[0]["passed"] == 7


def test_rollback_gives_the_version_before_and_says_who_and_why(bank):
    first = published()
    published(DATE + ONE_DAY, rows=8)
    code, said = run("rollback", "--by", "Li", "--reason", "wrong rates")
    assert code == 0 and first.name in said
    assert read("select count(*) from marts.customer_tags") == [(3,)]
    kept = f"select action, published_by, reason, digest from read_parquet('{bank}/lists/publications/*.parquet')"
    assert duckdb.sql(f"{kept} order by record_number desc limit 1").fetchone() == (
        "rollback",
        "Li",
        "wrong rates",
        first.digest,
    )
    published(DATE + 2 * ONE_DAY, rows=9)
    assert read("select count(*) from marts.customer_tags") == [(9,)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reason", " "], "--reason is blank"),
        (["--by", "", "--reason", "x"], "--by is blank"),
        (["2020-01-01", "--reason", "x"], "there is no version 2020-01-01: kept are 2026-06-30-"),
        (["--reason", "x"], "there is no earlier version: kept are 2026-06-30-"),
    ],
)
def test_a_rollback_that_cannot_be_is_refused(bank, arguments, message):
    version = published()
    code, said = run("rollback", "--by", "Li", *arguments)
    assert code != 0 and message in said
    assert current_version() == version


def test_a_rollback_to_a_date_takes_its_newest_version(bank, monkeypatch):
    """Two of a date are kept where the publication of the second was killed before it removed the first."""
    night, seconds = datetime.datetime(2026, 7, 1, 2), iter(range(1000))
    monkeypatch.setattr(records.clock, "now", lambda zone=None: night + datetime.timedelta(seconds=next(seconds)))
    monkeypatch.setattr(versions, "prune", lambda before: [])
    published(), published(rows=5)
    third = published(DATE + ONE_DAY)
    assert [version.as_of_date for version in kept_versions()] == [third.as_of_date, DATE, DATE]
    assert run("rollback", str(DATE), "--by", "Li", "--reason", "x")[0] == 0
    assert read("select count(*) from marts.customer_tags") == [(5,)]


@pytest.mark.parametrize("whose", ["current", "kept"])
def test_a_version_changed_by_hand_is_noticed(bank, whose):
    first, second = published(), published(DATE + ONE_DAY)
    code, said = run("publish", "--verify")
    assert code == 0 and "2 versions are as they passed their checks" in said and first.digest in said
    changed = second if whose == "current" else first
    changed.file.chmod(0o600)
    with duckdb.connect(str(changed.file)) as con:
        con.execute("update marts.customer_tags set tier = 'private'")
    code, said = run("publish", "--verify")
    assert code == 1 and changed.file.name in said.replace(" ", "")
    assert run("rollback", str(changed.as_of_date), "--by", "Li", "--reason", "x")[0] == 1


def forged(version: Version) -> None:
    """Another version than passed its checks, with all that would have to be said of it."""
    draft = version.file.with_name("draft.duckdb")
    shutil.copyfile(version.file, draft)
    with duckdb.connect(str(draft)) as con:
        con.execute("update marts.customer_tags set tier = 'private'")
    other = replace(version, as_of_date=version.as_of_date - ONE_DAY, digest=records.digest(draft))
    draft.rename(other.file)
    other.file.with_suffix(".json").write_text(versions.said_of(other), encoding="utf-8")


def beside(version: Version) -> None:
    """A write-ahead log beside what readers open, as DuckDB would apply it."""
    warehouse_file().with_name(f"{warehouse_file().name}.wal").write_bytes(b"x")


def said_otherwise(version: Version) -> None:
    file = version.file.with_suffix(".json")
    file.write_text(file.read_text(encoding="utf-8").replace('"passed": 7', '"passed": 99'), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (forged, "nobody published it by a command"),
        (beside, "lies beside a file that nobody writes"),
        (said_otherwise, "does not say what it said when it was published"),
        (lambda version: warehouse_file().unlink(), "is gone, and versions of it are on record"),
        (lambda version: shutil.rmtree(versions.versions_folder()), "is none of the versions"),
    ],
    ids=["a forged version", "a log beside it", "other words", "no published file", "no versions"],
)
def test_what_no_command_made_is_noticed_and_never_given_to_readers(bank, change, fault):
    version = published()
    change(version)
    code, said = run("publish", "--verify")
    assert code == 1 and fault in said
    if change in (forged, said_otherwise):
        asked = version.as_of_date - ONE_DAY if change is forged else version.as_of_date
        code, said = run("rollback", str(asked), "--by", "Li", "--reason", "x")
        assert code == 1 and fault in said and current_version().digest == version.digest


def test_a_command_does_not_read_what_a_log_beside_the_published_file_says(bank):
    version = published()
    beside(version)
    code, said = run("query", "select 1 from marts.customer_tags")
    assert code == 2 and "would change what is read. Remove it" in said


@pytest.mark.parametrize("said", ['"heads": []', '"digest": 5', '"size": "x"', '"relations": null'])
def test_what_is_said_of_a_version_in_another_form_is_damage(bank, said):
    version = published()
    file = version.file.with_suffix(".json")
    field = said.split(":")[0]
    text = re.sub(rf"{field}: (\{{[^}}]*\}}|[^,\n]*)", said, file.read_text(encoding="utf-8"), count=1)
    file.write_text(text, encoding="utf-8")
    code, told = run("versions")
    assert code == 1 and "is damaged: remove it with the .duckdb of the same name" in told


def keep_records(number: int = 3) -> list[Path]:
    """Records of exports, and with the last of them a frozen list."""
    for each in range(number):
        records.record("exports", {"exported_by": "Li", "reason": f"test {each}"})
    file = records.lists_folder() / "assignments" / "SPRING.parquet"
    with records.draft(file, is_own_folder=True) as draft:
        duckdb.execute(f"copy (select 'C1' as customer_id, 'CONTROL' as arm) to '{draft.path}' (format parquet)")
        row = {"exported_by": "Li", "reason": "freeze", "kind": "freeze", "file_name": file.name}
        draft.publish("exports", {**row, "file_digest": draft.digest()})
    return sorted((records.lists_folder() / "exports").glob("*.parquet"), key=record_number)


def record_number(file: Path) -> int:
    return duckdb.execute(f"select record_number from read_parquet('{file}')").fetchone()[0]


def rewrite(file: Path, sql: str) -> None:
    """Change a Parquet file by hand."""
    other = file.with_name(".other")
    duckdb.execute(f"copy ({sql.format(file=file)}) to '{other}' (format parquet)")
    other.replace(file)
    file.chmod(0o600)


#: What somebody does to records and frozen lists by hand, and what is said of it.
BY_HAND = {
    "the first record removed": (lambda kept, frozen: kept[0].unlink(), "record 1 of 4 of exports is gone"),
    "the last record removed": (lambda kept, frozen: kept[-1].unlink(), "record 4 of 4 of exports is gone"),
    "a record changed": (
        lambda kept, frozen: rewrite(kept[1], "select * replace ('Wang' as exported_by) from '{file}'"),
        "record 2 of 4 of exports is gone, or is not as it was kept",
    ),
    "a record put in between": (
        lambda kept, frozen: shutil.copy(kept[1], kept[1].with_name("20260101T000000-0123456789abcdef.parquet")),
        "follows no record of exports",
    ),
    "a record of nobody's": (
        lambda kept, frozen: rewrite(
            shutil.copy(kept[1], kept[1].with_name("x.parquet")),
            "select * replace ('Wang' as exported_by) from '{file}'",
        ),
        "x.parquet follows no record of exports",
    ),
    "all records removed": (lambda kept, frozen: [file.unlink() for file in kept], "record 4 of 4 of exports is gone"),
    "the head removed": (
        lambda kept, frozen: (records.lists_folder() / "heads" / "exports.parquet").unlink(),
        "heads/exports.parquet is gone",
    ),
    "a record cut": (lambda kept, frozen: kept[1].write_bytes(b"PAR1"), "is damaged: no record can be read from it"),
    "arms moved": (
        lambda kept, frozen: rewrite(frozen, "select customer_id, 'TREATMENT' as arm from '{file}'"),
        "SPRING.parquet is not the list that its freeze put on record",
    ),
    "a list removed": (lambda kept, frozen: frozen.unlink(), "SPRING.parquet is gone, and its freeze is on record"),
    "a list put there": (
        lambda kept, frozen: shutil.copy(frozen, frozen.with_name("SUMMER.parquet")),
        "SUMMER.parquet is on no record",
    ),
    "a list opened to others": (lambda kept, frozen: frozen.chmod(0o644), "SPRING.parquet may be read by others"),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_records_and_lists_changed_by_hand_are_noticed(bank, what):
    kept, frozen = keep_records(), records.lists_folder() / "assignments" / "SPRING.parquet"
    published()
    code, said = run("publish", "--verify")
    assert code == 0 and "records and frozen lists as they were kept" in said, said
    change, expected = BY_HAND[what]
    change(kept, frozen)
    code, said = run("publish", "--verify")
    assert code == 1 and expected.replace(" ", "") in said.replace(" ", ""), said
    assert "Traceback" not in said


def test_an_older_copy_of_the_records_is_noticed_though_more_were_kept_since(bank):
    kept = keep_records()
    shutil.copytree(bank / "lists", bank / "copy")
    records.record("exports", {"exported_by": "Li", "reason": "the last before the version"})
    version = published()
    shutil.rmtree(bank / "lists" / "exports")
    shutil.rmtree(bank / "lists" / "heads")
    shutil.copytree(bank / "copy" / "exports", bank / "lists" / "exports")
    shutil.copytree(bank / "copy" / "heads", bank / "lists" / "heads")
    for number in range(3):
        records.record("exports", {"exported_by": "Li", "reason": f"since {number}"})
    assert records.head_of("exports")[0] > version.heads["exports"][0] == len(kept) + 1
    code, said = run("publish", "--verify")
    assert code == 1 and "lacks the record that was its last, of 5" in said
    with pytest.raises(PublicationError, match="an older copy was put back"):
        published(DATE + ONE_DAY)


def test_a_version_that_no_command_published_is_noticed(bank):
    """Somebody who changes a version, and what is said of it, has no record of it."""
    version = published()
    forged = bank / "forged.duckdb"
    shutil.copy(version.file, forged)
    forged.chmod(0o600)
    with duckdb.connect(str(forged)) as con:
        con.execute("update marts.customer_tags set tier = 'private'")
    with versions.publishing():
        other = replace(version, digest=records.digest(forged), size=forged.stat().st_size)
        versions.add_version(forged, other)
        shutil.copy(other.file, bank / "link")
        (bank / "link").replace(warehouse_file())
    code, said = run("publish", "--verify")
    assert code == 1 and "is on no record" in said and other.name in said.replace(" ", "")


def test_a_published_file_that_was_replaced_by_hand_is_noticed(bank):
    published()
    shutil.copy(work_file(), bank / "other.duckdb")
    (bank / "other.duckdb").replace(warehouse_file())
    code, said = run("publish", "--verify")
    assert code == 1 and "is none of the versions" in said


def test_what_would_change_is_told(bank):
    published()
    build(DATE + ONE_DAY, rows=3)
    with duckdb.connect(str(work_file())) as con:
        con.execute("create table marts.new_mart as select 1 as one; drop table policy.roles")
        con.execute("alter table marts.customer_360 add column more integer")
    with duckdb.connect() as session:
        session.execute(f"attach '{work_file()}' as work (read_only)")
        told = changes(session, "work", warehouse_file())
    assert told == [
        "history.business_dates: 2 rows, before 1",
        "marts.customer_360: other columns: +more",
        "marts.customer_tags: 3 rows, other values",
        "marts.new_mart: new",
        "policy.roles: gone",
    ]


# Records, backup and restore.


def keep_record(number: int) -> None:
    records.record("exports", {"export_id": f"E{number}", "exported_by": "Li", "reason": "a test"})


def test_records_that_are_older_than_the_version_are_noticed(bank):
    for number in range(2):
        keep_record(number)
    before = published()
    shutil.copytree(bank / "lists", bank / "old")
    keep_record(2)
    published(DATE + ONE_DAY)
    shutil.rmtree(bank / "lists")
    shutil.move(bank / "old", bank / "lists")
    with pytest.raises(PublicationError, match=r"an older copy was put back: .*exports has 2 records, and had 3"):
        published(DATE + 2 * ONE_DAY)
    assert current_version().as_of_date == DATE + ONE_DAY != before.as_of_date


def test_records_of_another_chain_are_noticed(bank):
    keep_record(1)
    published()
    shutil.rmtree(bank / "lists" / "exports")
    shutil.rmtree(bank / "lists" / "heads")
    keep_record(9)
    with pytest.raises(PublicationError, match="an older copy was put back"):
        published(DATE + ONE_DAY)


def test_a_backup_brings_back_history_lists_and_what_readers_see(bank):
    keep_record(1)
    (bank / "lists" / "list.parquet").write_bytes(b"customers")
    version = published()
    file = bank / "backup.tar"
    assert run("backup", str(file), "--by", "Li")[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    for lost in ("lists", "read"):
        shutil.rmtree(bank / lost)
    code, said = run("restore", str(file), "--by", "Li", "--reason", "the disk is gone")
    assert code == 0, said
    assert current_version() == version and records.digest(warehouse_file()) == version.digest
    assert (bank / "lists" / "list.parquet").read_bytes() == b"customers"
    assert records.head_of("exports")[0] == 1
    begin_work()
    assert read("select as_of_date from history.business_dates", work_file()) == [(DATE,)]
    assert published(DATE + ONE_DAY) == current_version()


def test_an_older_backup_is_refused_unless_it_is_meant(bank):
    keep_record(1)
    old = published()
    write_backup(bank / "old.tar", "Li", "a test")
    keep_record(2)
    new = published(DATE + ONE_DAY)
    code, said = run("restore", str(bank / "old.tar"), "--by", "Li", "--reason", "x")
    assert code == 1 and "history of the dates to 2026-07-01" in said and "1 of 2 records of exports" in said
    assert current_version() == new and records.head_of("exports")[0] == 2
    assert run("restore", str(bank / "old.tar"), "--by", "Li", "--reason", "x", "--older")[0] == 0
    assert current_version() == old and records.head_of("exports")[0] == 1
    # What went is set aside, and the next night goes on from there.
    assert len(list(bank.glob("lists.before-*/exports/*.parquet"))) == 2
    assert published(DATE + ONE_DAY) == current_version()


def damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    place = content.index(b"PAR1")
    content[place] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def leading_out(file: Path) -> None:
    evil = file.with_name("evil.tar")
    with tarfile.open(file) as archive, tarfile.open(evil, "w") as other:
        for member in archive:
            content = archive.extractfile(member).read()
            if member.name == "backup.json":
                content = content.replace(b"lists/exports/", b"lists/../../x/")
                member.size = len(content)
            other.addfile(member, io.BytesIO(content))
    evil.replace(file)


@pytest.mark.parametrize("spoil", [damaged, cut, leading_out, lambda file: file.write_bytes(b"no tar")])
def test_a_backup_that_is_not_whole_changes_nothing(bank, spoil: Callable[[Path], object]):
    keep_record(1)
    version = published()
    write_backup(bank / "backup.tar", "Li", "a test")
    spoil(bank / "backup.tar")
    with pytest.raises(PublicationError, match=r"backup\.tar is (damaged|no backup)"):
        restore_backup(bank / "backup.tar", "Li", "a test", is_older_meant=True)
    assert current_version() == version and records.head_of("exports")[0] == 1
    assert not list(bank.rglob("*-draft-*")) and not (bank / "x").exists()


def test_a_backup_replaces_no_file_and_needs_a_version(bank):
    build()
    with pytest.raises(PublicationError, match="nothing is published yet"):
        write_backup(bank / "backup.tar", "Li", "a test")
    published()
    (bank / "backup.tar").write_text("mine", encoding="utf-8")
    with pytest.raises(PublicationError, match="a backup never replaces another"):
        write_backup(bank / "backup.tar", "Li", "a test")
    assert (bank / "backup.tar").read_text(encoding="utf-8") == "mine"


# One file: nothing to publish.


def test_one_file_is_read_and_filled(bank, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_WORK", str(warehouse_file()))
    build()
    code, said = run("publish")
    assert code == 1 and "there is nothing to publish" in said
    assert read("select count(*) from marts.customer_tags") == [(3,)]


def test_the_working_file_has_the_name_of_the_published_one():
    """What dbt compiles names its database by the file, and some commands run it on the published one."""
    template = yaml.safe_load((PROJECT_ROOT / "profiles.yml").read_text(encoding="utf-8"))["bank_tags"]["outputs"]
    render = jinja2.Environment().from_string(template["duckdb"]["path"]).render
    for settings, path in (
        ({}, "warehouse/work/bank_tags.duckdb"),
        ({"BANK_TAGS_DB": "own.duckdb"}, "work/own.duckdb"),
        ({"BANK_TAGS_DB": "/a b/own.duckdb"}, "/a b/work/own.duckdb"),
        ({"BANK_TAGS_DB": "/a/own.duckdb", "BANK_TAGS_WORK": "/b/own.duckdb"}, "/b/own.duckdb"),
    ):
        assert render(env_var=lambda name, default, settings=settings: settings.get(name, default)) == path


def test_a_restore_that_cannot_switch_puts_back_what_it_set_aside(bank, monkeypatch):
    published()
    keep_records()
    write_backup(bank / "backup.tar", "Li", "a test")
    records.record("exports", {"exported_by": "Li", "reason": "after the backup"})
    kept = sorted(records.lists_folder().glob("*/*.parquet"))
    monkeypatch.setattr(versions, "switch", lambda *_: (_ for _ in ()).throw(PublicationError("can't be replaced")))
    with pytest.raises(PublicationError, match="can't be replaced"):
        restore_backup(bank / "backup.tar", "Li", "a test", is_older_meant=True)
    assert all(file.exists() for file in kept)
    assert [path.name for path in bank.glob("lists*")] == ["lists"] and work_file().exists()


def test_a_backup_of_a_changed_version_is_refused(bank):
    version = published()
    version.file.chmod(0o600)
    with duckdb.connect(str(version.file)) as con:
        con.execute("update marts.customer_tags set tier = 'private'")
    with pytest.raises(PublicationError, match="Publish again, or roll back, before it is backed up"):
        write_backup(bank / "backup.tar", "Li", "a test")
    assert not (bank / "backup.tar").exists()


def test_a_restore_of_an_earlier_build_of_the_same_date_is_noticed(bank, monkeypatch):
    night, seconds = datetime.datetime(2026, 7, 1, 2), iter(range(1000))
    monkeypatch.setattr(records.clock, "now", lambda zone=None: night + datetime.timedelta(seconds=next(seconds)))
    published()
    write_backup(bank / "backup.tar", "Li", "a test")
    published(rows=9)
    with pytest.raises(PublicationError, match=f"the build of {DATE} made at"):
        restore_backup(bank / "backup.tar", "Li", "a test", is_older_meant=False)


def test_a_list_that_is_a_link_is_in_no_backup_and_noticed(bank):
    published()
    *_, kept = keep_records()
    moved = kept.rename(bank / "moved.parquet")
    kept.symlink_to(moved)
    with pytest.raises(PublicationError, match="is a link: put the file itself in its place"):
        write_backup(bank / "backup.tar", "Li", "a test")
    code, said = run("publish", "--verify")
    assert code == 1 and "is a link" in said
