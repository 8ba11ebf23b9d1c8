"""Whether a list may be taken out for a campaign, on this day: what the marketing system and the calendars say."""

import datetime
import difflib
import unicodedata
from dataclasses import dataclass

import duckdb

from banktags import clock
from banktags.audience.definition import AudienceError
from banktags.demo_warehouse import has_demo_batches_only
from banktags.meant import meant, shown
from banktags.warehouse import Row, records

#: A business date may be a day ahead of the machine's, whose day begins later the further west it stands.
MAX_DAYS_AHEAD = 1


@dataclass(frozen=True)
class Day:
    """The day of a list: the business date of its members, and the date of the machine that takes it out."""

    business_date: datetime.date
    machine_date: datetime.date
    is_demo: bool

    @property
    def date(self) -> datetime.date:
        """The date by which campaigns have ended: a demo bank stands still, so its own."""
        return self.business_date if self.is_demo else max(self.business_date, self.machine_date)

    def __str__(self) -> str:
        """What is to be known of the two dates beside a list."""
        if self.is_demo:
            return (
                f"This is the demo bank, judged by its own date {self.business_date};"
                f" of a real bank nothing so far from {self.machine_date} would be taken out."
            )
        return f"Members of {self.business_date}, taken out on {self.machine_date}."


def judge_day(con: duckdb.DuckDBPyConnection, business_date: datetime.date) -> Day:
    """The day of a list of members of a business date.

    Raises:
        AudienceError: the business date is too far from the machine's, behind or ahead.
    """
    day = Day(business_date, clock.now().date(), has_demo_batches_only(con))
    if day.is_demo:
        return day
    setting = "select value from policy.audience_policy where parameter = 'list_max_age_days'"
    found = con.execute(setting).fetchone()
    if found is None:
        raise AudienceError("seed audience_policy has no row list_max_age_days: add it, and run dbt build")
    most, age = int(found[0]), (day.machine_date - business_date).days
    if age > most:
        raise AudienceError(
            f"the members are of {business_date}, {age} days before this machine's date {day.machine_date}, and"
            f" list_max_age_days of seed audience_policy is {most}: build a later date, then take the list out"
        )
    if -age > MAX_DAYS_AHEAD:
        raise AudienceError(
            f"the members are of {business_date}, {-age} days after this machine's date {day.machine_date}:"
            " correct the clock of the machine, or build a date that has come"
        )
    return day


def judge_campaign(con: duckdb.DuckDBPyConnection, campaign: str, audience: Row, day: Day) -> None:
    """Whether an audience may be the list of a campaign.

    Raises:
        AudienceError: it is unknown, has ended or sells another product, or the audience is not for marketing.
    """
    if audience["purpose"] != "marketing":
        raise AudienceError(
            f"audience {audience['audience']} is for {audience['purpose']}: only one for marketing is split into"
            " treatment and control, take one of audiences.audiences whose purpose is marketing"
        )
    known = records(con, "select * from marketing.campaign_plans order by campaign_id")
    _refuse_same_but_for_case(campaign, [row["campaign_id"] for row in known])
    found = [row for row in known if row["campaign_id"] == campaign]
    if not found:
        raise AudienceError(_unknown(campaign, audience, known, day))
    (planned,) = found
    if planned["end_date"] and planned["end_date"] < day.date:
        raise AudienceError(
            f"campaign {campaign} ended on {planned['end_date']}, before {day.date}: take one that runs or is planned,"
            " or have the marketing system deliver its new end in marketing.campaigns"
        )
    if planned["product_id"] != audience["product_id"]:
        raise AudienceError(
            f"campaign {campaign} sells {planned['product_id'] or 'no product'}, audience {audience['audience']} is"
            f" offered {audience['product_id']}: take an audience of the campaign's product, or correct either"
        )


def judge_unassigned(con: duckdb.DuckDBPyConnection, campaign: str) -> None:
    """Whether nobody has drawn arms or contacted anybody yet.

    Raises:
        AudienceError: the marketing system has assigned customers to the campaign, or touched them.
    """
    given = "select assigned_customers, touched_customers from marketing.campaign_plans where campaign_id = ?"
    (planned,) = con.execute(given, [campaign]).fetchall()
    done_already = (("assignments", "assigned customers to"), ("touches", "contacted customers for"))
    for (table, done), customers in zip(done_already, planned, strict=True):
        if customers:
            raise AudienceError(
                f"the marketing system has {done} campaign {campaign} already, {customers:,} of them in"
                f" marketing.{table}: arms are drawn once, before the first contact; take another campaign"
            )


def refuse_same_list(campaign: str, lists: list[str]) -> None:
    """Refuse a campaign whose name is that of a list but for case.

    Raises:
        AudienceError: there is one, which a file system that knows no case would take for it.
    """
    _refuse_same_but_for_case(campaign, lists)


def _refuse_same_but_for_case(campaign: str, names: list[str]) -> None:
    for name in names:
        if name != campaign and _folded(name) == _folded(campaign):
            raise AudienceError(
                f"campaign {campaign} differs only by case from {name}, which exists: one of them is a typing error;"
                " write it as it stands there"
            )


def _unknown(campaign: str, audience: Row, known: list[Row], day: Day) -> str:
    names = {_folded(row["campaign_id"]): row["campaign_id"] for row in known}
    called = {row["campaign_id"]: [row["campaign_name"]] for row in known if row.get("campaign_name")}
    near = meant(campaign, called, most=1) or [
        names[name] for name in difflib.get_close_matches(_folded(campaign), names, n=1, cutoff=0)
    ]
    fitting = [
        row["campaign_id"]
        for row in known
        if row["product_id"] == audience["product_id"] and (row["end_date"] is None or row["end_date"] >= day.date)
    ]
    nearest = f"; the nearest known is {shown(near[0], called)}" if near else ""
    said = f"there is no campaign {campaign} in marketing.campaigns{nearest}; "
    if fitting:
        said += f"{', '.join(fitting)} would sell {audience['product_id']} as the audience does; "
    return said + "have the marketing system deliver it, land it in marketing.campaigns (banktags load), and build"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
