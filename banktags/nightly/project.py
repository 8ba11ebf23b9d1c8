"""The dbt project, parsed once and built for one business date after the other in this process."""

import datetime
import time
from dataclasses import dataclass
from typing import Any

import typer
from dbt.contracts.graph.manifest import Manifest
from rich.status import Status

from banktags.dbt_runs import faults, run_dbt
from banktags.nightly.history import STATE, lacks_state_of, read_ledger
from banktags.terminal import Screen
from banktags.warehouse import wait_until_free, work_file


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
            parsed = run_dbt("parse")
        if not parsed.success:
            console.print("\n".join(faults(parsed)))
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
        result = run_dbt(command, *dates, *arguments, manifest=as_parsed(self.manifest), hear=show)
        nodes = list(getattr(result.result, "results", ()) or ())
        if failed := faults(result):
            failed += printed
        warnings = sum(str(node.status) == "warn" for node in nodes)
        return Outcome(date, time.monotonic() - started, len(nodes), warnings, tuple(failed))
