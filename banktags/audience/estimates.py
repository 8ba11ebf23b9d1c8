"""Estimates on record: who counted which condition, why, and what was told."""

import datetime
import json

import duckdb

from banktags import clock
from banktags.audience.definition import Audience, AudienceError, Estimate
from banktags.records import lists_folder, record

#: Folder of the records, and their kind.
KIND = "audience_estimates"

#: SQL types of columns that may be null.
TYPES = {"product_id": "varchar", "candidates": "bigint", "members": "bigint", "business_date": "date"}


def refuse_too_many(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse to count once more on a day of many estimates: the lots by which counts are rounded could be averaged.

    A day is one of the machine's: the business date stands still until the next build.

    Raises:
        AudienceError: as many as seed audience_policy allows, by whomever, are on record of today, or it does not say.
    """
    found = con.execute("select value from policy.audience_policy where parameter = 'estimates_per_day'").fetchone()
    if not found:
        raise AudienceError("the warehouse is of another version of the project (estimates_per_day): build it anew")
    kept = len(list((lists_folder() / KIND).glob(f"{clock.now():%Y%m%d}T*.parquet")))
    if kept >= found[0]:
        raise AudienceError(
            f"{kept} estimates are on record today, as many as a day has (estimates_per_day of seed audience_policy): "
            "go on tomorrow, or save the audience and build it"
        )


def keep_on_record(
    audience: Audience, found: Estimate, by: str, reason: str, business_date: datetime.date | None
) -> None:
    """Keep on record that an audience was counted on a business date; null counts were not told.

    Raises:
        RecordError: it can't be kept, or it is not said who or why: nothing is told then.
    """
    record(
        KIND,
        {
            "estimated_at": clock.now(),
            "business_date": business_date,
            "estimated_by": by,
            "reason": reason,
            "purpose": audience.purpose,
            "condition": audience.predicate,
            "product_id": audience.product,
            "channels": ",".join(audience.channels),
            "including": ",".join(audience.including),
            "excluding": ",".join(audience.excluding),
            "min_confidence": json.dumps(audience.min_confidence, sort_keys=True),
            "candidates": found.candidates,
            "removed": json.dumps({gate.gate: gate.removed for gate in found.gates}),
            "members": found.members,
            "rounded_to": found.rounded_to,
        },
        TYPES,
    )
