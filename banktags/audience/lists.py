"""Lists that leave the warehouse: frozen for a campaign with its arms, or exported to a channel; each on record.

The folder ``data/lists`` (``BANK_TAGS_LISTS``) holds one Parquet file a frozen list under ``assignments`` and one an
export or freeze under ``exports``. No file is ever written twice; models ``frozen_lists`` and ``audience_exports`` read
them. ``banktags.records`` sees to it that no list is there without its record. Why files, and how arms and the hold-out
are drawn: DECISIONS 66.

The warehouse is of the last build, lists may be of a minute ago: so what is taken out is judged by both. Who is a
control of a campaign that runs is reached by no marketing, whichever of the two says so.
"""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from banktags import clock
from banktags import records as kept
from banktags.audience.campaigns import Day, judge_campaign, judge_day, judge_unassigned, refuse_same_list
from banktags.audience.definition import Audience, AudienceError, names_of, screened
from banktags.load.extract import file_pattern, literal
from banktags.meant import did_you_mean
from banktags.warehouse import Row, records

EXPORTS = "exports"
#: SQL types of the columns of a record that may be null, or whose type their value does not tell.
RECORD_TYPES = {
    "campaign_id": "varchar",
    "sensitivity": "varchar",
    "security_level": "integer",
    "left_out_count": "bigint",
    "control_share": "double",
}

#: Customers who are controls by a list on file, by their golden id of the build, of campaigns that run on the day; one
#: of which nothing is known runs.
CONTROLS = """
    create or replace temp table controls as
    select distinct coalesce(identities.customer_id, lists.customer_id) as customer_id
    from {lists} as lists
    left join marts.customer_numbers as identities
        on lists.customer_id = identities.id_value and identities.id_type = 'core_customer' and identities.is_of_record
    left join marketing.campaign_plans as campaigns using (campaign_id)
    where lists.arm = 'CONTROL' and (campaigns.end_date is null or campaigns.end_date >= $day)
"""

#: Arms by a hash of customer, campaign and salt. Whom the campaign may not reach takes part in none; of the others
#: every n-th in the order of tier and hash is a control, so that the share holds in each tier to within one. The
#: share is kept with the list: a readout tests the split against it, whatever the marketing system had planned.
ASSIGNMENTS = """
    with

    members as (
        select
            members.customer_id,
            members.channel,
            members.product_id,
            members.as_of_date,
            coalesce(tags.service_tier, 'none') as stratum,
            sha256(concat_ws('|', members.customer_id, $campaign, $salt)) as draw,
            coalesce(
                members.unreached_because,
                case when members.is_held_out then 'held_out' end,
                case when members.is_control or controls.customer_id is not null then 'control' end
            ) as unreached_because
        from audiences.audience_members as members
        inner join marts.customer_tags as tags using (customer_id)
        left join controls using (customer_id)
        where members.audience = $audience
    ),

    placed as (
        select
            *,
            row_number() over (
                partition by unreached_because is null order by stratum, draw, customer_id
            ) as place
        from members
    )

    select
        $campaign as campaign_id,
        $audience as audience,
        customer_id,
        case
            when unreached_because is not null then 'HOLDOUT'
            when floor(place * $control_share + 0.5) > floor((place - 1) * $control_share + 0.5) then 'CONTROL'
            else 'TREATMENT'
        end as arm,
        stratum,
        channel,
        product_id,
        as_of_date as frozen_date,
        unreached_because,
        cast($control_share as double) as drawn_control_share
    from placed
    order by customer_id
"""

#: Who of an audience is reached, as its members stand.
MEMBERS = """
    select customer_id, channel, address_token, product_id, purpose, unreached_because, 0 as address_order
    from audiences.audience_members
    where audience = $audience
"""

