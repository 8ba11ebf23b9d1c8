"""``banktags tiers simulate``: what other rules of the service tier would have given over the last year.

How many upgrades, downgrades and alerts do a shorter grace period, more hysteresis or a narrower band mean for the
branches? The rules are those of the nightly run (macros/tiers/service_tier.sql), compiled by dbt and run here a day at
a time over the month-averages of each day.
"""

import datetime
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import duckdb
import typer
from rich.progress import track
from rich.table import Table

from banktags.terminal import Screen, json_text, say
from banktags.warehouse import no_warehouse, open_read_only

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

#: Standing alerts, and moves of the tier, which are alerts of the day.
ALERTS, MOVES = ("near_upgrade", "near_downgrade", "downgrade_warning"), ("upgrade", "downgrade")

app = typer.Typer(help="The service tier and its policy.", no_args_is_help=True)


@app.callback()
def tiers() -> None:
    """The service tier and its policy."""


@dataclass(frozen=True)
class Setting:
    """One set of parameters: shares as ratios of the bound, periods in days."""

    hysteresis_share: float
    grace_days: int
    near_upgrade_share: float
    near_downgrade_share: float
    near_upgrade_cool_down_days: int
    near_downgrade_cool_down_days: int
    downgrade_warning_cool_down_days: int


@dataclass(frozen=True)
class Result:
    """What a setting would have given: events over all customers and days."""

    setting: Setting
    is_in_force: bool
    upgrade: int
    downgrade: int
    near_upgrade: int
    near_downgrade: int
    downgrade_warning: int

    @property
    def alerts(self) -> int:
        return sum(getattr(self, kind) for kind in (*ALERTS, *MOVES))


@dataclass(frozen=True)
class Rules:
    """Compiled SQL of macros tier_simulation_aum and tier_simulation_day: AUM of all days, and one day's step."""

    averages: str
    day: str


