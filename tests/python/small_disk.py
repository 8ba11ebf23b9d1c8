"""A disk of a few megabytes for tests, which is gone with the process that asked for it, however that ends."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Waits until nobody writes to it any more, be it that a test has ended or was killed, and takes the disk away. Whoever
#: has still a file there keeps it until it is closed.
CARETAKER = ("sh", "-c", 'cat; umount --lazy "$0"')


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk at a folder, which is made. A test that may mount nothing is skipped.

    A process of its own takes it away: a test that is killed leaves no disk behind, which would be in the way of the
    next session.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = ("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs")
    if subprocess.run(["mount", *size, folder], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    with subprocess.Popen([*CARETAKER, folder], stdin=subprocess.PIPE, start_new_session=True):
        yield folder


def grow(folder: Path, megabytes: int) -> None:
    """Give a mounted disk more room."""
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", folder], check=True)
