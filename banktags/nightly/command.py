"""Command ``banktags run``: the nightly T+1 run."""

import datetime
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from banktags.contract import PROJECT_ROOT, Table, read_contract
from banktags.keys import SETTING, key_fault
from banktags.landing import landing_zone
from banktags.nightly.batches import EXPECTATIONS, UnreadableFile, batch_faults, delivery_digests
from banktags.nightly.history import Ledger, forget_from, read_ledger
from banktags.nightly.project import Project
from banktags.nightly.run_record import NOT_YET, DateRecord, RunRecord, record_file, recorded
from banktags.private import private_from_here
from banktags.publish.versions import PublicationError, current_version
from banktags.stopping import ending_with
from banktags.terminal import Screen
from banktags.warehouse import WarehouseBusy, is_one_file, warehouse_file, work_file

#: What the system says of a disk without room.
FULL = "No space left on device"
#: What is said of a run that was told to end.
STOPPED = "Stopped. What was being built is not recorded; readers keep what they have. Run this again."
#: Seconds between two looks at the landing zone while waiting for a batch.
POLL_SECONDS = 30

ONE_DAY = datetime.timedelta(days=1)
DATE_FORMATS = ["%Y-%m-%d"]


def run(
    date: Annotated[
        datetime.datetime | None,
        typer.Option(formats=DATE_FORMATS, help="The business date; default: the day after the last completed one."),
    ] = None,
    first: Annotated[
        datetime.datetime | None,
        typer.Option("--from", formats=DATE_FORMATS, help="First date of a range; completed ones are not run again."),
    ] = None,
    last: Annotated[
        datetime.datetime | None, typer.Option("--to", formats=DATE_FORMATS, help="Last date of a range.")
    ] = None,
    replay: Annotated[
        datetime.datetime | None,
        typer.Option(
            "--replay-from",
            formats=DATE_FORMATS,
            help="Take back what history holds from this date on and run these dates again, as after a redelivery.",
        ),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Run all observed dates again from the extracts, the first one first.")
    ] = False,
    wait: Annotated[int, typer.Option(min=0, help="Minutes to wait for a batch that is not complete yet.")] = 0,
    checks: Annotated[
        bool,
        typer.Option(
            help="Run the data tests too; dates that passed before are replayed sooner without, and count as tested, "
            "but are not published."
        ),
    ] = True,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to say as JSON what the run did; default: banktags_run.json in dbt's target."
        ),
    ] = None,
) -> None:
    """Build one business date, or a range in order: check the batch, build, test, record the date as done, publish it.

    Readers have the date before until all checks have passed, and this one from one moment to the next.

    A batch that is missing, incomplete or not readable yet is waited for, then refused (exit code 75). Rows delivered
    late count from the night of their delivery. A batch that was delivered anew after its run is named, and nothing
    runs until its dates are replayed. An interrupted run is resumed by the same command, an interrupted replay by the
    one that it names. A program that holds the warehouse is waited for too, BANK_TAGS_LOCK_WAIT minutes (default 10).
    """
    private_from_here()
    console = Screen(stderr=True)
    if fault := key_fault(os.environ.get(SETTING, ""), landing_zone()):
        console.print(f"{fault}. Nothing was run.", soft_wrap=True)
        raise typer.Exit(1)
    with recorded((record or record_file()).absolute()) as log:
        try:
            with ending_with(STOPPED):
                _run(console, log, date, first, last, replay, rebuild, wait, checks)
        except (UnreadableFile, WarehouseBusy) as error:
            console.print(str(error), markup=False, highlight=False, soft_wrap=True)
            console.print("Nothing more was built. Run this again.")
            log.message = str(error)
            raise typer.Exit(NOT_YET) from None
        except PublicationError as error:
            console.print(str(error), soft_wrap=True)
            log.message = str(error)
            raise typer.Exit(1) from None


