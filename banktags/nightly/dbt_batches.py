"""dbt-duckdb plugin: no dbt run begins while another program holds the warehouse, and each knows what was delivered.

The dates of the batches become session variables, which the macro ``delivered_dates`` reads: the date of a run without
``--vars``, and the guard against dates that were not delivered, rest on them.
"""

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from banktags.landing import landing_zone
from banktags.nightly.batches import delivered
from banktags.warehouse import WarehouseBusy, wait_until_free


class Plugin(BasePlugin):
    """Waits before each opening of the warehouse, and sets the variables on each cursor that dbt opens."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self._delivered = delivered(landing_zone())

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        try:
            wait_until_free(Path(creds.path))
        except WarehouseBusy as error:
            raise DbtRuntimeError(str(error)) from None

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        reach = self._delivered
        for variable, value in (
            ("first_batch", reach.first and str(reach.first)),
            ("last_complete_batch", reach.last and str(reach.last)),
            ("newest_batch_lacks", reach.lacking),
        ):
            cursor.execute(f"set variable {variable} = cast(? as varchar)", [value])
