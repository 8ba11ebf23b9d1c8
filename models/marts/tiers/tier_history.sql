-- Which tier stood from when to when: the service tier out of its log, the measured ones out of the history of tags.

{{ config(materialized='view') }}

with

-- The rows on which the service tier is another than before: each stands until the next.
service_tiers as (
    select
        customer_id,
        service_tier as tier,
        as_of_date as valid_from,
        lead(as_of_date) over (partition by customer_id order by as_of_date) as valid_to,
        reason
    from {{ ref('service_tier_changes') }}
    where service_tier is distinct from previous_service_tier
),

tier_history as (
    select
        customer_id,
        'service_tier' as tier_kind,
        tier,
        valid_from,
        valid_to,
        reason
    from service_tiers
    where tier is not null

    union all

    select
        customer_id,
        tag_code as tier_kind,
        tag_value as tier,
        valid_from,
        valid_to,
        cast(null as string) as reason
    from {{ ref('tag_history') }}
    where tag_code in ('aum_tier', 'aum_tier_spot')
)

select * from tier_history
