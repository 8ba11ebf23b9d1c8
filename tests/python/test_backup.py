"""Backup and restore of what cannot be computed again, and that an older copy is noticed."""

import datetime
import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from published_bank import (
    DATE,
    ONE_DAY,
    build,
    keep_records,
    published,
    read,
    run,
)

from banktags import records
from banktags.publish import versions
from banktags.publish.backup import restore_backup, write_backup
from banktags.publish.publication import begin_work
from banktags.publish.versions import PublicationError, current_version
from banktags.warehouse import warehouse_file, work_file


@pytest.fixture
def bank(publishing_places) -> Path:
    return publishing_places


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


def test_a_restore_that_is_given_again_in_the_same_second_sets_aside_what_stands_then(bank, monkeypatch):
    """As after a kill: the first one may have set the lists aside, and put others there, before it came to its end."""
    moment = datetime.datetime(2026, 7, 1, 9)
    monkeypatch.setattr(records.clock, "now", lambda zone=None: moment)
    keep_record(1)
    published()
    write_backup(bank / "backup.tar", "Li", "a test")
    for again in range(3):
        restore_backup(bank / "backup.tar", "Li", "a test", is_older_meant=True)
        begin_work()
        assert len(list(bank.glob("lists.before-*"))) == again + 1
    assert len(list(work_file().parent.glob("*.before-*"))) == 3


def test_after_an_older_restore_rollback_takes_the_version_that_is_on_record(bank):
    """Those of later than the backup are kept, and nothing says who published them."""
    old = published()
    write_backup(bank / "old.tar", "Li", "a test")
    later = published(rows=9)
    restore_backup(bank / "old.tar", "Li", "a test", is_older_meant=True)
    assert later in versions.kept_versions()
    code, said = run("rollback", str(DATE), "--by", "Li", "--reason", "the day before")
    assert code == 0 and current_version() == old, said
    code, said = run("rollback", later.digest[:12], "--by", "Li", "--reason", "that one")
    assert code == 1 and "on no record" in said and current_version() == old


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
    with pytest.raises(PublicationError, match=r"nothing is published: .* run make build"):
        write_backup(bank / "backup.tar", "Li", "a test")
    published()
    (bank / "backup.tar").write_text("mine", encoding="utf-8")
    with pytest.raises(PublicationError, match="a backup never replaces another"):
        write_backup(bank / "backup.tar", "Li", "a test")
    assert (bank / "backup.tar").read_text(encoding="utf-8") == "mine"


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
