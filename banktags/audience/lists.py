"""Lists that leave the warehouse: frozen for a campaign with its arms, or exported to a channel; each on record.

The folder ``data/lists`` (``BANK_TAGS_LISTS``) holds one Parquet file a frozen list under ``assignments`` and one an
export under ``exports``. No file is ever written twice; models ``frozen_lists`` and ``audience_exports`` read them.
"""

import datetime
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from banktags.audience.definition import AudienceError, macros
from banktags.contract import PROJECT_ROOT
from banktags.load.extract import literal
from banktags.warehouse import Row, records

#: Arms by a hash of customer, campaign and salt. Who is held out of all marketing takes part in no campaign; of the
#: others every n-th in the order of tier and hash is a control, so that the share holds in each tier to within one.
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
            members.is_held_out
        from audiences.audience_members as members
        inner join marts.customer_tags as tags using (customer_id)
        where members.audience = $audience
    ),

    placed as (
        select
            *,
            row_number() over (partition by is_held_out order by stratum, draw, customer_id) as place
        from members
    )

    select
        $campaign as campaign_id,
        $audience as audience,
        customer_id,
        case
            when is_held_out then 'HOLDOUT'
            when floor(place * $control_share + 0.5) > floor((place - 1) * $control_share + 0.5) then 'CONTROL'
            else 'TREATMENT'
        end as arm,
        stratum,
        channel,
        product_id,
        as_of_date as frozen_date
    from placed
    order by customer_id
"""

#: Whom a channel reaches, by tokens that its gateway resolves; never a name or a number. Who is held out has no
#: channel.
ADDRESSES = """
    select
        members.customer_id,
        members.channel,
        {address_token} as address_token,
        members.product_id
    from audiences.audience_members as members
    left join intermediate.int_customer__profile as profiles using (customer_id)
    where members.audience = $audience and members.channel is not null
    order by members.customer_id
"""


@dataclass(frozen=True)
class Order:
    """Who takes a list out, and why: what the record of an export says of it."""

    audience: str
    by: str
    reason: str


@dataclass(frozen=True)
class Taken:
    """A list that was taken out: its file, its rows, and of a frozen one the customers in each arm."""

    file: Path
    rows: int
    arms: dict[str, int]


def lists_folder() -> Path:
    """Folder of the lists: ``BANK_TAGS_LISTS``, or ``data/lists`` in the project."""
    return Path(os.environ.get("BANK_TAGS_LISTS", PROJECT_ROOT / "data" / "lists"))


def freeze(con: duckdb.DuckDBPyConnection, order: Order, campaign: str, control_share: float, salt: str) -> Taken:
    """Keep today's members of an audience as the list of a campaign, each with his arm.

    Raises:
        AudienceError: there is no such audience, nobody is in it, or the campaign has its list already.
    """
    file = lists_folder() / "assignments" / f"{campaign}.parquet"
    if file.exists():
        raise AudienceError(
            f"campaign {campaign} has its list already, {file}: a frozen list stays as it is; take another id"
        )
    described = _described(con, order.audience)
    parameters = {
        "audience": order.audience,
        "campaign": campaign,
        "salt": salt,
        "control_share": control_share,
    }
    con.execute(f"create or replace temp table taken as {ASSIGNMENTS}", parameters)
    keep(con, "taken", file)
    arms = dict(con.execute("select arm, count(*) from taken group by arm order by arm").fetchall())
    _record(con, order, described, "freeze", campaign, file, sum(arms.values()))
    return Taken(file, sum(arms.values()), arms)


def export(con: duckdb.DuckDBPyConnection, order: Order, file: Path) -> Taken:
    """Write today's members of an audience as CSV for a channel, by address tokens, and put the export on record.

    Raises:
        AudienceError: there is no such audience, nobody is in it, it contacts nobody, or the file exists.
    """
    if file.exists():
        raise AudienceError(f"{file} exists: an export never replaces another; take another name")
    described = _described(con, order.audience)
    if not described["channels"]:
        raise AudienceError(f"audience {order.audience} contacts nobody: its model names no channel")
    token = macros().address_token("members.channel", "members.customer_id", "profiles.mobile_hash")
    addresses = ADDRESSES.format(address_token=token)
    con.execute(f"create or replace temp table taken as {addresses}", {"audience": order.audience})
    rows = con.execute("select count(*) from taken").fetchone()[0]
    # On record before the file is where somebody may take it.
    partial = file.with_name(f".{file.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"copy taken to {literal(partial)} (format csv, header)")
    _record(con, order, described, "export", None, partial, rows, file.name)
    partial.replace(file)
    return Taken(file, rows, {})


def _described(con: duckdb.DuckDBPyConnection, audience: str) -> Row:
    found = records(con, "select * from audiences.audiences where audience = ?", [audience])
    if not found:
        known = con.execute("select string_agg(audience, ', ' order by audience) from audiences.audiences").fetchone()[
            0
        ]
        raise AudienceError(f"there is no audience {audience}: take one of {known}")
    (described,) = found
    if not described["members"]:
        raise AudienceError(
            f"nobody is in audience {audience} on {described['as_of_date']}:"
            f" see audiences.audience_gate_losses for where the {described['candidates']} whom its predicate finds went"
        )
    return described


def _record(
    con: duckdb.DuckDBPyConnection,
    order: Order,
    described: Row,
    kind: str,
    campaign: str | None,
    file: Path,
    rows: int,
    file_name: str | None = None,
) -> None:
    now = datetime.datetime.now().replace(microsecond=0)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    export_id = f"{now:%Y%m%dT%H%M%S}-{order.audience}-{digest[:8]}"
    con.execute(
        """
        create or replace temp table record as
        select
            cast($export_id as varchar) as export_id,
            cast($exported_at as timestamp) as exported_at,
            cast($exported_by as varchar) as exported_by,
            cast($kind as varchar) as kind,
            cast($audience as varchar) as audience,
            cast($campaign as varchar) as campaign_id,
            cast($as_of_date as date) as as_of_date,
            cast($purpose as varchar) as purpose,
            cast($reason as varchar) as reason,
            cast($rows as bigint) as row_count,
            cast($sensitivity as varchar) as sensitivity,
            cast($security_level as integer) as security_level,
            cast($predicate_hash as varchar) as predicate_hash,
            cast($file_name as varchar) as file_name,
            cast($digest as varchar) as file_digest
        """,
        {
            "export_id": export_id,
            "exported_at": now,
            "exported_by": order.by,
            "kind": kind,
            "campaign": campaign,
            "reason": order.reason,
            "rows": rows,
            "file_name": file_name or file.name,
            "digest": digest,
            **{
                name: described[name]
                for name in ("audience", "as_of_date", "purpose", "sensitivity", "security_level", "predicate_hash")
            },
        },
    )
    keep(con, "record", lists_folder() / "exports" / f"{export_id}.parquet")


def keep(con: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    """Write a table as a Parquet file: a whole file or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    con.execute(f"copy {table} to {literal(partial)} (format parquet)")
    partial.replace(file)
