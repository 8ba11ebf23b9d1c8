"""Time of counting an audience against the same count by hand: ``python benchmarks/audiences.py --help``.

A table like customer_tags is filled with made-up customers. Random conditions over five tags are counted as
``banktags audience estimate`` does, with the loss of each gate, and by one query as an analyst would type it who knows
which product is offered: the customers found and the members left, and what each gate takes. The ratio should be 2 at
most. The count of the bare condition, without any gate, stands beside it.
"""

import argparse
import random
import statistics
import time

import duckdb
from dbt.cli.main import dbtRunner
from tag_quality import fill

from banktags.audience.definition import Audience, screened
from banktags.catalogue import TagEntry, tag_entries
from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file

CHANNELS = ["APP", "SMS"]
GATED = [
    "is_marketing_contactable",
    "is_personalisation_allowed",
    "is_risk_assessment_valid",
    "max_sellable_product_rating",
    *(f"has_{channel.lower()}_marketing_consent" for channel in CHANNELS),
]
BY_HAND = """
    with

    reach as (
        select
            customer_id,
            max(case when channel = 'APP' then coalesce(marketing_blocked_by, 'open') end) as app,
            max(case when channel = 'SMS' then coalesce(marketing_blocked_by, 'open') end) as sms
        from audiences.contact_permissions
        where channel in ('APP', 'SMS')
        group by customer_id
    )

    select
        case
            when app <> 'open' and sms <> 'open' then sms
            when is_risk_assessment_valid is not true then 'not assessed'
            when (max_sellable_product_rating >= 'R3') is not true then 'unsuitable'
        end as gate,
        count(*)
    from marts.customer_tags
    left join reach using (customer_id)
    where {}
    group by gate
"""


def condition(draw: random.Random, con: duckdb.DuckDBPyConnection, tags: list[TagEntry]) -> str:
    """A condition over five tags, as strict or as wide as it comes; each asks for a value that some customer has."""
    terms = []
    for tag in tags:
        if tag.data_type == "boolean":
            terms.append(draw.choice([tag.code, f"not {tag.code}"]))
        elif tag.data_type == "string":
            terms.append(f"{tag.code} = '{draw.choice(list(tag.values))}'")
        else:
            bound = con.execute(
                f"select quantile_disc({tag.code}, {draw.uniform(0.02, 0.98):.2f}) from marts.customer_tags"
            ).fetchone()[0]
            terms.append(f"{tag.code} {draw.choice(['>=', '<='])} {bound}")
    return draw.choice([" and ", " or "]).join(terms)


def prepare(con: duckdb.DuckDBPyConnection, entries: list[TagEntry], customers: int) -> None:
    """The wide table with these tags, and what else counting reads."""
    fill(con, entries, customers)
    con.execute("create schema policy; create schema governance; create schema audiences")
    for seed in ("audience_purposes", "audience_gates"):
        con.execute(f"create table policy.{seed} as from read_csv('{seed_file(seed)}')")
    con.execute(
        """
        create table governance.tag_confidence (customer_id text, tag_code text, confidence decimal(5,4));
        create table governance.tag_dictionary as
        select column_name as tag_code, 3 as security_level
        from information_schema.columns
        where table_schema = 'marts' and table_name = 'customer_tags';
        create table audiences.audiences (
            audience text, purpose text, including text, excluding text, security_level int
        );
        create table audiences.offer_exclusions (
            customer_id text, as_of_date date, purpose text, product_class text, gate text
        );
        create table audiences.audience_products as
        select
            'WP03' as product_id, true as needs_assessment, 'R3' as risk_rating, 'investment' as product_class,
            true as is_on_sale;
        create table audiences.contact_permissions as
        select
            customer_id, channel, customer_id as address_token, 1 as address_order,
            case
                when (is_marketing_contactable and has_consent) is not true then 'no_consent'
                when is_personalisation_allowed is not true then 'opted_out'
            end as marketing_blocked_by,
            cast(null as varchar) as service_blocked_by, cast(null as varchar) as risk_blocked_by
        from marts.customer_tags
        cross join lateral (
            values ('SMS', has_sms_marketing_consent), ('APP', has_app_marketing_consent)
        ) as consents (channel, has_consent);
        """
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--conditions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5, help="of each the fastest counts")
    arguments = parser.parse_args()

    parsed = dbtRunner().invoke(["parse", "--quiet", "--project-dir", str(PROJECT_ROOT)])
    entries = tag_entries(parsed.result.to_dict())
    usable = [
        tag
        for tag in entries
        if tag.code not in GATED
        and (tag.data_type in ("boolean", "int", "bigint") or (tag.data_type == "string" and tag.values))
    ]
    draw = random.Random(6)
    samples = [draw.sample(usable, 5) for _ in range(arguments.conditions)]
    needed = {tag.code for tags in samples for tag in tags} | set(GATED)

    with duckdb.connect(config={"threads": 2}) as con:
        prepare(con, [tag for tag in entries if tag.code in needed], arguments.customers)

        def seconds(sql: str) -> float:
            taken = []
            for _ in range(arguments.rounds):
                started = time.perf_counter()
                con.execute(sql).fetchall()
                taken.append(time.perf_counter() - started)
            return min(taken)

        by_hand, bare = [], []
        for tags in samples:
            text = condition(draw, con, tags)
            counted = screened(con, Audience(text, product="WP03", channels=CHANNELS))
            estimated = seconds(f"select removed_by, count(*) from ({counted}) as screened group by removed_by")
            by_hand.append(estimated / seconds(BY_HAND.format(text)))
            bare.append(estimated / seconds(f"select count(*) from marts.customer_tags where {text}"))
    for name, ratios in (("the same count by hand", by_hand), ("the bare condition, no gates", bare)):
        print(f"{arguments.customers:,} customers: {statistics.median(ratios):.2f} × {name}, at most {max(ratios):.2f}")


if __name__ == "__main__":
    main()
