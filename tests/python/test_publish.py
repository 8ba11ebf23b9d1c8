"""Publishing: what readers see, when it changes, and that nothing on the way makes it a mixture."""

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml
from published_bank import ACCOUNT, CHECKS, DATE, ONE_DAY, build, published, read, run
from small_disk import mounted

from banktags import records
from banktags.contract import PROJECT_ROOT
from banktags.publish import publication, versions
from banktags.publish.publication import begin_work, damage_of_work, publish_work
from banktags.publish.versions import PublicationError, current_version, kept_versions
from banktags.warehouse import warehouse_file, work_file


@pytest.fixture
def bank(publishing_places) -> Path:
    return publishing_places


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


def test_a_view_with_an_alias_that_is_called_as_a_schema_stays_one(bank):
    """The largest views join seeds as labels; as tables they would take a version minutes and gigabytes."""
    build()
    with duckdb.connect(str(work_file())) as con:
        con.execute(
            """
            create view portraits.named as
            select intermediate.customer_id, staging.name_zh
            from marts.customer_tags as intermediate
            inner join policy.labels as staging using (tier)
            """
        )
    publish_work(CHECKS, "tests", "a test", is_older_meant=False)
    assert ("portraits", "named") in read("select schema_name, view_name from duckdb_views() where not internal")


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
    with mounted(disk, megabytes=6):
        yield disk


def test_a_killed_test_leaves_no_disk_behind(tmp_path):
    """Left-over mounts would be in the way of the next session, which clears the folders of those before."""
    disk = tmp_path / "disk"
    script = f"""
        import os, pathlib, signal, small_disk
        with small_disk.mounted(pathlib.Path({str(disk)!r}), 1):
            print(*[line for line in open("/proc/self/mounts") if {str(disk)!r} in line], flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    path = os.environ | {"PYTHONPATH": str(PROJECT_ROOT / "tests" / "python")}
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, env=path, capture_output=True, text=True)
    if "Skipped" in done.stderr:
        pytest.skip("no disk can be mounted here")
    assert done.returncode == -signal.SIGKILL and str(disk) in done.stdout, done.stderr
    deadline = time.monotonic() + 20
    while disk.is_mount() and time.monotonic() < deadline:
        time.sleep(0.02)
    disk.rmdir()


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
        code, said = run("publish", "--verify")
        assert code == 0, said
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


def test_asking_makes_no_working_file_and_a_build_makes_its_folder(bank):
    begin_work()
    assert list(bank.iterdir()) == []
    begin_work(is_filled=True)
    assert work_file().parent.is_dir() and not work_file().exists()
    published()
    shutil.rmtree(work_file().parent)
    code, said = run("publish", "--check")
    assert code == 1 and f"nothing was built since readers have what they have: {work_file()} does not exist" in said
    assert not work_file().parent.exists()


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


@pytest.mark.parametrize("command", [("publish", "--check"), ("publish", "--by", "Li")])
def test_a_command_on_a_truncated_working_file_says_what_to_do(bank, command):
    published()
    with work_file().open("r+b") as file:
        file.truncate(5000)
    code, said = run(*command)
    assert code == 1 and f"{work_file()} is damaged" in said and "Move the file away" in said
    assert read("select count(*) from marts.customer_tags") == [(3,)]


def test_a_working_file_of_another_name_is_refused(bank, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_WORK", str(bank / "other.duckdb"))
    with pytest.raises(PublicationError, match=r"give it the file name of BANK_TAGS_DB, bank\.duckdb, in another"):
        begin_work()


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
        ({}, "warehouse/building/bank_tags.duckdb"),
        ({"BANK_TAGS_DB": "own.duckdb"}, "building/own.duckdb"),
        ({"BANK_TAGS_DB": "/a b/own.duckdb"}, "/a b/building/own.duckdb"),
        ({"BANK_TAGS_DB": "/a/own.duckdb", "BANK_TAGS_WORK": "/b/own.duckdb"}, "/b/own.duckdb"),
    ):
        assert render(env_var=lambda name, default, settings=settings: settings.get(name, default)) == path
