"""Command ``banktags publish-postgres``: the version that readers have, into a PostgreSQL server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import duckdb
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from banktags import records
from banktags.load.extract import literal
from banktags.nightly.run_record import NOT_YET
from banktags.postgres.access import Access, read_access
from banktags.postgres.connection import ServerAway, connected, target
from banktags.postgres.publication import Published, publish
from banktags.publish import versions
from banktags.publish.command import By
from banktags.publish.versions import PublicationError, Version
from banktags.stopping import ending_with
from banktags.terminal import Screen, say
from banktags.warehouse import is_one_file, memory_limit, warehouse_file


def publish_postgres(
    by: By,
    dsn: Annotated[
        str | None,
        typer.Option(help="The database, as host=… dbname=… user=…; default: PGHOST, PGSERVICE and the like."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Although the server has this version already.")] = False,
) -> None:
    """Copy the version that readers have into a PostgreSQL server: all of it or nothing, with roles.

    The password comes from PGPASSFILE, PGSERVICE or PGPASSWORD, never from
    the command line. A second run of the same version does nothing.
    """
    with clear_errors():
        records.check_said("--by", by)
        version = published_version()
        with duckdb.connect(str(version.file), read_only=True) as source:
            source.execute(f"set memory_limit = {literal(memory_limit())}")
            access = read_access(source)
            with connected(dsn) as session, _progress(access) as bar:
                where = target(session)

                def step(relation: str) -> None:
                    bar.update(bar.task_ids[0], description=relation, advance=1)

                found = publish(session, source, access, version, by, again, step)
    tell(found, version, access, where)


def published_version() -> Version:
    """The version that readers of the DuckDB file have.

    Raises:
        PublicationError: there is none, or it is not as it passed its checks.
    """
    if is_one_file():
        raise PublicationError(
            f"dbt fills {warehouse_file()} itself (BANK_TAGS_WORK), so there is no published version: unset "
            "BANK_TAGS_WORK, and publish one (make build)"
        )
    version = versions.seen_version()
    if fault := versions.changed_file(version):
        raise PublicationError(f"{fault}. Nothing is copied: banktags rollback, or build again")
    return version


def tell(found: Published, version: Version, access: Access, where: str) -> None:
    """Say what was done, and whom it is for."""
    if not found.is_new:
        say(f"{where} has {version.name} already: nothing to do (--again copies it anew)")
        return
    say(f"{where} has {version.name}: {found.relations} tables, {found.rows:,} rows.")
    say(f"Roles: {', '.join(role.name for role in access.roles)}")
    if found.kept:
        say("Somebody still reads the tables of the version before: they go with the next publication.")


@contextmanager
def clear_errors() -> Iterator[None]:
    """What keeps a version from the server as the command's own error, in a line; 75 where a later try may do."""
    try:
        with ending_with("Stopped: readers of the server keep the version that they have. Run this again."):
            yield
    except ServerAway as error:
        Screen(stderr=True).print(str(error), soft_wrap=True)
        raise typer.Exit(NOT_YET) from error
    except PublicationError as error:
        Screen(stderr=True).print(str(error), soft_wrap=True)
        raise typer.Exit(1) from error
    except (duckdb.Error, OSError) as error:
        line = " ".join(str(error).split())
        Screen(stderr=True).print(f"the published version can't be read: {line}. Run it again", soft_wrap=True)
        raise typer.Exit(1) from error


@contextmanager
def _progress(access: Access) -> Iterator[Progress]:
    """A bar on a terminal; nothing where the output is kept."""
    screen = Screen(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        # A step more for keys and roles, and one for what follows.
        bar.add_task("", total=len(access.relations) + 2)
        yield bar