def _run(
    console: Screen,
    log: RunRecord,
    date: datetime.datetime | None,
    first: datetime.datetime | None,
    last: datetime.datetime | None,
    replay: datetime.datetime | None,
    rebuild: bool,
    wait: int,
    checks: bool,
) -> None:
    ledger, current = read_ledger(), current_version()
    if current and ledger.done and ledger.done < current.as_of_date:
        console.print(
            f"The history here reaches {ledger.done}, and readers have {current.as_of_date}: dates were taken back, or "
            f"an older copy was put back. Nothing is published before {current.as_of_date} has been run again.",
            soft_wrap=True,
        )
    if replay or rebuild:
        dates = ledger.observed_from(replay.date() if replay else datetime.date.min)
        if not dates:
            raise typer.BadParameter(
                f"history has no date to run again; it reaches {ledger.reach()}", param_hint="--replay-from"
            )
    else:
        dates = _asked(ledger, date, first, last, _unpublished(ledger) if checks else None)
    _refuse_redelivered(ledger, dates)
    if not dates:
        console.print(f"Nothing to run: history reaches {ledger.reach()}")
        return
    # Nothing is taken back before all that is to be run again can be.
    for business_date in dates if replay or rebuild else dates[:1]:
        _wait_for(business_date, wait, console)
    project = Project(console)
    resume = "run the same command again"
    if replay or rebuild:
        resume = f"banktags run --from {dates[0]} --to {dates[-1]}"
        console.print(f"Taking back {dates[0]} to {dates[-1]} to run them again. If interrupted, go on with: {resume}")
        forget_from(dates[0])
    for position, business_date in enumerate(dates, start=1):
        if position > 1:
            _wait_for(business_date, wait, console)
        with console.status(f"{business_date} ({position} of {len(dates)})") as status:
            before = current_version()
            outcome = project.build(business_date, status, checks)
        published = current_version()
        is_new = published is not None and published != before and published.as_of_date == business_date
        log.add(
            DateRecord(
                business_date,
                "done" if outcome.succeeded else "failed",
                round(outcome.seconds, 1),
                outcome.built,
                outcome.warnings,
                list(outcome.faults),
                published.name if published and is_new else None,
            )
        )
        console.print(outcome.line())
        if outcome.succeeded and not is_one_file():
            console.print(_told(published.name if published and is_new else None, checks), soft_wrap=True)
        if not outcome.succeeded:
            remedy = _remedy(outcome.faults)
            log.message = f"{business_date}: {remedy or outcome.faults[0]}"
            for fault in outcome.faults:
                if FULL not in fault:
                    console.print(f"  {fault}", markup=False, highlight=False)
            if remedy:
                console.print(remedy, soft_wrap=True)
            console.print(f"{business_date} is not recorded. Mend it, then: {resume}")
            raise typer.Exit(1)


def _remedy(faults: Iterable[str]) -> str | None:
    """What to do where the machine has not enough of something: it is no fault of the models that name it."""
    full = [fault for fault in faults if FULL in fault]
    if full:
        named = re.search(r"""["'](/[^"']+)["']""", " ".join(full))
        place = Path(named[1]) if named else work_file()
        return (
            f"The disk of {place} is full: {len(full)} models, seeds and checks could not be written, and readers keep "
            "what they have. Free room there, or let BANK_TAGS_WORK name a file elsewhere"
        )
    if any("Out of Memory Error" in fault for fault in faults):
        return "What DuckDB may use is the setting BANK_TAGS_MEMORY, as in BANK_TAGS_MEMORY=5GB."
    return None


def _told(published: str | None, checks: bool) -> str:
    """What readers have after a date that succeeded."""
    if published:
        return f"  published: readers of {warehouse_file()} have {published}"
    why = "readers have a later date" if checks else "its checks were left out; banktags publish runs them"
    return f"  not published: {why}"


