-- Touches of campaigns with the golden customer: one row a step of the funnel that was reached. Reads the touches of
-- a year.

with

touches as (
    select
        staged_touches.campaign_id,
        identities.customer_id,
        staged_touches.touch_id,
        staged_touches.touch_date,
        staged_touches.touch_at,
        staged_touches.channel,
        staged_touches.touch_status
    from {{ ref('stg_marketing__touches') }} as staged_touches
    inner join {{ ref('int_customer__identity') }} as identities
        on
            staged_touches.customer_id = identities.source_key
            and identities.source_system = 'core'
    where {{ event_in_last_days('staged_touches.touch_date', 365) }}
)

select * from touches
