-- Every assignment to an arm, by golden customer: what the marketing system delivered, and what `banktags audience
-- freeze` drew. Who was held out takes part in no campaign.

with

delivered as (
    select
        assignments.campaign_id,
        identities.customer_id,
        assignments.arm,
        assignments.assigned_date,
        cast(null as double) as drawn_control_share
    from {{ ref('stg_marketing__assignments') }} as assignments
    inner join {{ ref('int_customer__identity') }} as identities
        on
            assignments.customer_id = identities.source_key
            and identities.source_system = 'core'
),

-- A person may have got another golden number since the list was frozen.
frozen as (
    select
        lists.campaign_id,
        coalesce(identities.customer_id, lists.customer_id) as customer_id,
        lists.arm,
        lists.frozen_date as assigned_date,
        lists.drawn_control_share
    from {{ ref('frozen_lists') }} as lists
    left join {{ ref('int_customer__identity') }} as identities
        on
            lists.customer_id = identities.source_key
            and identities.source_system = 'core'
    where
        lists.arm in ('TREATMENT', 'CONTROL')
        and lists.frozen_date <= {{ as_of_date() }}
),

-- The same assignment may have come both ways. With which share controls were drawn only the frozen list says.
assignments as (
    select
        campaign_id,
        customer_id,
        arm,
        assigned_date,
        max(drawn_control_share) as drawn_control_share
    from (
        select * from delivered
        union all
        select * from frozen
    ) as both_ways
    group by campaign_id, customer_id, arm, assigned_date
)

select * from assignments