def _unpublished(ledger: Ledger) -> datetime.date | None:
    """The last completed date where readers have an earlier one or none, as after a kill before the publication."""
    current = current_version()
    if is_one_file() or ledger.done is None or (current is None and warehouse_file().exists()):
        return None
    return ledger.done if current is None or current.as_of_date < ledger.done else None


def _asked(
    ledger: Ledger,
    date: datetime.datetime | None,
    first: datetime.datetime | None,
    last: datetime.datetime | None,
    unpublished: datetime.date | None,
) -> list[datetime.date]:
    """The dates to run, in order; those of a range that are completed, and published, already are left out."""
    if date and (first or last):
        raise typer.BadParameter("give either one date or a range", param_hint="--date")
    if date is None and first is None and last is None:
        if ledger.done is None:
            raise typer.BadParameter("no date has been run yet: say which is the first", param_hint="--date")
        following = ledger.done + ONE_DAY
        if unpublished:
            return [unpublished] if _faults(following, read_contract()) else [unpublished, following]
        date = datetime.datetime.combine(following, datetime.time())
    if date:
        dates = [date.date()]
    else:
        start = first.date() if first else ledger.done and ledger.done + ONE_DAY
        if start is None or last is None:
            raise typer.BadParameter("a range needs --from, unless dates have been run, and --to", param_hint="--to")
        dates = [start + ONE_DAY * n for n in range((last.date() - start).days + 1)]
        dates = [day for day in dates if ledger.done is None or day > ledger.done or day == unpublished]
    _refuse_disorder(ledger, dates)
    return dates


def _refuse_disorder(ledger: Ledger, dates: list[datetime.date]) -> None:
    if not dates or ledger.done is None:
        return
    if dates[0] < ledger.done:
        raise typer.BadParameter(
            f"history has gone on to {ledger.done}. To run {dates[0]} again with all dates after it: "
            f"--replay-from {dates[0]}. To look at that date only: dbt build --vars 'as_of_date: {dates[0]}' in a "
            "warehouse of its own (BANK_TAGS_DB)",
            param_hint="--date",
        )
    if dates[0] > ledger.done + ONE_DAY:
        raise typer.BadParameter(
            f"dates run in order, and {ledger.done + ONE_DAY} has not been run: banktags run --to {dates[-1]}",
            param_hint="--date",
        )


def _refuse_redelivered(ledger: Ledger, dates: list[datetime.date]) -> None:
    """Stop when a completed date that is not run again now has been delivered anew since (DECISIONS 57)."""
    standing = {day: digest for day, digest in ledger.digests.items() if not dates or day < dates[0]}
    landed = delivery_digests(landing_zone()) if standing else {}
    for completed, digest in standing.items():
        if landed.get(completed) != digest:
            what = "has been delivered anew" if completed in landed else "has been taken away"
            raise typer.BadParameter(
                f"the batch of {completed} {what} since its run. Run it again with all dates after it: "
                f"banktags run --replay-from {completed}",
                param_hint="batch",
            )


def _wait_for(date: datetime.date, minutes: int, console: Screen) -> None:
    """Return when the batch of a date is complete; otherwise end the run with what is missing."""
    contract = read_contract()
    deadline = time.monotonic() + 60 * minutes
    while (faults := _faults(date, contract)) and time.monotonic() < deadline:
        with console.status(f"{date}: waiting for the batch. {faults[0]}"):
            time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))
    if faults:
        for fault in faults:
            console.print(fault, markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"The batch of {date} is not complete: nothing was built. Run this again, or with --wait MINUTES. A table "
            f"that had no rows that day is delivered as a file with its header alone; one that this bank does not "
            f"deliver daily is named in {EXPECTATIONS.relative_to(PROJECT_ROOT)}, with expected no.",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(NOT_YET)


def _faults(date: datetime.date, contract: dict[str, Table]) -> list[str]:
    try:
        return batch_faults(landing_zone(), date, contract)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="expectations") from None