#: Who is treated by a frozen list, judged again by the gates of today: {gates} is all customers as the gates of the
#: audience leave them. A person whose numbers have been merged since is one.
TREATED = """
    select
        treated.customer_id,
        gates.channel,
        gates.address_token,
        $product as product_id,
        'marketing' as purpose,
        case
            when gates.customer_id is null then 'relationship_ended'
            else coalesce(gates.removed_by, gates.blocked_by)
        end as unreached_because,
        gates.address_order
    from (
        select distinct coalesce(identities.customer_id, lists.customer_id) as customer_id
        from {frozen} as lists
        left join marts.customer_numbers as identities
            on lists.customer_id = identities.id_value
            and identities.id_type = 'core_customer' and identities.is_of_record
        where lists.arm = 'TREATMENT'
    ) as treated
    left join ({gates}) as gates using (customer_id)
"""

#: Whom a channel reaches, by tokens that its gateway resolves; never a name or a number. Each address once, and none at
#: which a control of a running campaign is reached too.
ADDRESSES = """
    create or replace temp table judged as
    with

    meant as ({meant}),

    control_addresses as (
        select distinct permissions.address_token
        from audiences.contact_permissions as permissions
        inner join controls using (customer_id)
        where permissions.address_token is not null
    ),

    kept as (
        select
            meant.* exclude (unreached_because),
            case
                when meant.unreached_because is not null then meant.unreached_because
                when meant.purpose = 'marketing' and (
                    controls.customer_id is not null or control_addresses.address_token is not null
                ) then 'control'
                when meant.channel is null or meant.address_token is null then 'no_address'
            end as unreached_because
        from meant
        left join controls using (customer_id)
        left join control_addresses on meant.address_token = control_addresses.address_token
    )

    select
        customer_id,
        channel,
        address_token,
        product_id,
        case
            when unreached_because is not null then unreached_because
            when row_number() over (
                partition by address_token, unreached_because is null order by address_order, customer_id
            ) > 1 then 'shared_address'
        end as unreached_because
    from kept
"""


@dataclass(frozen=True)
class Order:
    """Who takes a list out, and why: what the record of an export says of it."""

    audience: str
    by: str
    reason: str


@dataclass(frozen=True)
class Taken:
    """A list that was taken out: its file, its rows, of a frozen one how many are in each arm, and who was left out."""

    file: Path
    rows: int
    day: Day
    arms: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)


def freeze(con: duckdb.DuckDBPyConnection, order: Order, campaign: str, control_share: float, salt: str) -> Taken:
    """Keep the members of an audience as the list of a campaign, each with the arm they draw.

    What a killed command left of this very list is completed.

    Raises:
        AudienceError: there is no such audience or nobody is in it, the campaign or the day does not admit it, or the
            campaign has its list already.
        RecordError: it can't be put on record.
    """
    _check_said(order)
    if not math.isfinite(control_share):
        raise AudienceError(f"control-share {control_share}: write a share from 0 to 0.9")
    described = _described(con, order.audience)
    day = judge_day(con, described["as_of_date"])
    judge_campaign(con, campaign, described, day)
    file = lists_folder() / f"{campaign}.parquet"
    completed = kept.settle(EXPORTS, lists_folder())
    lists = _lists_on_record()
    refuse_same_list(campaign, [each.stem for each in lists])
    if file in lists:
        if completed == file.absolute() and _is_ordered(file, order, campaign):
            return Taken(
                file, _count(con, f"read_parquet({_read(file)})"), day, _arms(con, f"read_parquet({_read(file)})")
            )
        raise AudienceError(
            f"campaign {campaign} has its list already, {file}: a frozen list stays as it is; take another campaign"
        )
    judge_unassigned(con, campaign)
    _find_controls(con, lists, day)
    parameters = {"audience": order.audience, "campaign": campaign, "salt": salt, "control_share": control_share}
    con.execute(f"create or replace temp table taken as {ASSIGNMENTS}", parameters)
    taken = Taken(file, _count(con, "taken"), day, _arms(con, "taken"))
    _write(con, taken, "parquet", True, order, described, "freeze", campaign, control_share)
    return taken


