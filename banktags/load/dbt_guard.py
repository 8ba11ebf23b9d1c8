"""dbt-duckdb plugin: no dbt run starts on a batch of which only a part is visible, or without a table of the contract.

Where a load was killed in the midst of publishing, the plugin finishes it; where one is publishing now, the run stops.
Extracts that were landed before the contract had a table get it without rows.
"""

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from banktags.contract import read_contract
from banktags.landing import landing_zone, write_later_tables
from banktags.load.publish import is_interrupted, landing_lock


class Plugin(BasePlugin):
    """Looks at the landing zone when dbt opens its first connection."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        root = landing_zone()
        if is_interrupted(root):
            with landing_lock(root):
                pass
        write_later_tables(root, read_contract())
