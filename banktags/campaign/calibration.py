"""How often the readout is right: campaigns with a planted effect, read out by the SQL of the models themselves.

The models from ``int_campaign__groups`` on are compiled by dbt and run unchanged in a scratch database that bears the
name of the warehouse, over members and outcomes that are drawn here from its customers. What is planted is known, so it
can be counted how often the interval covers it, and how often a campaign without effect wins.
"""

import datetime
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from banktags.load.extract import literal, quoted
from banktags.warehouse import no_warehouse

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

#: The models that make a verdict of members and outcomes, in their order, with the schema each is built in.
MODELS = {
    "int_campaign__groups": "intermediate",
    "int_campaign__sums": "intermediate",
    "int_campaign__estimates": "intermediate",
    "campaign_readout": "marketing",
}
WINDOW_DAYS = 30


@dataclass(frozen=True)
class Calibration:
    """What the readout said of the campaigns drawn; the planted effect is a difference of conversion rates."""

    campaigns: int
    covered: int
    null_campaigns: int
    null_wins: int
    null_losses: int
    effective_campaigns: int
    effective_wins: int
    invalid: int

    @property
    def coverage(self) -> float:
        """Campaigns whose interval covers the planted effect, 0-1."""
        return self.covered / self.campaigns

    @property
    def null_win_rate(self) -> float:
        """Campaigns without effect that win, 0-1."""
        return self.null_wins / self.null_campaigns


def compiled_models(as_of_date: datetime.date, manifest: "Manifest | None" = None) -> dict[str, str]:
    """SQL of the models as dbt compiles it; ``manifest`` saves parsing the project."""
    # Not before it is needed: whoever asks for a report alone does not wait for dbt.
    from banktags.dbt_runs import done

    # By the warehouse's own name, which the scratch database takes.
    manifest = manifest or done("parse")
    with TemporaryDirectory() as scratch, no_warehouse():
        options = ("--target-path", scratch, "--vars", f"as_of_date: {as_of_date}")
        compiled = done("compile", "--select", *MODELS, *options, manifest=manifest)
    return {run.node.name: run.node.compiled_code for run in compiled.results}


def calibrate(warehouse: Path, models: Mapping[str, str], campaigns: int, seed: int) -> Calibration:
    """Draw campaigns over the open customers of a warehouse, every other one without effect, and read them out."""
    with duckdb.connect() as scratch:
        # The compiled models name the warehouse by its file: the scratch database takes that name.
        scratch.execute(
            f"""
            attach {literal(warehouse)} as built (read_only);
            attach ':memory:' as {quoted(warehouse.stem)};
            use {quoted(warehouse.stem)};
            create schema intermediate;
            create schema policy;
            create schema marketing;
            create table policy.audience_purposes as from built.policy.audience_purposes;
            create table policy.campaign_parameters as from built.policy.campaign_parameters;
            create table policy.campaign_metrics as from built.policy.campaign_metrics where metric = 'conversion';
            create table customers as
                select customer_id, aum_tier as tier, aum_month_avg as aum
                from built.segments.segment__pyramid
                inner join built.tags.fact_tags__aum using (customer_id)
                where aum_tier is not null;
            detach built
            """
        )
        _plan(scratch, campaigns, seed)
        _draw(scratch, seed)
        for name, schema in MODELS.items():
            scratch.execute(f"create table {schema}.{name} as {models[name]}")
        return _counted(scratch)


def _plan(scratch: duckdb.DuckDBPyConnection, campaigns: int, seed: int) -> None:
    """Table planned: who is eligible, how it is split, and what it does."""
    draws = random.Random(seed)
    scratch.execute(
        "create table planned (campaign_id varchar, eligible_share double, control_share double, control_rate double, "
        "effect double)"
    )
    for number in range(campaigns):
        eligible_share = draws.uniform(0.1, 0.6)
        control_share = draws.choice([0.1, 0.2, 0.3, 0.5])
        control_rate = math.exp(draws.uniform(math.log(0.01), math.log(0.2)))
        lift = draws.uniform(-0.3, 1.0)
        effect = control_rate * lift if number % 2 else 0.0
        row = [f"DRAWN-{seed}-{number}", eligible_share, control_share, control_rate, effect]
        scratch.execute("insert into planned values (?, ?, ?, ?, ?)", row)


def _draw(scratch: duckdb.DuckDBPyConnection, seed: int) -> None:
    """The tables that the models read: campaigns, horizons, members by hash, and what became of them."""
    scratch.execute(
        f"""
        create macro drawn(campaign_id, customer_id, what) as
            md5_number_lower(concat_ws('/', '{seed}', what, campaign_id, customer_id)) / 18446744073709551616.0;
        create table intermediate.int_campaign__campaigns as
            select campaign_id, campaign_id as campaign_name, 'CONVERSION' as goal, 'conversion' as primary_metric,
                control_share, null::double as drawn_control_share
            from planned;
        create table intermediate.int_campaign__horizons as
            select campaign_id, {WINDOW_DAYS} as horizon_days, true as is_conversion_window, true as is_observed,
                date '2000-01-01' + {WINDOW_DAYS} as observed_on
            from planned;
        create table intermediate.int_campaign__members as
            select campaign_id, customer_id, tier, aum, date '2000-01-01' as assigned_date,
                null::date as first_touch_date,
                if(drawn(campaign_id, customer_id, 'arm') < control_share, 'CONTROL', 'TREATMENT') as arm
            from planned
            inner join customers on drawn(campaign_id, customer_id, 'eligible') < eligible_share;
        create table intermediate.int_campaign__contamination as
            select campaign_id, null::varchar as customer_id, false as is_written_to, 0 as other_campaigns
            from planned where false;
        create table intermediate.int_campaign__outcomes as
            with drawn as (
                select members.*,
                    drawn(campaign_id, customer_id, 'outcome')
                        < control_rate + if(arm = 'TREATMENT', effect, 0) as converts
                from intermediate.int_campaign__members as members
                inner join planned using (campaign_id)
            )
            select campaign_id, {WINDOW_DAYS} as horizon_days, customer_id, arm, tier, aum as aum_before,
                converts as has_converted, false as has_repurchased, false as is_active, 0 as active_days,
                false as has_churned,
                0::decimal(18, 2) as amount_bought, 0::decimal(18, 2) as aum_change, 0::decimal(18, 2) as margin,
                0::decimal(18, 2) as margin_long
            from drawn
        """
    )


def _counted(scratch: duckdb.DuckDBPyConnection) -> Calibration:
    counts = scratch.sql(
        """
        select
            count(*) as campaigns,
            count_if(effect_planted between effect_lower and effect_upper) as covered,
            count_if(effect_planted = 0) as null_campaigns,
            count_if(effect_planted = 0 and verdict = 'win') as null_wins,
            count_if(effect_planted = 0 and verdict = 'loss') as null_losses,
            count_if(effect_planted > 0) as effective_campaigns,
            count_if(effect_planted > 0 and verdict = 'win') as effective_wins,
            count_if(verdict = 'invalid') as invalid
        from (
            select planned.effect as effect_planted, readout.effect_lower, readout.effect_upper, readout.verdict
            from marketing.campaign_readout as readout
            inner join planned using (campaign_id)
            where readout.is_primary
        )
        """
    )
    return Calibration(**dict(zip(counts.columns, counts.fetchone(), strict=True)))
