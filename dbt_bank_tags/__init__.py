"""What dbt loads of this project before it reads the project: dbt-core finds plugins by the name ``dbt_…`` of a module.

dbt reads every seed while it parses, and ends in a traceback that names no file when one is not UTF-8. No macro and no
plugin of an adapter runs so early.
"""

from dbt.plugins.manager import dbtPlugin
from dbt_common.exceptions import DbtRuntimeError

from banktags.private import private_from_here
from banktags.seed_files import seed_faults


class SeedGuard(dbtPlugin):
    """Stops dbt before it parses when a seed can't be read."""

    def initialize(self) -> None:
        if faults := seed_faults():
            raise DbtRuntimeError("\n  ".join(faults))


class Private(dbtPlugin):
    """Has the warehouse that dbt makes, and what it writes beside it, be its owner's alone."""

    def initialize(self) -> None:
        private_from_here()


plugins = [SeedGuard, Private]
