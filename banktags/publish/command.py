"""Commands ``banktags publish``, ``banktags versions``, ``banktags rollback``: what readers see, and since when."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import duckdb
import typer
from rich.table import Table

from banktags import records
from banktags.nightly.run_record import NOT_YET
from banktags.private import private_from_here
from banktags.publish import publication, versions
from banktags.publish.changes import changes
from banktags.publish.kept import kept_faults, on_record, unrecorded
from banktags.publish.publication import Checks
from banktags.publish.versions import PublicationError, Version
from banktags.stopping import ending_with
from banktags.terminal import Screen, json_text, say
from banktags.warehouse import WarehouseBusy, is_one_file, missing, wait_until_free, warehouse_file, work_file

By = Annotated[
    str,
    typer.Option("--by", help="Who does it; default: the user of this machine.", default_factory=records.machine_user),
]
#: What is said of a command that was told to end.
STOPPED = "Stopped: readers have a whole version, the one before or the new one. Run this again."


def publish(
    by: By,
    check: Annotated[bool, typer.Option("--check", help="Say what readers would see change; publish nothing.")] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Say whether versions, records and lists are as they were kept; no more."),
    ] = False,
    older: Annotated[
        bool, typer.Option("--older", help="Publish although readers have a later date, or more records.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why, for the record; --older needs it.")] = None,
) -> None:
    """Run the checks on what was built last, and give it to readers when all have passed.

    Whole builds that passed are published already, by dbt build and banktags
    run. This is for what they left: a build whose checks ran later, or a date
    before the one that readers have.
    """
    private_from_here()
    if check and verify:
        raise typer.BadParameter("ask for one of them", param_hint="--check")
    with clear_errors():
        if verify:
            _verify()
        elif check:
            _tell_changes()
        else:
            if older and reason is None:
                raise typer.BadParameter("say why readers go back: it goes on record", param_hint="--reason")
            _publish(by, reason or "its checks were run and passed", older)


def show_versions(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """List the versions that passed their checks, the newest first, and which of them readers see."""
    with clear_errors():
        versions.check_published()
        kept, current = versions.kept_versions(), versions.current_version()
    if as_json:
        rows = [
            {**asdict(version), "name": version.name, "file": str(version.file), "is_current": version == current}
            for version in kept
        ]
        say(json_text(json.loads(json.dumps(rows, default=str)), indent=1))
        return
    if not kept:
        say(f"no version was published yet: {versions.versions_folder()}")
        return
    table = Table("", "date", "built at", "digest", "checks", "tables", "MB")
    for version in kept:
        warned = f", {version.warned} warn" if version.warned else ""
        table.add_row(
            "→" if version == current else "",
            str(version.as_of_date),
            str(version.built_at),
            version.digest[:12],
            f"{version.passed} passed{warned}",
            str(len(version.relations)),
            f"{version.size / 1e6:.1f}",
        )
    Screen().print(table)
    if current is None:
        say(f"{warehouse_file()} is none of them: banktags publish --verify says more")


def rollback(
    by: By,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    to: Annotated[
        str | None,
        typer.Argument(metavar="[VERSION]", help="Its date, or how its digest begins; default: the one before."),
    ] = None,
) -> None:
    """Give readers an earlier version again, from one moment to the next; the next night that passes replaces it."""
    private_from_here()
    with clear_errors():
        for option, text in (("--by", by), ("--reason", reason)):
            records.check_said(option, text)
        versions.check_published()
        with versions.publishing():
            version = _asked(to)
            if versions.changed_file(version):
                raise PublicationError(f"{version.file} is not as it passed its checks: take another version")
            if faults := unrecorded([version]):
                raise PublicationError(f"{faults[0]}. Take another version")
            versions.switch(version, by, reason, "rollback")
    say(f"Readers of {warehouse_file()} have {version.name}. On record in {records.lists_folder() / versions.KIND}.")


@contextmanager
def clear_errors() -> Iterator[None]:
    """What keeps a version from being published as the command's own error; 75 where a later try may do."""
    try:
        with ending_with(STOPPED):
            yield
    except PublicationError as error:
        Screen(stderr=True).print(str(error), soft_wrap=True)
        raise typer.Exit(1) from error
    except WarehouseBusy as error:
        Screen(stderr=True).print(str(error), soft_wrap=True)
        raise typer.Exit(NOT_YET) from error
    except PermissionError as error:
        line = f"{error.filename}: {error.strerror}. Ask whoever runs the nights"
        Screen(stderr=True).print(line, soft_wrap=True)
        raise typer.Exit(1) from error
    except (duckdb.Error, OSError) as error:
        told = " ".join(str(error).split())
        line = publication.damage_of_work() or f"{told}. Readers keep what they have: mend that, and run this again"
        Screen(stderr=True).print(line, soft_wrap=True)
        raise typer.Exit(1) from error


