"""Commands ``banktags backup`` and ``banktags restore``: what cannot be computed again, into one file and back."""

from pathlib import Path
from typing import Annotated

import typer

from banktags import records
from banktags.private import private_from_here
from banktags.publish.backup import restore_backup, write_backup
from banktags.publish.command import By, clear_errors
from banktags.terminal import say


def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The new file, a tar archive; none is replaced.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why, for whoever finds the file.")] = "regular backup",
) -> None:
    """Copy what cannot be computed again into one file: history, logs, lists and records, as they are at one moment.

    It needs no pause: a build may run meanwhile. The file is about customers
    and is its owner's alone (mode 0600). Keep the extracts and the key of the
    hashes too: they are in none.
    """
    private_from_here()
    _check_said(by, reason)
    with clear_errors():
        version = write_backup(to, by, reason)
    say(f"{to}: {version.name} with its history, and the lists and records of {records.lists_folder()}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What banktags backup wrote.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    older: Annotated[
        bool, typer.Option("--older", help="Although there are records or dates that the backup does not have.")
    ] = False,
) -> None:
    """Put a backup in the place of what there is: lists, records, the version that readers see, and its history.

    What would go is named, and refused without --older; what stood there is
    set aside, not removed. The next night goes on from the backup's date.
    """
    private_from_here()
    _check_said(by, reason)
    with clear_errors():
        found = restore_backup(file, by, reason, older)
    say(f"Readers have {found.version.name} again; the next banktags run goes on from {found.version.as_of_date}.")
    for aside in (found.lists_before, found.work_before):
        if aside:
            say(f"What stood there before is kept as {aside}")


def _check_said(by: str, reason: str) -> None:
    for option, text in (("--by", by), ("--reason", reason)):
        records.check_said(option, text)
