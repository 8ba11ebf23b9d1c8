"""A connection to the server as libpq makes one, and what is said where there is none. No password is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

from banktags.publish.versions import PublicationError

if TYPE_CHECKING:
    import psycopg

#: Least version of the server: views with the reader's rights, and keys in which nulls are alike.
LEAST_VERSION = 15
#: Seconds to wait for a server that does not answer, unless ``PGCONNECT_TIMEOUT`` or the connection says otherwise.
CONNECT_SECONDS = 10
#: Classes of SQLSTATE whose messages may hold a value of the data.
OF_DATA = ("22", "23")


class ServerAway(PublicationError):
    """The server cannot be reached, or another publication is running there: a later try may do."""


def driver() -> ModuleType:
    """The library psycopg.

    Raises:
        PublicationError: it is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise PublicationError(
            "psycopg, which speaks to PostgreSQL, is not installed: make publish-postgres installs it, as does "
            "pip install 'banktags[postgres]'"
        ) from error
    return psycopg


@contextmanager
def connected(dsn: str | None) -> Iterator[psycopg.Connection]:
    """A session of the server that the libpq variables or a connection string name.

    Raises:
        PublicationError: it is refused, too old, or does not hold UTF-8; ``ServerAway`` where it does not answer.
    """
    psycopg = driver()
    given = _given(psycopg, dsn)
    try:
        session = psycopg.connect(**given)
    except psycopg.OperationalError as error:
        raise _refused(error, given) from error
    except psycopg.Error as error:
        raise PublicationError(
            f"the connection to PostgreSQL can't be read: {_first_line(error)}. Correct --dsn, or the variables "
            "PGHOST, PGSERVICE and the like"
        ) from error
    with session:
        number = session.info.server_version // 10000
        if number < LEAST_VERSION:
            raise PublicationError(
                f"{target(session)} is PostgreSQL {number}: name a server of version {LEAST_VERSION} or newer"
            )
        encoding = session.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise PublicationError(
                f"{target(session)} is encoded in {encoding}: make a database for it, createdb -E UTF8 -T template0"
            )
        yield session


def target(session: psycopg.Connection) -> str:
    """Which database a session is of: host, port and name, nothing secret."""
    info = session.info
    return f"{info.host}:{info.port}/{info.dbname}"


def refusal(error: psycopg.Error, doing: str) -> str:
    """What the server refused, in a line; what it refuses about data is told without the data."""
    state = error.sqlstate or ""
    if state.startswith(OF_DATA):
        return f"{doing}: PostgreSQL refuses its rows ({type(error).__name__}, SQLSTATE {state})"
    return f"{doing}: {_first_line(error)}"


def _given(psycopg: ModuleType, dsn: str | None) -> dict[str, object]:
    """The connection that is asked for; what is not said is left to libpq."""
    try:
        given = dict(psycopg.conninfo.conninfo_to_dict(dsn or ""))
    except psycopg.Error as error:
        # Its message repeats a part of the text, which may be a password.
        raise PublicationError(
            "--dsn is no connection string of PostgreSQL: write it as 'host=… dbname=… user=…' or postgresql://user@host/name"
        ) from error
    if "password" in given:
        raise PublicationError(
            "--dsn holds a password, which everybody on this machine can read in the list of processes: leave it out, "
            "and set PGPASSFILE, PGSERVICE or PGPASSWORD"
        )
    import os

    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        given["connect_timeout"] = CONNECT_SECONDS
    return given | {"application_name": "banktags publish-postgres", "client_encoding": "utf8"}


def _refused(error: psycopg.OperationalError, given: dict[str, object]) -> PublicationError:
    line = _first_line(error)
    where = "Say where it is by PGHOST, PGPORT, PGDATABASE and PGUSER, PGSERVICE, or --dsn"
    message = f"PostgreSQL can't be reached: {line}. {where}"
    # libpq tells a server that answered no from one that did not answer by this word alone, in every language of it.
    return PublicationError(message) if "FATAL" in line or "service" in line else ServerAway(message)


def _first_line(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error) or type(error).__name__).strip().splitlines()[0]
