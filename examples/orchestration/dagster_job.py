"""A night of bank-tags as a Dagster job: one partition a business date, in order, by ``banktags run``.

    pip install dagster dagster-webserver && dagster dev -f examples/orchestration/dagster_job.py

``banktags run`` does what a scheduler must not take apart: it checks the batch, keeps the order of dates, builds, tests
and records the date, and gives readers the new version. Dagster decides when, tries again where the exit code says that
a later try may do (75), and shows what the run record says.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from dagster import (
    AssetExecutionContext,
    DailyPartitionsDefinition,
    Definitions,
    Failure,
    MaterializeResult,
    RetryRequested,
    asset,
    build_schedule_from_partitioned_job,
    define_asset_job,
)

PROJECT = Path(os.environ.get("BANK_TAGS_PROJECT", Path(__file__).parents[2]))
#: The batch, or the working file, is not there yet.
NOT_YET = 75
MINUTES_BETWEEN_TRIES, TRIES = 20, 12
nights = DailyPartitionsDefinition(start_date="2026-06-30")


@asset(partitions_def=nights, op_tags={"dagster/concurrency_key": "bank_tags_night"})
def published_tags(context: AssetExecutionContext) -> MaterializeResult:
    """What readers have after the night of a business date."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "run.json"
        command = [".venv/bin/banktags", "run", "--to", context.partition_key, "--record", str(record)]
        with subprocess.Popen(command, cwd=PROJECT) as night_run:
            try:
                code = night_run.wait()
            except BaseException:
                # Whoever ends the Dagster run ends the night too: cleanly, by its own signal.
                night_run.terminate()
                raise
        said = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    if code == NOT_YET:
        raise RetryRequested(max_retries=TRIES, seconds_to_wait=60 * MINUTES_BETWEEN_TRIES)
    if code:
        raise Failure(description=said.get("message") or f"banktags run ended with {code}", metadata=said)
    return MaterializeResult(metadata={"dates": said["dates"]})


night = define_asset_job("night", [published_tags], partitions_def=nights)
defs = Definitions(
    assets=[published_tags],
    jobs=[night],
    schedules=[build_schedule_from_partitioned_job(night, hour_of_day=2)],
)
