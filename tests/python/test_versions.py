"""Versions: which are kept, the way back to one, and that none is given to readers that no command made."""

import datetime
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from published_bank import (
    CHECKS,
    DATE,
    ONE_DAY,
    build,
    keep_records,
    published,
    read,
    rewrite,
    run,
)
from typer.testing import CliRunner

from banktags import records
from banktags.cli import app
from banktags.publish import versions
from banktags.publish.changes import changes
from banktags.publish.publication import publish_work
from banktags.publish.versions import PublicationError, Version, current_version, kept_versions
from banktags.warehouse import warehouse_file, work_file


@pytest.fixture
def bank(publishing_places) -> Path:
    return publishing_places


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
    code, said = run("versions")
    assert code == 1 and f"nothing is published: {warehouse_file()} does not exist" in said
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