def export(con: duckdb.DuckDBPyConnection, order: Order, file: Path, campaign: str | None = None) -> Taken:
    """Write whom a channel is to reach as CSV, by address tokens, and put the export on record.

    Of an audience its members, or of a campaign those whom its frozen list treats and whom the gates still admit. What
    a killed command left of this very export is completed.

    Raises:
        AudienceError: there is no such audience or nobody is in it, it contacts nobody, the campaign or the day does
            not admit it, or nobody is left.
        RecordError: it can't be put on record, or the file is there already or is not to be written there.
    """
    _check_said(order)
    kept.refuse_served(file)
    settled = kept.settle(EXPORTS, file.absolute().parent)
    completed = settled == file.absolute() and _is_ordered(file, order, campaign)
    if os.path.lexists(file) and not completed:
        raise AudienceError(f"{file} exists: an export never replaces another; take another name")
    if kept.lists_folder().resolve() in file.resolve().parents:
        raise AudienceError(f"{file} stands among the records, {kept.lists_folder()}: write the export elsewhere")
    described = _described(con, order.audience)
    if not described["channels"]:
        raise AudienceError(f"audience {order.audience} contacts nobody: its model names no channel")
    day = judge_day(con, described["as_of_date"])
    if completed:
        return Taken(file, len(file.read_text(encoding="utf-8").splitlines()) - 1, day)
    if campaign is not None:
        judge_campaign(con, campaign, described, day)
    kept.settle(EXPORTS, lists_folder())
    lists = _lists_on_record()
    _find_controls(con, lists, day)
    if campaign is None:
        con.execute(ADDRESSES.format(meant=MEMBERS), {"audience": order.audience})
    else:
        frozen = f"read_parquet({_read(_list_of(campaign, order.audience, lists))})"
        treated = TREATED.format(frozen=frozen, gates=_gates(con, described))
        con.execute(ADDRESSES.format(meant=treated), {"product": described["product_id"]})
    con.execute(
        """
        create or replace temp table taken as
        select customer_id, channel, address_token, product_id
        from judged where unreached_because is null order by customer_id
        """
    )
    left_out = dict(
        con.execute(
            "select unreached_because, count(*) from judged where unreached_because is not null group by 1 order by 1"
        ).fetchall()
    )
    taken = Taken(file, _count(con, "taken"), day, left_out=left_out)
    if not taken.rows:
        reasons = ", ".join(f"{reason} {customers}" for reason, customers in left_out.items())
        raise AudienceError(
            f"nobody of {campaign or order.audience} may be reached today ({reasons}): nothing is written"
        )
    _write(con, taken, "csv, header", False, order, described, "export", campaign)
    return taken


def lists_folder() -> Path:
    """Folder of the frozen lists."""
    return kept.lists_folder() / "assignments"


def _check_said(order: Order) -> None:
    kept.check_said("--by", order.by)
    kept.check_said("--reason", order.reason)


def _described(con: duckdb.DuckDBPyConnection, audience: str) -> Row:
    found = records(con, "select * from audiences.audiences where audience = ?", [audience])
    if not found:
        known = names_of(con, "audiences.audiences", "audience")
        hint = did_you_mean(audience, known)
        raise AudienceError(f"there is no audience {audience}: {hint}take one of {', '.join(known)}")
    (described,) = found
    # The catalogue does not tell how many they are where they are few.
    (members,) = con.execute(
        "select count(*) from audiences.audience_members where audience = ?", [audience]
    ).fetchone()
    if not members:
        raise AudienceError(
            f"nobody is in audience {audience} on {described['as_of_date']}:"
            " see audiences.audience_gate_losses for where those whom its predicate finds went"
        )
    return described


def _lists_on_record() -> list[Path]:
    """The frozen lists, each of which is what its record says.

    Raises:
        AudienceError: one is not: whoever takes it for the campaign's would reach whom it may not.
    """
    lists = sorted(lists_folder().glob("*.parquet"))
    recorded = _recorded() if lists else set()
    for file in lists:
        if (file.name, kept.digest(file)) not in recorded:
            raise AudienceError(
                f"{file} is not what was put on record when it was frozen, and no list is taken out beside it:"
                " restore it from the backup, or remove it if nobody was contacted by it"
            )
    return lists


def _recorded() -> set[tuple[str, str]]:
    """Name and digest of each list whose freeze is on record."""
    files = [file_pattern(file) for file in (kept.lists_folder() / EXPORTS).glob("*.parquet")]
    if not files:
        return set()
    said = "select file_name, file_digest from read_parquet(?, union_by_name = true) where kind = 'freeze'"
    return set(duckdb.execute(said, [files]).fetchall())


