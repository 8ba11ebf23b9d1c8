"""The dates that a command stands on: that of the demo bank where none is given, and the machine's own time."""

import datetime

#: The last business date of the demo bank, on which unit tests that name no date stand too (macro business_date).
DEMO_DATE = datetime.date(2026, 6, 30)


def now(zone: datetime.tzinfo | None = None) -> datetime.datetime:
    """The machine's time to the second, without a zone: its own, or that of the zone. Nothing else reads its clock.

    What is kept on record says when; no tag does.
    """
    return datetime.datetime.now(zone).replace(tzinfo=None, microsecond=0)
