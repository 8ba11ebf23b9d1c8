"""Dynamic management of the pyramid over the dates of the documents' case: 80万, 15万, and 120万 three months later.

The nights are run one after the other on a small demo bank, with just the models of tiering.
"""

import datetime
import os
import shutil
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_warehouse import Warehouse

from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file
from banktags.tier_simulator import ALERTS, MOVES, Setting, compiled_rules, policy_in_force, simulated, whole_months

pytestmark = [pytest.mark.slow, pytest.mark.long]

FALL, RETURN = datetime.date(2026, 3, 21), datetime.date(2026, 6, 20)
#: The day before the fall, the fall, the end of its month, the day after; the return, and the first of the next month.
DATES = [
    datetime.date(2026, 3, 20),
    FALL,
    datetime.date(2026, 3, 31),
    datetime.date(2026, 4, 1),
    RETURN,
    datetime.date(2026, 7, 1),
]
#: Long enough before for somebody else to fall, and to be moved after the grace days.
BEFORE = datetime.date(2025, 12, 31)
CUSTOMER = "DEMO-UPDOWN"
MODELS = ("+tier_tasks", "+tier_reassessments", "+aum_daily", "+fact_tags__demographics")
TIERS = "mass", "potential", "vip", "wealth", "private_banking"
FLOORS = {"potential": 50_000, "vip": 200_000, "wealth": 1_000_000, "private_banking": 8_000_000}


class Nights:
    """The warehouse after the nights, what each night measured, and the parsed project."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.measured: dict[datetime.date, dict[str, dict]] = {}
        self.manifest = self._dbt(dbtRunner(), "parse")

    def _dbt(self, runner: dbtRunner, *arguments: str):
        result = runner.invoke(["--quiet", *arguments, "--project-dir", str(PROJECT_ROOT)])
        DuckDBConnectionManager.close_all_connections()
        assert result.success, result.exception or [node.message for node in result.result.results]
        return result.result

    def run(self, date: datetime.date, *arguments: str) -> None:
        self._dbt(dbtRunner(manifest=self.manifest), "run", *arguments, "--vars", f"as_of_date: {date}")

    def build(self) -> None:
        self._dbt(dbtRunner(manifest=self.manifest), "seed", "--select", *MODELS)
        # The extracts are taken in once; each night then sees what had been delivered by its date.
        self.run(DATES[-1], "--select", *(f"{models},base_*" for models in MODELS))
        for date in (BEFORE, *DATES):
            self.run(date, "--select", *MODELS, "--exclude", "base_*")
            self.measured[date] = {
                row["customer_id"]: row
                for row in self.table(
                    """
                    select customer_id, aum_month_avg, aum_spot, aum_tier, aum_tier_spot, service_tier, alert_type
                    from segments.segment__pyramid
                    inner join segments.segment__service_tier using (customer_id)
                    inner join tags.fact_tags__aum using (customer_id)
                    left join marts.customer_tier_outlook using (customer_id, service_tier, aum_month_avg, aum_spot)
                    """
                )
            }

        # The simulator reads the wide mart, of which these nights build the part that it asks for.
        with duckdb.connect(str(self.warehouse.database)) as con:
            con.execute(
                """
                create table marts.customer_tags as
                select customer_id, as_of_date, relationship_status, tenure_days, aum_peak_365d
                from tags.fact_tags__demographics
                inner join tags.fact_tags__aum using (customer_id, as_of_date)
                """
            )

    def table(self, sql: str) -> list[dict]:
        with duckdb.connect(str(self.warehouse.database), read_only=True) as con:
            found = con.sql(sql)
            return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def deliver_nothing(raw: Path, date: datetime.date) -> None:
    """A batch after the demo bank's last one, whose only control row promises no rows."""
    before = next((raw / "core/batches" / f"dt={date - datetime.timedelta(days=1)}").glob("*.parquet"))
    folder = raw / "core/batches" / f"dt={date}"
    folder.mkdir()
    said = f"cast(0 as bigint) as row_count, date '{date}' as business_date, 'DEMO-{date:%Y%m%d}' as batch_id"
    control = duckdb.sql(f"select * replace ({said}) from read_parquet('{before}', hive_partitioning = false) limit 1")
    control.write_parquet(str(folder / "nothing.parquet"))