@app.command()
def simulate(
    grace_days: Annotated[
        list[int] | None, typer.Option(help="Days below the kept floor before a downgrade; may be repeated.")
    ] = None,
    hysteresis: Annotated[
        list[float] | None, typer.Option(help="Share below the floor that still keeps the tier; may be repeated.")
    ] = None,
    near: Annotated[
        list[float] | None, typer.Option(help="Share of a bound that counts as near; may be repeated.")
    ] = None,
    cool_down_days: Annotated[
        list[int] | None, typer.Option(help="Days between two alerts of a type; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """Alerts, upgrades and downgrades of the last year under other bands, grace periods and hysteresis.

    Without options: grace periods of 0, 30 and 90 days by a hysteresis of 0, 5 and 10 %, beside the policy in force.
    """
    with open_read_only() as con:
        as_of_date = con.sql("select max(as_of_date) from marts.customer_tags").fetchone()[0]
        policy = policy_in_force(con, as_of_date)
    if not any((grace_days, hysteresis, near, cool_down_days)):
        grace_days, hysteresis = [0, 30, 90], [0, 0.05, 0.1]
    settings = grid(policy, grace_days or [], hysteresis or [], near or [], cool_down_days or [])
    rules = compiled_rules(as_of_date)
    days = whole_months(as_of_date)
    with open_read_only() as con:
        results = simulated(con, rules, settings, days, partial(track, console=Screen(stderr=True), transient=True))
    if as_json:
        say(json_text([asdict(result) | {"alerts": result.alerts} for result in results], indent=2))
    else:
        Screen().print(as_table(results, days[0], days[-1]))


def policy_in_force(con: duckdb.DuckDBPyConnection, as_of_date: datetime.date) -> Setting:
    """The parameters of seed tier_policy on a date."""
    rows = con.execute(
        """
        select rule, parameter, value
        from policy.tier_policy
        where currency is null and valid_from <= ? and (valid_to is null or ? < valid_to)
        """,
        [as_of_date, as_of_date],
    ).fetchall()
    value = {(rule, parameter): value for rule, parameter, value in rows}
    return Setting(
        hysteresis_share=float(value["service_tier", "hysteresis_share"]),
        grace_days=int(value["service_tier", "grace_days"]),
        **{f"{alert}_share": float(value[alert, "near_share"]) for alert in ALERTS[:2]},
        **{f"{alert}_cool_down_days": int(value[alert, "cool_down_days"]) for alert in ALERTS},
    )


def grid(
    policy: Setting,
    grace_days: Sequence[int],
    hysteresis: Sequence[float],
    near: Sequence[float],
    cool_down_days: Sequence[int],
) -> list[Setting]:
    """The policy in force first, then each combination of what is given; what is not stays as in force."""
    settings = [policy]
    for grace, share, band, silence in itertools.product(
        grace_days or [None], hysteresis or [None], near or [None], cool_down_days or [None]
    ):
        changes = {"grace_days": grace, "hysteresis_share": share}
        changes |= {f"{alert}_share": band for alert in ALERTS[:2]}
        changes |= {f"{alert}_cool_down_days": silence for alert in ALERTS}
        setting = replace(policy, **{name: value for name, value in changes.items() if value is not None})
        if setting not in settings:
            settings.append(setting)
    return settings


def whole_months(as_of_date: datetime.date) -> list[datetime.date]:
    """The days that a month-average can be told of: balances are held for 365 days, the first month is cut."""
    first_held = as_of_date - datetime.timedelta(days=364)
    first = (first_held.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
    return [first + datetime.timedelta(days=number) for number in range((as_of_date - first).days + 1)]


def compiled_rules(as_of_date: datetime.date, manifest: "Manifest | None" = None) -> Rules:
    """The rules as dbt compiles them for a business date; ``manifest`` saves parsing the project."""
    # Not before it is needed: help, and a mistyped option, do not wait for dbt.
    from banktags.dbt_runs import done

    manifest = manifest or done("parse")
    with TemporaryDirectory() as scratch, no_warehouse():
        options = ("--target-path", scratch, "--vars", f"as_of_date: {as_of_date}")
        compiled = []
        for macro in ("tier_simulation_aum", "tier_simulation_day"):
            made = done("compile", *options, "--inline", f"{{{{ {macro}() }}}}", manifest=manifest)
            compiled.append(made.results[0].node.compiled_code)
    return Rules(averages=compiled[0], day=compiled[1])


def simulated(
    con: duckdb.DuckDBPyConnection,
    rules: Rules,
    settings: Sequence[Setting],
    days: Sequence[datetime.date],
    show: Callable[[Sequence[datetime.date]], Iterable[datetime.date]] = iter,
) -> list[Result]:
    """What each setting gives over the days, in order; the first setting is the policy in force.

    Leaves in temporary table simulated_states what the last day left: by setting and customer the rank of the tier and
    the first day below the kept floor.
    """
    names = [field.name for field in fields(Setting)]
    con.execute(
        f"""
        create temp table simulated_settings (setting_id int, {", ".join(f"{name} decimal(18, 4)" for name in names)});
        create temp table simulated_days (day date);
        create temp table simulated_events (setting_id int, event varchar, customers bigint);
        create temp table simulated_states (
            setting_id int, customer_id varchar, rule_rank int, below_since date,
            near_upgrade_date date, near_downgrade_date date, downgrade_warning_date date,
            raised_type varchar, moved_type varchar
        );
        """
    )
    rows = [(number, *asdict(setting).values()) for number, setting in enumerate(settings)]
    con.executemany(f"insert into simulated_settings values ({', '.join('?' * len(rows[0]))})", rows)
    con.executemany("insert into simulated_days values (?)", [[day] for day in days])
    con.execute(f"create temp table simulated_aum as {rules.averages}")
    for day in show(days):
        con.execute("create or replace temp table simulated_today as select cast(? as date) as day", [day])
        con.execute(f"create or replace temp table simulated_states as {rules.day}")
        con.execute(
            """
            insert into simulated_events
            select setting_id, event, count(*)
            from (select setting_id, unnest([raised_type, moved_type]) as event from simulated_states)
            where event is not null
            group by 1, 2
            """
        )
    counted = con.sql("select setting_id, event, sum(customers) from simulated_events group by 1, 2")
    events = {(number, event): int(count) for number, event, count in counted.fetchall()}
    return [
        Result(setting, number == 0, **{kind: events.get((number, kind), 0) for kind in (*MOVES, *ALERTS)})
        for number, setting in enumerate(settings)
    ]


def as_table(results: Sequence[Result], first: datetime.date, last: datetime.date) -> Table:
    """The results, one line a setting."""
    table = Table(title=f"Service tiers from {first} to {last}; * is the policy in force")
    events = ("up", "down", "near up", "near down", "warned", "all")
    for heading in ("", "grace", "hysteresis", "near", "silence", *events):
        table.add_column(heading, justify="right")
    for result in results:
        setting = result.setting
        table.add_row(
            "*" if result.is_in_force else "",
            str(setting.grace_days),
            f"{setting.hysteresis_share:.0%}",
            _alike(f"{setting.near_upgrade_share:.0%}", f"{setting.near_downgrade_share:.0%}"),
            _alike(*(str(getattr(setting, f"{alert}_cool_down_days")) for alert in ALERTS)),
            *(f"{getattr(result, kind):,}" for kind in (*MOVES, *ALERTS)),
            f"{result.alerts:,}",
        )
    return table


def _alike(*values: str) -> str:
    """The value, or all of them where they differ."""
    return values[0] if len(set(values)) == 1 else "/".join(values)
