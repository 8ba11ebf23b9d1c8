"""Tests write below folders of their own: what a person has built, recorded or exported here is not theirs to change.

dbt in the tests works in ``target/tests``, where it keeps from one session to the next what it has parsed; all else
lies in the temporary folders of pytest. A test that writes elsewhere in the project fails where it does.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from banktags.contract import PROJECT_ROOT

#: dbt's folders in the tests, as paths below the project.
TARGET, LOGS = "target/tests", "target/tests/logs"
PARSED = "partial_parse.msgpack"
#: Folders of the tools that run the tests, by any place in a path.
OF_TOOLS = {"__pycache__", ".pytest_cache", ".ruff_cache", ".venv", ".venv-metrics", ".venv-spark"}
#: What Python tells of before it does it: the places of paths among its arguments, and of the folders they are below.
WRITES = {
    "os.mkdir": ((0, 2),),
    "os.chmod": ((0, 2),),
    "os.truncate": ((0, None),),
    "os.symlink": ((1, 2),),
    "os.link": ((1, 3),),
    "os.rename": ((0, 2), (1, 3)),
    **dict.fromkeys(("os.remove", "os.rmdir"), ((0, 1),)),
}

_watched: list[Path] = []


def use_own_folders() -> None:
    """Have dbt work in folders of the tests, here and in the processes that tests start."""
    (PROJECT_ROOT / TARGET).mkdir(parents=True, exist_ok=True)
    os.environ["DBT_TARGET_PATH"], os.environ["DBT_LOG_PATH"] = TARGET, LOGS


def begin_parsed() -> None:
    """Begin with what dbt has parsed in the project where that is newer: it saves a parse of all files."""
    last, own = PROJECT_ROOT / "target" / PARSED, PROJECT_ROOT / TARGET / PARSED
    if last.exists() and not (own.exists() and own.stat().st_mtime >= last.stat().st_mtime):
        shutil.copy2(last, own)


class WritesInProject(AssertionError):
    """A test writes into the project itself; names the file."""


@contextmanager
def watched(project: Path = PROJECT_ROOT) -> Iterator[None]:
    """While it lasts, whoever writes in a project but in folders of the tests is refused."""
    _watched.append(project)
    try:
        yield
    finally:
        _watched.remove(project)


def watch() -> None:
    """Have Python tell of every write of this process from now on; there is no way back."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple) -> None:
    if not _watched:
        return
    if event == "open":
        is_write = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        paths = arguments[:1] if is_write else ()
    elif event in WRITES:
        # Below an open folder Python tells the name alone: that folder was opened by its path.
        paths = [arguments[path] for path, folder in WRITES[event] if folder is None or arguments[folder] == -1]
    else:
        return
    for path in paths:
        if isinstance(path, (str, bytes, os.PathLike)) and (file := _in_project(os.fsdecode(path))):
            if event == "os.mkdir" and Path(os.fsdecode(path)).is_dir():
                continue  # it is there
            raise WritesInProject(f"{event} {file}: a test writes below folders of its own only (tmp_path)")


def _in_project(path: str) -> str | None:
    """The path below a watched project, where it is of the project itself."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - it is asked at every open
    for project in _watched:
        if absolute.startswith(f"{project}{os.sep}"):
            below = absolute[len(str(project)) + 1 :]
            if OF_TOOLS.isdisjoint(Path(below).parts) and not f"{below}/".startswith(f"{TARGET}/"):
                return below
    return None
