"""Who opened which portrait, as which role and what for (画像使用日志): one small Parquet file an opening.

The warehouse file has one writer, dbt. So the record of an opening is a file of its own under ``data/lists``, as that
of an export is: written once, never changed, and read by model ``portrait_openings`` with the next build
(DECISIONS 67).
"""

import datetime
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags import clock, records
from banktags.load.extract import file_pattern, literal

#: The kind of these records, see banktags.records.
KIND = "portrait_openings"


@dataclass(frozen=True)
class Opening:
    """A portrait opened: ``portrait`` is customer, explain or group, ``subject`` a golden id or the name of a group.

    ``tag_code`` is the tag that was explained, None for all.
    """

    opened_by: str
    role: str
    purpose: str
    reason: str
    portrait: str
    subject: str
    as_of_date: datetime.date
    shown_tags: int
    masked_tags: int
    tag_code: str | None = None


def openings_folder() -> Path:
    """``portrait_openings`` beside the lists."""
    return records.lists_folder() / KIND


def record(opening: Opening) -> Path:
    """Keep an opening, by the machine's clock and by business date: a whole file or none.

    Raises:
        RecordError: it can't be kept. What can't be kept on record must not be opened.
    """
    opened_at = clock.now()
    said = {
        "opening_id": records.new_id(opened_at),
        "opened_at": opened_at,
        "business_date": opening.as_of_date,
        **vars(opening),
    }
    return records.record(KIND, said, {"tag_code": "varchar"})


def openings() -> list[tuple[str, str, str, str, int]]:
    """Openings on record by who, role, purpose and kind of portrait, with how many they are."""
    if not any(openings_folder().glob("*.parquet")):
        return []
    return duckdb.execute(
        f"""
        select opened_by, role, purpose, portrait, count(*)
        from read_parquet({literal(file_pattern(openings_folder()) + "/*.parquet")}) group by all order by all
        """
    ).fetchall()
