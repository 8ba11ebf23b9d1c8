-- Every assignment to an arm, by golden customer: what the marketing system delivered, and what `banktags audience
-- freeze` drew. Who was held out takes part in no campaign.

with

delivered as (
    select
        assignments.campaign_id,
        identities.customer_id,
        assignments.arm,
        assignments.assigned_date
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
        lists.frozen_date as assigned_date
    from {{ ref('frozen_lists') }} as lists
    left join {{ ref('int_customer__identity') }} as identities
        on
            lists.customer_id = identities.source_key
            and identities.source_system = 'core'
    where
        lists.arm in ('TREATMENT', 'CONTROL')
        and lists.frozen_date <= {{ as_of_date() }}
),

-- The same assignment may have come both ways.
assignments as (
    select * from delivered
    union distinct
    select * from frozen
)

select * from assignments