@pytest.fixture(scope="module")
def nights(demo_bank, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiering")
    shutil.copytree(demo_bank, folder / "raw", copy_function=os.link)
    deliver_nothing(folder / "raw", DATES[-1])
    warehouse = Warehouse(folder, folder / "raw")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in warehouse.environment().items():
            patch.setenv(name, value)
        made = Nights(warehouse)
        made.build()
        yield made


def of(nights: Nights, name: str) -> list[str]:
    """One column of the customer of the case, night by night."""
    return [nights.measured[date][CUSTOMER][name] for date in DATES]


def test_the_tier_of_the_day_falls_and_returns(nights):
    assert of(nights, "aum_spot") == [800_000, 150_000, 150_000, 150_000, 1_200_000, 1_200_000]
    assert of(nights, "aum_tier_spot") == ["vip", "potential", "potential", "potential", "wealth", "wealth"]


def test_the_month_average_lags(nights):
    """56.9355万 at the end of the month of the fall, and 20.25万 on the day of the return: 贵宾 both times."""
    averages = of(nights, "aum_month_avg")
    assert float(averages[2]) == round((20 * 800_000 + 11 * 150_000) / 31, 2)
    assert float(averages[4]) == (19 * 150_000 + 1_200_000) / 20
    assert of(nights, "aum_tier") == ["vip", "vip", "vip", "potential", "vip", "wealth"]


def test_the_service_tier_does_not_fall_in_the_grace_days(nights):
    assert of(nights, "service_tier") == ["vip"] * 5 + ["wealth"]


def test_the_fall_raises_one_alert_while_the_average_holds(nights):
    """Raised by the day's AUM; silent at the end of the month; raised again when the cool-down has passed."""
    alerts = nights.table(f"from history.tier_alerts where customer_id = '{CUSTOMER}' order by as_of_date")
    assert [(alert["as_of_date"], alert["alert_type"]) for alert in alerts] == [
        (FALL, "downgrade_warning"),
        (RETURN, "near_upgrade"),
        (DATES[-1], "upgrade"),
    ]
    warning = alerts[0]
    assert (warning["basis"], warning["tier"], warning["other_tier"]) == ("spot", "vip", "potential")
    assert warning["distance_to_boundary"] == 150_000 - 190_000
    assert (warning["driver_component"], warning["driver_amount_30d"]) == ("structured", -500_000)
    assert warning["manager_id"]


def test_the_manager_wins_him_back_in_three_months(nights):
    tasks = nights.table(f"from marts.tier_tasks where customer_id = '{CUSTOMER}' and alert_date = date '{FALL}'")
    assert len(tasks) == 1
    task = tasks[0]
    assert (task["action_name"], task["due_date"]) == ("专属方案挽留", FALL + datetime.timedelta(days=3))
    assert task["contact_date"] == FALL + datetime.timedelta(days=3)
    assert (task["outcome"], task["outcome_date"]) == ("recovered", RETURN)
    assert (RETURN - FALL).days == 91


def test_large_movements_are_reassessed_on_their_date(nights):
    """The transfers of the fall and of the return, and the purchase, with the tiers of the day before and after."""
    found = nights.table(
        f"from history.tier_reassessments where customer_id = '{CUSTOMER}' order by event_date, amount, trigger_type"
    )
    assert [(row["as_of_date"], row["trigger_type"], row["amount"]) for row in found] == [
        (FALL, "large_outflow", 500_000),
        (RETURN, "large_inflow", 250_000),
        (RETURN, "large_inflow", 800_000),
        (RETURN, "large_purchase", 800_000),
    ]
    assert [(row["spot_tier_before"], row["spot_tier_after"], row["service_tier_after"]) for row in found] == [
        ("vip", "potential", "vip"),
        *[("potential", "wealth", "vip")] * 3,
    ]


def test_aum_of_any_day_by_component(nights):
    found = nights.table(
        f"""
        select balance_date, aum_component, balance from history.aum_daily
        where customer_id = '{CUSTOMER}' and balance_date in ('{DATES[0]}', '{FALL}', '{RETURN}') order by all
        """
    )
    assert [tuple(row.values()) for row in found] == [
        (DATES[0], "deposit", 300_000),
        (DATES[0], "structured", 500_000),
        (FALL, "deposit", 150_000),
        (RETURN, "deposit", 400_000),
        (RETURN, "structured", 800_000),
    ]


def measured_rank(average) -> int:
    return sum(average >= floor for floor in FLOORS.values())


def test_service_tiers_follow_the_rules_for_every_customer(nights):
    """Against the rules written down once more: 5 % of hysteresis, 90 days of grace, upward at once."""
    held: dict[str, tuple[int, datetime.date | None]] = {}
    reasons = {"up": 0, "below": 0, "recovered": 0, "down": 0}
    for date in (BEFORE, *DATES):
        for customer, row in nights.measured[date].items():
            if row["aum_tier"] is None:
                held.pop(customer, None)
                continue
            average = float(row["aum_month_avg"])
            rank = measured_rank(average)
            before, since = held.get(customer, (rank, None))
            floor = list(FLOORS.values())[before - 1] if before else float("-inf")
            if rank >= before:
                reasons["up"] += rank > before
                reasons["recovered"] += since is not None
                held[customer] = (rank, None)
            elif average >= round(floor * 0.95, 2):
                held[customer] = (before, None)
            elif (date - (since or date)).days >= 90:
                reasons["down"] += 1
                held[customer] = (rank, None)
            else:
                reasons["below"] += since is None
                held[customer] = (before, since or date)
    logged = nights.table(
        """
        select customer_id, rule_tier, below_since
        from history.service_tier_changes
        inner join (select customer_id, max(as_of_date) as as_of_date from history.service_tier_changes group by 1)
            using (customer_id, as_of_date)
        where rule_tier is not null
        """
    )
    assert {row["customer_id"]: (TIERS.index(row["rule_tier"]), row["below_since"]) for row in logged} == held
    assert all(reasons.values()), reasons


def test_no_alert_is_raised_within_the_cool_down_of_another(nights):
    alerts = nights.table("select customer_id, alert_type, as_of_date from history.tier_alerts order by all")
    silence = {"near_upgrade": 90, "near_downgrade": 90}
    for one, other in pairwise(alerts):
        if (one["customer_id"], one["alert_type"]) == (other["customer_id"], other["alert_type"]):
            assert (other["as_of_date"] - one["as_of_date"]).days >= silence.get(one["alert_type"], 30), other
    standing = sum(row["alert_type"] is not None for rows in nights.measured.values() for row in rows.values())
    raised = sum(alert["alert_type"] not in ("upgrade", "downgrade") for alert in alerts)
    assert 0 < raised < standing


def test_the_simulator_agrees_with_the_log(nights):
    """Under the policy in force and on the dates that were run: the same tiers, stretches, moves and alerts."""
    rules = compiled_rules(DATES[-1], nights.manifest)
    with duckdb.connect(str(nights.warehouse.database), read_only=True) as con:
        policy = policy_in_force(con, DATES[-1])
        result = simulated(con, rules, [policy], [BEFORE, *DATES])[0]
        states = con.sql(
            """
            select customer_id, tier, below_since
            from simulated_states
            inner join policy.pyramid_tiers on rule_rank = tier_rank and currency = 'CNY'
            order by 1
            """
        ).fetchall()
        customers = "(select distinct customer_id from simulated_states)"
        logged = con.sql(
            f"""
            select customer_id, rule_tier, below_since
            from history.service_tier_changes
            inner join (select customer_id, max(as_of_date) as as_of_date from history.service_tier_changes group by 1)
                using (customer_id, as_of_date)
            where customer_id in {customers}
            order by 1
            """
        ).fetchall()
        alerts = con.sql(
            f"select alert_type, count(*) from history.tier_alerts where customer_id in {customers} group by 1"
        ).fetchall()
    assert states == logged and len(states) > 50
    assert {kind: getattr(result, kind) for kind in (*MOVES, *ALERTS)} == dict.fromkeys((*MOVES, *ALERTS), 0) | dict(
        alerts
    )


@pytest.fixture(scope="module")
def synthetic(nights):
    """Simulates what customers held, given as (customer, first day, day after the last, balance)."""
    rules = compiled_rules(datetime.date(2026, 6, 30), nights.manifest)
    bounds = seed_file("pyramid_tiers")
    types = {"aum_from": "decimal(18, 2)", "aum_to": "decimal(18, 2)", "valid_from": "date", "valid_to": "date"}

    def run(settings: list[Setting], intervals: list[tuple]):
        con = duckdb.connect()
        con.execute("attach ':memory:' as bank_tags; use bank_tags; create schema policy; create schema history")
        con.execute("create schema marts")
        con.execute(f"create table policy.pyramid_tiers as from read_csv('{bounds}', types = {types})")
        con.execute(
            """
            create table history.aum_intervals
            (customer_id varchar, valid_from date, valid_to date, balance decimal(18, 2), in_aum boolean default true)
            """
        )
        con.executemany("insert into history.aum_intervals values (?, ?, ?, ?, true)", intervals)
        con.execute(
            """
            create table marts.customer_tags as
            select
                customer_id, 'active' as relationship_status, 4000 as tenure_days, max(balance) as aum_peak_365d
            from history.aum_intervals
            group by customer_id
            """
        )
        return con, simulated(con, rules, settings, whole_months(datetime.date(2026, 6, 30)))

    return run


RULES = Setting(0.05, 90, 0.1, 0.1, 30, 30, 30)


def test_flapping_around_a_bound_does_not_flap_the_tier(synthetic):
    """20.5万 and 19.5万 in turn, three days each, all year; without hysteresis and grace it would flap."""
    first = datetime.date(2025, 7, 1)
    steps = [first + datetime.timedelta(days=3 * number) for number in range(123)]
    intervals = [
        ("flaps", begin, end, 205_000 if number % 2 == 0 else 195_000)
        for number, (begin, end) in enumerate(pairwise(steps))
    ]
    loose = Setting(0, 0, 0.1, 0.1, 30, 30, 30)
    _, (kept, flapping) = synthetic([RULES, loose], intervals)
    assert (kept.upgrade, kept.downgrade, kept.downgrade_warning) == (0, 0, 0)
    assert flapping.upgrade > 3 and flapping.downgrade > 3


def test_eighty_for_twenty_days_and_fifteen_for_eleven_average_56_94(synthetic):
    """Still 贵宾, with the warning of the 21st; 90 days after the average fell, on the first of the month, 潜力."""
    fall = datetime.date(2026, 1, 21)
    con, (result,) = synthetic(
        [RULES],
        [
            ("falls", datetime.date(2025, 7, 1), fall, 800_000),
            ("falls", fall, datetime.date(2026, 7, 1), 150_000),
        ],
    )
    average = con.sql("select aum_month_avg from simulated_aum where day = '2026-01-31'").fetchone()[0]
    assert float(average) == 569354.84
    assert (result.downgrade, result.upgrade) == (1, 0)
    # 21 January, and every 30 days until the day before the downgrade on 2 May.
    assert result.downgrade_warning == 4
    assert con.sql("select rule_rank, below_since from simulated_states").fetchall() == [(2, None)]
