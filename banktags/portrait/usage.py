"""Who opened which portrait, as which role and what for (画像使用日志): one small Parquet file an opening.

The warehouse file has one writer, dbt. So the record of an opening is a file of its own under ``data/lists``, as that
of an export is: written once, never changed, and read by model ``portrait_openings`` with the next build.
"""

import datetime
import uuid
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags.audience.lists import keep, lists_folder
from banktags.load.extract import file_pattern, literal


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
    return lists_folder() / "portrait_openings"


def record(opening: Opening) -> Path:
    """Keep an opening, as a whole file or none.

    Raises:
        OSError, duckdb.IOException: it can't be kept. What can't be kept on record must not be opened.
    """
    now = datetime.datetime.now().replace(microsecond=0)
    opening_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    file = openings_folder() / f"{opening_id}.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table opening as
            select
                cast($opening_id as varchar) as opening_id,
                cast($opened_at as timestamp) as opened_at,
                cast($opened_by as varchar) as opened_by,
                cast($role as varchar) as role,
                cast($purpose as varchar) as purpose,
                cast($reason as varchar) as reason,
                cast($portrait as varchar) as portrait,
                cast($subject as varchar) as subject,
                cast($as_of_date as date) as as_of_date,
                cast($shown_tags as bigint) as shown_tags,
                cast($masked_tags as bigint) as masked_tags,
                cast($tag_code as varchar) as tag_code
            """,
            {"opening_id": opening_id, "opened_at": now, **vars(opening)},
        )
        keep(connection, "opening", file)
    return file


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