def _publish(by: str, reason: str, older: bool) -> None:
    if is_one_file():
        raise PublicationError(
            f"dbt fills {warehouse_file()} itself (BANK_TAGS_WORK), so there is nothing to publish: unset "
            "BANK_TAGS_WORK, and readers have a file of their own"
        )
    for option, text in (("--by", by), ("--reason", reason)):
        records.check_said(option, text)
    publication.begin_work()
    if not work_file().exists():
        raise PublicationError(missing(work_file()))
    wait_until_free(work_file())
    with publication.attached_work() as session:
        date = publication.date_of(session, publication.WORK)
        is_recorded = publication.is_recorded(session, publication.WORK, date)
    if not older and (faults := publication.older_faults(date)):
        raise PublicationError(f"{'; '.join(faults)}. If that is meant: banktags publish --older --reason …")
    if not older and not is_recorded:
        raise PublicationError(
            f"the build of {date} was not completed, so a model or a check is missing: run it again, whole. "
            "What passes is published then"
        )
    checks = _checked(date)
    version = publication.publish_work(checks, by, reason, older)
    say(f"Published: readers of {warehouse_file()} have {version.name}")


def _checked(date: object) -> Checks:
    """Run every check on what stands in the working file.

    Raises:
        PublicationError: a relation of the project is missing there, or a check failed; names them.
    """
    # Not before it is needed: whoever asks for the versions does not wait for dbt.
    from banktags.dbt_runs import faults, run_dbt

    parsed = run_dbt("parse")
    if not parsed.success:
        lines = ["dbt can't read the project, so nothing is published. Mend it, and run this again:", *faults(parsed)]
        raise PublicationError("\n  ".join(lines))
    needed = {
        f"{node.schema}.{node.alias}"
        for node in parsed.result.nodes.values()
        if node.resource_type in ("model", "seed") and node.config.materialized != "ephemeral"
    }
    with publication.attached_work() as session:
        there = {
            f"{schema}.{name}"
            for schema, name in session.execute(
                "select table_schema, table_name from information_schema.tables where table_catalog = ?",
                [publication.WORK],
            ).fetchall()
        }
    if lacking := sorted(needed - there):
        raise PublicationError(f"{work_file()} lacks {', '.join(lacking[:5])}: run dbt build first")
    printed: list[str] = []
    checks = ("test", "--exclude-resource-type", "unit_test", "--vars", f"as_of_date: {date}")
    result = run_dbt(*checks, manifest=parsed.result, hear=lambda event: _keep_printed(event, printed))
    if not result.success:
        lines = ["Nothing is published, for checks fail. Mend what they name, build, and run this again:"]
        raise PublicationError("\n  ".join([*lines, *faults(result), *printed]))
    outcomes = [str(one.status) for one in result.result.results]
    return Checks(outcomes.count("pass"), outcomes.count("warn"))


def _keep_printed(event: object, printed: list[str]) -> None:
    if event.info.name == "PrintEvent":  # what is wrong, and what to do: macro print_failing_rows
        printed.append(event.info.msg)


def _tell_changes() -> None:
    if not work_file().exists():
        versions.check_published()
        raise PublicationError(f"nothing was built since readers have what they have: {missing(work_file())}")
    wait_until_free(work_file(), read_only=True)
    with publication.attached_work() as session:
        date = publication.date_of(session, publication.WORK)
        published = warehouse_file()
        found = changes(session, publication.WORK, published if published.exists() else None)
    current = versions.current_version()
    say(f"Readers have {current.name if current else 'no version'}; {work_file()} stands on {date}.")
    for fault in publication.older_faults(date):
        say(f"It would be refused without --older: {fault}")
    for line in found:
        say(f"  {line}")
    if not found:
        say("Nothing would change.")


def _verify() -> None:
    kept, current = versions.kept_versions(), versions.current_version()
    faults = versions.changed_files() + (versions.lost_records(current) if current else []) + kept_faults()
    faults += unrecorded(kept)
    if faults == [missing(warehouse_file())]:
        raise PublicationError(faults[0])
    if faults:
        remedy = (
            "A version that differs: publish again (banktags publish), or go back to another (banktags rollback). "
            "Records and lists: banktags restore"
        )
        raise PublicationError("\n".join([*faults, remedy]))
    for version in kept:
        seen = "  readers have it" if version == current else ""
        say(f"{version.name}  SHA-256 {version.digest}{seen}")
    one, many = "1 version is as it passed its checks", f"{len(kept)} versions are as they passed their checks"
    say(f"{one if len(kept) == 1 else many}, records and frozen lists as they were kept.")


def order_of(version: Version) -> tuple[object, object]:
    return version.as_of_date, version.built_at


def _asked(to: str | None) -> Version:
    """The version that is asked for, of a date the newest; without a name the one before that which readers have.

    Where no digest is named, one on record goes first: after the restore of an older copy, versions of later than it
    stand on no record.

    Raises:
        PublicationError: there is none, or several; names those that are kept.
    """
    kept, current = versions.kept_versions(), versions.current_version()
    if to is None:
        # Of the same date too, where it was published twice.
        earlier = [one for one in kept if current is None or order_of(one) < order_of(current)]
        found = (on_record(earlier) or earlier)[:1]
    elif of_date := [one for one in kept if str(one.as_of_date) == to]:
        # A publication that was killed leaves more than one of its date, until the next removes what is kept no longer.
        found = (on_record(of_date) or of_date)[:1]
    else:
        found = [one for one in kept if one.name == to or (to and one.digest.startswith(to))]
    if len(found) != 1:
        names = ", ".join(one.name for one in kept) or "none"
        which = f"version {to}" if to else "earlier version"
        raise PublicationError(
            f"there is {'no' if not found else 'more than one'} {which}: kept are {names}. Name one of these "
            "(banktags versions says more), or build and publish another"
        )
    return found[0]
