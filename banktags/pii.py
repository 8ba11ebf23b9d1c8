"""dbt-duckdb plugin that hands the key of the keyed hashes to every DuckDB session of a run.

The key comes from the environment variable ``BANK_TAGS_PII_KEY``. It becomes the session variable ``pii_key`` that the
macro ``keyed_hash`` reads, so it never appears in compiled SQL, logs, the manifest or the docs site.
"""

import os
import warnings
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

DEMO_KEY = "bank-tags-demo-key"


class DemoKeyWarning(UserWarning):
    """Identifiers are being hashed with the published demo key."""


def pii_key() -> str:
    """Key of the keyed hashes: ``BANK_TAGS_PII_KEY``, or the demo key with a warning."""
    key = os.environ.get("BANK_TAGS_PII_KEY", "")
    if key:
        return key
    warnings.warn(
        "BANK_TAGS_PII_KEY is not set: identifiers are hashed with the PUBLISHED DEMO KEY and can be recovered by anyone. "
        "Set BANK_TAGS_PII_KEY to a secret of your bank before loading real data.",
        DemoKeyWarning,
        stacklevel=2,
    )
    return DEMO_KEY


class Plugin(BasePlugin):
    """Sets the session variable ``pii_key`` on each cursor that dbt opens."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self._key = pii_key()

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        cursor.execute("set variable pii_key = ?", [self._key])
