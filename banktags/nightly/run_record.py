"""What a run did, for the machine that started it: one JSON file, whole at any time, and an exit code.

===== =========================================================================================
code  means
===== =========================================================================================
0     done: every date is recorded and published
1     failed: somebody must mend what it names
2     refused: the command or a setting asks for what cannot be
75    not yet: the batch is not complete, or another program holds the file; try again later
130   stopped by Ctrl-C, 143 by SIGTERM: run the same command again
===== =========================================================================================
"""

import datetime
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import typer

from banktags import clock
from banktags.contract import PROJECT_ROOT
from banktags.private import PRIVATE_FILE
from banktags.stopping import exit_code

#: Exit code for a batch that is not there yet: a scheduler tries again later (EX_TEMPFAIL of sysexits.h).
NOT_YET = 75
OUTCOMES = {0: "done", 1: "failed", 2: "refused", NOT_YET: "not_yet"}


@dataclass
class DateRecord:
    """How one business date ended; ``published`` is the version that readers have since, null where they have none."""

    as_of_date: datetime.date
    outcome: str
    seconds: float
    nodes: int
    warnings: int
    faults: list[str]
    published: str | None


@dataclass
class RunRecord:
    """A run as it goes on; ``ended_at`` and ``exit_code`` are null until it has ended."""

    file: Path
    started_at: datetime.datetime
    dates: list[DateRecord] = field(default_factory=list)
    outcome: str = "running"
    ended_at: datetime.datetime | None = None
    exit_code: int | None = None
    message: str = ""

    def add(self, date: DateRecord) -> None:
        self.dates.append(date)
        self.write()

    def end(self, code: int, message: str) -> None:
        self.exit_code, self.outcome = code, OUTCOMES.get(code, "stopped")
        self.message, self.ended_at = message or self.message, clock.now()
        self.write()

    def write(self) -> None:
        """Write the file anew: the one before or this one is there, never half of one."""
        said = {key: value for key, value in asdict(self).items() if key != "file"}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        draft.write_text(json.dumps(said, default=str, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        draft.chmod(PRIVATE_FILE)
        draft.replace(self.file)


def record_file() -> Path:
    """Where the record of the last run stands: ``banktags_run.json`` in dbt's target folder."""
    return PROJECT_ROOT / (os.environ.get("DBT_TARGET_PATH") or "target") / "banktags_run.json"


@contextmanager
def recorded(file: Path) -> Iterator[RunRecord]:
    """A run that is on record from its first moment to its end, however it ends; only SIGKILL leaves it ``running``.

    Raises:
        typer.BadParameter: the file can't be written.
    """
    run = RunRecord(file, clock.now())
    try:
        run.write()
    except OSError as error:
        raise typer.BadParameter(f"{file} can't be written: {error.strerror}", param_hint="--record") from error
    try:
        yield run
    except (KeyboardInterrupt, SystemExit) as error:
        code = error.code if isinstance(error, SystemExit) else exit_code()
        run.end(code, "stopped: the date that was being built is not recorded, and readers keep what they have")
        raise
    except typer.Exit as error:
        run.end(error.exit_code, "")
        raise
    except typer.BadParameter as error:
        run.end(error.exit_code, error.format_message())
        raise
    except BaseException as error:
        run.end(1, f"{type(error).__name__}: {error}")
        raise
    else:
        run.end(0, "")
