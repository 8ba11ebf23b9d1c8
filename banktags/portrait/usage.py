"""The log of who opened which portrait, as which role and what for (画像使用日志): JSON lines beside the warehouse.

The warehouse file has one writer, dbt; readers may be many. So the log is a file of its own: one line an opening,
appended in one write, which many readers can do at the same time. DuckDB reads it as a table:
``select * from read_json('warehouse/portrait_log.jsonl')``.
"""

import datetime
import getpass
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from banktags.warehouse import warehouse_file


@dataclass(frozen=True)
class Opening:
    """One portrait opened: of a customer (his golden id) or of a group (its code)."""

    opened_at: str
    opened_by: str
    role: str
    purpose: str
    portrait: str
    subject: str
    as_of_date: str
    shown_tags: int
    masked_tags: int


def log_file() -> Path:
    """``portrait_log.jsonl`` beside the warehouse."""
    return warehouse_file().with_name("portrait_log.jsonl")


def record(
    role: str, purpose: str, portrait: str, subject: str, as_of_date: datetime.date, shown: int, masked: int
) -> Opening:
    """Append an opening to the log.

    Raises:
        OSError: the log can't be written. What can't be logged must not be opened.
    """
    opening = Opening(
        opened_at=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        opened_by=getpass.getuser(),
        role=role,
        purpose=purpose,
        portrait=portrait,
        subject=subject,
        as_of_date=str(as_of_date),
        shown_tags=shown,
        masked_tags=masked,
    )
    line = json.dumps(asdict(opening), ensure_ascii=False) + "\n"
    handle = os.open(log_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)
    return opening


def openings() -> list[Opening]:
    """The log, the earliest opening first."""
    path = log_file()
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Opening(**json.loads(line)) for line in lines]
