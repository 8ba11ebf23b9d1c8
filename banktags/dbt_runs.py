"""dbt in this process, as every command runs it: silent, and ended when the command is told to end.

Read it only where dbt is needed: dbt takes seconds to import. Why: DECISIONS 102.
"""

from collections.abc import Callable
from typing import Any

import typer
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from banktags.contract import PROJECT_ROOT
from banktags.stopping import Stopped, check_not_stopped
from banktags.warehouse import WAITED, WarehouseBusy

FOLDERS = ("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT))
#: Outcomes of a node that failed.
FAILED = ("error", "fail", "runtime error")


def run_dbt(
    *arguments: str, manifest: Manifest | None = None, hear: Callable[[Any], None] | None = None
) -> dbtRunnerResult:
    """Run dbt with arguments; ``manifest`` saves parsing the project, ``hear`` is told of each event.

    dbt prints nothing: ``faults`` says what has failed.

    Raises:
        Stopped: the command was told to end. dbt would report that as its own fault, with a traceback.
        WarehouseBusy: another program held the file for too long when dbt came to open it.
    """
    runner = dbtRunner(manifest=manifest, callbacks=[hear] if hear else [])
    try:
        result = runner.invoke(["--quiet", "--log-level", "none", *arguments, *FOLDERS])
    finally:
        # dbt would keep the warehouse open for writing until the process ends.
        DuckDBConnectionManager.close_all_connections()
    check_not_stopped()
    if isinstance(result.exception, KeyboardInterrupt):
        raise Stopped
    waited = [line.strip() for fault in faults(result) for line in fault.splitlines() if line.endswith(WAITED)]
    if waited:
        raise WarehouseBusy(waited[0])
    return result


def done(*arguments: str, manifest: Manifest | None = None) -> Any:
    """What dbt makes of arguments, for a command that can't go on without it.

    Raises:
        typer.BadParameter: dbt did not succeed; says what has failed.
        Stopped: as ``run_dbt``.
    """
    result = run_dbt(*arguments, manifest=manifest)
    if not result.success:
        said = "\n".join([f"dbt {arguments[0]} fails; mend the project first", *faults(result)])
        raise typer.BadParameter(said, param_hint="project")
    return result.result


def faults(result: dbtRunnerResult) -> list[str]:
    """A line or more for each node that failed, and for what kept dbt from running any; none where all succeeded."""
    nodes = getattr(result.result, "results", ()) or ()
    found = [f"{node.node.name}: {node.message}" for node in nodes if str(node.status) in FAILED]
    if result.exception:
        found.append(str(result.exception))
    if not result.success and not found:
        found.append("dbt did not succeed and names no reason; see logs/dbt.log")
    return found
