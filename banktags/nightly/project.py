"""The dbt project, parsed once and built for one business date after the other in this process."""

import datetime
import time
from dataclasses import dataclass
from typing import Any

import typer
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from rich.status import Status

from banktags.contract import PROJECT_ROOT
from banktags.nightly.history import STATE, lacks_state_of, read_ledger
from banktags.terminal import Screen
from banktags.warehouse import wait_until_free, work_file

FOLDERS = ("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT))
FAILED = {"error", "fail", "runtime error"}


@dataclass(frozen=True)
class Outcome:
    """How the build of one date ended."""

    date: datetime.date
    seconds: float
    built: int
    warnings: int
    faults: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        return not self.faults

    def line(self) -> str:
        state = "done" if self.succeeded else "FAILED"
        counts = f"{self.built} models, seeds and checks, {self.warnings} warnings"
        return f"{self.date}  {state}  {counts}, {self.seconds:.0f} s"


def as_parsed(manifest: Manifest) -> Manifest:
    """The manifest without what an earlier run compiled into it.

    dbt writes an ephemeral model into its readers once for each manifest: in a second run they would name a CTE that is
    not there.
    """
    for node in manifest.nodes.values():
        if getattr(node, "compiled", False):
            node.compiled, node.compiled_code = False, None
            node.extra_ctes, node.extra_ctes_injected = [], False
    return manifest


class Project:
    """The parsed project. The dates share the parse: with other ``--vars`` dbt would parse all anew."""

    def __init__(self, console: Screen) -> None:
        with console.status("dbt reads the project"):
            parsed = dbtRunner().invoke(["--quiet", "parse", *FOLDERS])
        if parsed.exception:
            console.print(str(parsed.exception), markup=False, highlight=False)
            raise typer.Exit(1)
        self.manifest: Manifest = parsed.result

    def build(self, date: datetime.date, status: Status, checks: bool = True) -> Outcome:
        """Build and check one business date. Unit tests are left to CI: they judge the code, not the date.

        Raises:
            WarehouseBusy: another program holds the warehouse for too long.
        """
        earlier = [day for day in read_ledger().observed if day < date]
        if earlier and lacks_state_of(earlier[-1]):
            # Dates were taken back. The state of the one before is made anew, to compare this one with.
            restored = self._invoke(earlier[-1], status, "run", "--select", f"+{STATE}", "--exclude", "tag_versions")
            if not restored.succeeded:
                return restored
        left_out = ["unit_test"] if checks else ["unit_test", "test"]
        return self._invoke(date, status, "build", "--exclude-resource-type", *left_out)

    def _invoke(self, date: datetime.date, status: Status, command: str, *arguments: str) -> Outcome:
        wait_until_free(work_file())
        started, finished, printed = time.monotonic(), 0, []

        def show(event: Any) -> None:
            nonlocal finished
            if event.info.name in ("LogModelResult", "LogTestResult", "LogSeedResult"):
                finished += 1
                status.update(f"{date}  {event.data.node_info.node_name}  ({finished} built and checked)")
            elif event.info.name == "PrintEvent":  # what is wrong, and what to do: macro print_failing_rows
                printed.append(event.info.msg)

        dates = ("--vars", f"as_of_date: {date}")
        runner = dbtRunner(manifest=as_parsed(self.manifest), callbacks=[show])
        try:
            result = runner.invoke(["--quiet", "--log-level", "none", command, *FOLDERS, *dates, *arguments])
        finally:
            # dbt would keep the warehouse open for writing until the process ends.
            DuckDBConnectionManager.close_all_connections()
        nodes = list(getattr(result.result, "results", ()) or ())
        faults = [f"{node.node.name}: {node.message}" for node in nodes if str(node.status) in FAILED]
        if result.exception:
            faults.append(str(result.exception))
        if faults:
            faults += printed
        if not result.success and not faults:
            faults.append("dbt did not succeed and names no reason; see logs/dbt.log")
        warnings = sum(str(node.status) == "warn" for node in nodes)
        return Outcome(date, time.monotonic() - started, len(nodes), warnings, tuple(faults))
