"""``python -m banktags.seeds``: what dbt would refuse of the seeds, without dbt."""

import sys

from banktags.seeds.guard import seed_faults

if faults := seed_faults():
    sys.exit("\n".join(faults))