def _is_ordered(file: Path, order: Order, campaign: str | None) -> bool:
    """Whether a list that was completed is the one that is ordered again, and not another under its name."""
    files = [file_pattern(record) for record in (kept.lists_folder() / EXPORTS).glob("*.parquet")]
    said = """
        select count(*) > 0 from read_parquet(?, union_by_name = true)
        where (file_name, file_digest, audience) = (?, ?, ?) and campaign_id is not distinct from ?
    """
    return duckdb.execute(said, [files, file.name, kept.digest(file), order.audience, campaign]).fetchone()[0]


def _refuse_other_arms(file: Path, digest: str) -> None:
    """A list that was frozen before and is gone may come back as it was, and not with other arms.

    Raises:
        AudienceError: what is drawn today is another list.
    """
    before = {recorded for name, recorded in _recorded() if name == file.name}
    if before and digest not in before:
        raise AudienceError(
            f"{file} was frozen before and is gone, and today other arms would be drawn: restore it from the backup,"
            " or take another campaign"
        )


def _list_of(campaign: str, audience: str, lists: list[Path]) -> Path:
    file = lists_folder() / f"{campaign}.parquet"
    if file not in lists:
        raise AudienceError(
            f"campaign {campaign} has no list: banktags audience freeze {audience} --campaign {campaign} draws its arms"
        )
    (of,) = duckdb.execute("select any_value(audience) from read_parquet(?)", [file_pattern(file)]).fetchone()
    if of != audience:
        raise AudienceError(f"the list of campaign {campaign} is of audience {of}, not of {audience}: export that one")
    return file


def _find_controls(con: duckdb.DuckDBPyConnection, lists: list[Path], day: Day) -> None:
    files = ", ".join(_read(file) for file in lists)
    rows = (
        f"read_parquet([{files}], union_by_name = true)"
        if lists
        else "(select '' as customer_id, '' as arm, '' as campaign_id)"
    )
    con.execute(CONTROLS.format(lists=rows), {"day": day.date})


def _gates(con: duckdb.DuckDBPyConnection, described: Row) -> str:
    """All customers as the gates of an audience leave them, whomever its predicate finds."""
    channels, excluding = (described[name].split(",") if described[name] else [] for name in ("channels", "excluding"))
    everybody = Audience("true", described["purpose"], described["product_id"], channels=channels, excluding=excluding)
    return screened(con, everybody)


def _write(
    con: duckdb.DuckDBPyConnection,
    taken: Taken,
    form: str,
    is_own_folder: bool,
    order: Order,
    described: Row,
    kind: str,
    campaign: str | None,
    control_share: float | None = None,
) -> None:
    """Write table ``taken`` under the name of the list, and its record, by the machine's clock and by business date."""
    now = clock.now()
    said = ("audience", "as_of_date", "purpose", "sensitivity", "security_level", "predicate_hash")
    with kept.draft(taken.file, is_own_folder=is_own_folder) as written:
        con.execute(f"copy taken to {literal(written.path)} (format {form}, use_tmp_file false)")
        row = {
            "export_id": kept.new_id(now, order.audience),
            "exported_at": now,
            "business_date": taken.day.business_date,
            "exported_by": order.by,
            "kind": kind,
            "campaign_id": campaign,
            "reason": order.reason,
            "row_count": taken.rows,
            "control_share": control_share,
            "left_out_count": None if kind == "freeze" else sum(taken.left_out.values()),
            "file_name": taken.file.name,
            "file_digest": written.digest(),
        }
        if kind == "freeze":
            _refuse_other_arms(taken.file, row["file_digest"])
        written.publish(EXPORTS, row | {name: described[name] for name in said}, RECORD_TYPES)


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    return con.execute(f"select count(*) from {relation}").fetchone()[0]


def _arms(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, int]:
    return dict(con.execute(f"select arm, count(*) from {relation} group by arm order by arm").fetchall())


def _read(file: Path) -> str:
    return literal(file_pattern(file))
