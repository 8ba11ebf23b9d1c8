"""A bank of any decade: the nights of the demo bank at dates far from those of the seeds, with every data test.

The tag system lives in its own time: what it says of its tags today breaks no rule at a date before it was said.
"""

import datetime
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dbt_warehouse import Warehouse
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT

ONE_DAY = datetime.timedelta(days=1)
#: A leap day and end of a month, before every date in a seed.
NIGHT = datetime.date(1988, 2, 29)


def nights(folder: Path, last: datetime.date, count: int = 1) -> Warehouse:
    """The last nights of a demo bank whose extracts end on a date, run with all data tests; each must end well."""
    warehouse = Warehouse(folder, folder / "raw")
    warehouse.begin_parsed()
    made = ("simulate", "--customers", "60", "--days", "40", "--end-date", str(last), "--out", str(warehouse.raw))
    simulated = CliRunner().invoke(app, made)
    assert simulated.exit_code == 0, simulated.output
    first = last - (count - 1) * ONE_DAY
    run = subprocess.run(
        (sys.executable, "-m", "banktags", "run", "--from", str(first), "--to", str(last)),
        **{"cwd": PROJECT_ROOT, "env": warehouse.environment()},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    assert len(re.findall(r"^\d{4}-\d\d-\d\d  done", run.stderr, re.MULTILINE)) == count, run.stderr
    assert warehouse.rows("select count(*) from history.business_dates") == [(count,)]
    return warehouse


@pytest.fixture(scope="module")
def warehouse(parsed_project, tmp_path_factory) -> Warehouse:
    return nights(tmp_path_factory.mktemp("any_date"), NIGHT)


@pytest.mark.slow
def test_a_past_state_of_the_tags_is_shown_as_past(warehouse):
    """Every certified tag was a draft in 1988; that breaks no rule."""
    certified = warehouse.rows(
        "select count(*) from governance.tag_lifecycle where is_current and status = 'certified'"
    )
    states = warehouse.rows("select status, status_on_date, count(*) from governance.tag_dictionary group by all")
    assert certified[0][0] > 50
    assert {(status, then): tags for status, then, tags in states}["certified", "draft"] == certified[0][0]
    assert {then for _, then, _ in states} == {"draft"}
    assert warehouse.rows("select * from governance.tag_violations") == []
    assert warehouse.rows("select * from governance.tag_lifecycle where is_taken_by_date or is_current_on_date") == []


@pytest.mark.slow
def test_the_policies_were_in_force(warehouse):
    """Whose stage needs no history has one; whose AUM is known has a tier; and thresholds decide tags.

    Forty days of postings do not tell whether the others are silent or do less than before.
    """
    ((customers, staged, told, new, balances, tiers),) = warehouse.rows(
        """
        select
            count(*),
            count(lifecycle_stage),
            count(case when tags.relationship_status <> 'active' or tags.tenure_days < rules.tenure_days_to then 1 end),
            count(case when tags.lifecycle_stage = rules.stage then 1 end),
            count(aum_month_avg),
            count(aum_tier)
        from marts.customer_tags as tags
        cross join policy.lifecycle_rules as rules
        where rules.rule = 'just_opened'
        """
    )
    assert customers >= 60
    assert staged == told > new > 0
    assert tiers == balances > 0
    assert warehouse.rows("select count(*) > 0 from tags.rule_tags__value where customer_value_level is not null")[0][0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "last, count",
    [
        pytest.param(datetime.date(1972, 3, 1), 3, id="over a leap day, before 1990"),
        pytest.param(
            datetime.date(2032, 1, 1), 2, id="over the end of a year, in a decade to come", marks=pytest.mark.long
        ),
    ],
)
def test_nights_of_other_decades_end_green(parsed_project, tmp_path, last, count):
    warehouse = nights(tmp_path / "bank", last, count)
    ((then, now),) = warehouse.rows(
        """
        select
            count(case when status_on_date = 'certified' then 1 end),
            count(case when status = 'certified' then 1 end)
        from governance.tag_dictionary
        """
    )
    assert then == (now if last > datetime.date(2026, 6, 1) else 0)
