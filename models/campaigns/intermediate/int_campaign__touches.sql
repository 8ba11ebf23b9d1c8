-- Touches of campaigns with the golden customer: one row a step of the funnel that was reached. Reads the touches of
-- a year.

with

touches as (
    select
        campaign_id,
        customer_id,
        touch_id,
        touch_date,
        touch_at,
        channel,
        touch_status
    from {{ ref('int_customer__touches') }}
    where {{ event_in_last_days('touch_date', 365) }}
)

select * from touches
