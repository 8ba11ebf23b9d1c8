"""dbt-duckdb plugin that hands the key of the keyed hashes to every DuckDB session of a run.

The key comes from the environment variable ``BANK_TAGS_PII_KEY``. It becomes the session variable ``pii_key`` that the
macro ``keyed_hash`` reads, so it never appears in compiled SQL, logs, the manifest or the docs site (DECISIONS 20).
Which key may be used, ``banktags.keys`` says.
"""

import os
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from banktags.keys import DEMO_KEY, SETTING


class Plugin(BasePlugin):
    """Sets the session variables ``pii_key`` and ``pii_key_is_demo`` on each cursor that dbt opens."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self._key = os.environ.get(SETTING) or DEMO_KEY

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        cursor.execute("set variable pii_key = ?", [self._key])
        cursor.execute("set variable pii_key_is_demo = ?", [self._key == DEMO_KEY])
