"""The dates that a command stands on when none is given: that of the demo bank, or that of the extracts."""

import datetime

#: The last business date of the demo bank, on which unit tests that name no date stand too (macro business_date).
DEMO_DATE = datetime.date(2026, 6, 30)
