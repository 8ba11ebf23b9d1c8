"""What is published from the working file: a version of it, and only one that readers may go over to."""

import datetime
import os
import shutil
from dataclasses import dataclass

import duckdb

from banktags import records
from banktags.demo_warehouse import has_demo_batches_only
from banktags.load.extract import literal
from banktags.publish import versions
from banktags.publish.contents import copy_published
from banktags.publish.versions import PublicationError, Version
from banktags.warehouse import is_one_file, memory_limit, wait_until_free, warehouse_file, work_file

#: Name under which the working file is attached by a command that is not dbt.
WORK = "banktags_work"


@dataclass(frozen=True)
class Checks:
    """How many checks of a build passed, and how many only warned; none that fails a build failed."""

    passed: int
    warned: int


def begin_work(is_filled: bool = False) -> None:
    """Where there is no working file yet, begin it with what is published: its history goes on.

    So does a warehouse of before there were versions, and one whose working file was lost or moved away. Where nothing
    is published either, nothing is made, but for the folder of a file that dbt is about to fill (``is_filled``).

    Raises:
        PublicationError: it can't be written.
        WarehouseBusy: another program has the published file open for writing.
    """
    work, published = work_file().absolute(), warehouse_file().absolute()
    if is_one_file():
        return
    if work.name != published.name:
        raise PublicationError(
            f"BANK_TAGS_WORK is {work}: give it the file name of BANK_TAGS_DB, {published.name}, in another folder. "
            "What dbt compiles names its database by the file"
        )
    try:
        if is_filled:
            work.parent.mkdir(parents=True, exist_ok=True)
        if work.exists() or not published.exists():
            return
        work.parent.mkdir(parents=True, exist_ok=True)
        with versions.publishing():
            wait_until_free(published, read_only=True)
            draft = versions.draft_path(work.parent)
            try:
                shutil.copyfile(published, draft)
                draft.chmod(records.PRIVATE_FILE)
                # What was written beside a working file that is gone belongs to none.
                work.with_name(f"{work.name}.wal").unlink(missing_ok=True)
                draft.replace(work)
            finally:
                draft.unlink(missing_ok=True)
    except OSError as error:
        raise PublicationError(
            f"{work} can't be written, so nothing can be built: {error.strerror}. Free room there, give this user the "
            "right to write there, or let BANK_TAGS_WORK name a file elsewhere"
        ) from error


def damage_of_work() -> str | None:
    """Why the working file can't be read, whoever holds it, and what to do; None where it can."""
    work = work_file()
    if not work.exists():
        return None
    try:
        duckdb.connect(str(work), read_only=True).close()
    except duckdb.Error as error:
        if "Could not set lock" in str(error) or "different configuration" in str(error):
            return None
        first = str(error).splitlines()[0]
        return (
            f"{work} is damaged ({first}). Readers keep what was published. Move the file away: the same command then "
            "begins with the published version, and history with it"
        )
    return None


def publish_build(session: duckdb.DuckDBPyConnection, work: str, checks: Checks) -> Version:
    """Publish what a build of the whole project has left in the attached database ``work``, and switch readers to it.

    Raises:
        PublicationError: it can't be written, or it stands before what readers have; nothing is switched.
    """
    by = records.machine_user() or f"uid {os.getuid()}"
    return publish(session, work, checks, by, "all checks of the build passed", is_older_meant=False)


def publish(
    session: duckdb.DuckDBPyConnection, work: str, checks: Checks, by: str, reason: str, is_older_meant: bool
) -> Version:
    """Make a version of the attached database ``work``, and switch readers to it.

    Raises:
        PublicationError: it can't be written; or it stands before what readers have, and that is not meant.
    """
    with versions.publishing():
        date = date_of(session, work)
        if not is_older_meant and (faults := older_faults(date)):
            raise PublicationError(f"{'; '.join(faults)}. If that is meant: banktags publish --older")
        before = versions.current_version()
        version = _made(session, work, date, checks)
        versions.switch(version, by, reason, "publish")
        versions.prune(before)
    return version


def publish_work(checks: Checks, by: str, reason: str, is_older_meant: bool) -> Version:
    """Publish what stands in the working file, as a command that is not dbt.

    Raises:
        PublicationError: as ``publish``.
        WarehouseBusy: a build is running.
    """
    begin_work()
    wait_until_free(work_file(), read_only=True)
    with attached_work() as session:
        return publish(session, WORK, checks, by, reason, is_older_meant)


def attached_work() -> duckdb.DuckDBPyConnection:
    """A session of its own in which the working file is attached, to be read."""
    session = duckdb.connect()
    session.execute(f"set memory_limit = {literal(memory_limit())}")
    session.execute(f"attach {literal(work_file())} as {WORK} (read_only)")
    return session


def older_faults(date: datetime.date) -> list[str]:
    """A line for all in which a version of a date would stand before the one that readers have."""
    current = versions.current_version()
    if current is None:
        return []
    faults = []
    if date < current.as_of_date:
        faults.append(f"this is a build of {date}, and readers have {current.as_of_date}")
    return faults + [f"an older copy was put back: {line}" for line in versions.lost_records(current)]


def is_older(date: datetime.date) -> bool:
    """Whether readers have a later date than this one: a build of it is to be looked at, not to be published."""
    current = versions.current_version()
    return current is not None and date < current.as_of_date


def date_of(session: duckdb.DuckDBPyConnection, work: str) -> datetime.date:
    """The business date that an attached database stands on.

    Raises:
        PublicationError: it has no customers.
    """
    try:
        found = session.execute(f"select max(as_of_date) from {work}.marts.customer_tags").fetchone()
    except duckdb.CatalogException:
        found = None
    if not found or found[0] is None:
        raise PublicationError(f"{work_file()} has no customers: run dbt build first")
    return found[0]


def is_recorded(session: duckdb.DuckDBPyConnection, work: str, date: datetime.date) -> bool:
    """Whether the build of a date was completed, as the ledger of an attached database says: all models, all checks."""
    try:
        (found,) = session.execute(
            f"select count(*) from {work}.history.business_dates where as_of_date = ?", [date]
        ).fetchone()
    except duckdb.CatalogException:
        return False
    return found > 0


def _made(session: duckdb.DuckDBPyConnection, work: str, date: datetime.date, checks: Checks) -> Version:
    folder = versions.versions_folder()
    draft = versions.draft_path(folder)
    try:
        built_at = records.clock.now()
        about = {"as_of_date": date, "built_at": built_at, "is_demo_bank": has_demo_batches_only(session, f"{work}.")}
        about |= {"checks_passed": checks.passed, "checks_warned": checks.warned}
        relations = copy_published(session, work, draft, about)
        version = Version(
            as_of_date=date,
            built_at=built_at,
            digest=records.digest(draft),
            size=draft.stat().st_size,
            passed=checks.passed,
            warned=checks.warned,
            relations={relation.full_name: relation.rows for relation in relations},
            heads=versions.record_heads(),
        )
        return versions.add_version(draft, version)
    except (duckdb.Error, OSError) as error:
        line = " ".join(str(error).split())
        raise PublicationError(
            f"no version can be made in {folder}, so readers keep what they have: {line}. Mend that (where a disk is "
            "full, free room there), and run the same command again"
        ) from error
    finally:
        for left in (draft, draft.with_name(f"{draft.name}.wal")):
            left.unlink(missing_ok=True)
