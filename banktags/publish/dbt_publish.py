"""dbt-duckdb plugin: dbt fills the working file, and a build of the whole project that has passed is published.

The macro ``publish_build`` hands over, at the end of a run, what became of each node and which ones a publication
needs. A run of a part of the project publishes nothing.
"""

from collections import Counter
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt_common.exceptions import DbtRuntimeError

from banktags.load.extract import quoted
from banktags.publish.publication import Checks, begin_work, damage_of_work, date_of, is_older, publish_build
from banktags.publish.versions import PublicationError
from banktags.warehouse import WarehouseBusy, is_one_file, warehouse_file

#: Outcomes of a node after which nothing is published.
FAILED = ("error", "fail", "runtime error", "skipped", "partial success")


class Plugin(BasePlugin):
    """Has the working file ready before dbt opens it; publishes when dbt says what became of the run."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        try:
            begin_work(is_filled=True)
        except (PublicationError, WarehouseBusy) as error:
            raise DbtRuntimeError(str(error)) from None
        if fault := damage_of_work():
            raise DbtRuntimeError(fault)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        self._connection = conn

    def store(self, target_config: TargetConfig) -> None:
        outcomes, needed = target_config.config["outcomes"], target_config.config["needed"]
        if is_one_file():
            return
        failed = sorted(name for name, outcome in outcomes.items() if outcome in FAILED)
        left_out = sorted(set(needed) - set(outcomes))
        if failed:
            _say(f"Nothing is published: {_some(failed)} did not succeed. Readers keep what they have")
        elif left_out:
            _say(f"Nothing is published: this run leaves out {_some(left_out)}. Readers keep what they have")
        else:
            self._publish(Counter(outcomes.values()))

    def _publish(self, outcomes: Counter) -> None:
        with self._connection.cursor() as session:
            (work,) = session.execute("select current_database()").fetchone()
            try:
                date = date_of(session, quoted(work))
                if is_older(date):
                    _say(f"Nothing is published: readers have a later date than {date}. banktags publish --older does")
                    return
                version = publish_build(session, work, Checks(outcomes["pass"], outcomes["warn"]))
            except PublicationError as error:
                raise DbtRuntimeError(str(error)) from None
        _say(f"Published {version.name} as {warehouse_file()}")


def _some(names: list[str]) -> str:
    first = names[0].split(".")[2]
    return f"{first} and {len(names) - 1} others" if len(names) > 1 else first


def _say(line: str) -> None:
    fire_event(Note(msg=line))
