-- Conversions: what customers took up of what a campaign offers, members or not, whoever caused it. Seed
-- campaign_conversion_events says which event counts for the product, and whether its like does too.

with

conversions as (
    select
        campaigns.campaign_id,
        events.customer_id,
        events.event_type,
        events.event_key,
        events.event_date,
        events.amount,
        events.margin
    from {{ ref('int_campaign__campaigns') }} as campaigns
    inner join {{ ref('int_campaign__events') }} as events
        on
            campaigns.product_category = events.product_category
            and campaigns.conversion_event_type = events.event_type
    where
        campaigns.conversion_scope = 'category'
        or campaigns.product_id = events.product_id
)

select * from conversions
