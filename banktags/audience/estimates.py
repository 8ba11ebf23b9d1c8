"""Estimates on record: who counted which condition, why, and what was told."""

import json

from banktags import clock
from banktags.audience.definition import Audience, Estimate
from banktags.records import record

#: SQL types of columns that may be null.
TYPES = {"product_id": "varchar", "candidates": "bigint", "members": "bigint"}


def keep_on_record(audience: Audience, found: Estimate, by: str, reason: str) -> None:
    """Keep on record that an audience was counted; null counts were not told.

    Raises:
        RecordError: it can't be kept, or it is not said who or why: nothing is told then.
    """
    record(
        "audience_estimates",
        {
            "estimated_at": clock.now(),
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
