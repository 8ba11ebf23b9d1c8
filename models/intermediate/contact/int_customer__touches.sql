-- Marketing touches with the golden customer they reached; a view.

with

touches as (
    select
        staged_touches.touch_id,
        staged_touches.campaign_id,
        identities.customer_id,
        staged_touches.touch_date,
        staged_touches.touch_at,
        staged_touches.channel,
        staged_touches.touch_status,
        staged_touches.dt
    from {{ ref('stg_marketing__touches') }} as staged_touches
    inner join {{ ref('int_customer__identity') }} as identities
        on
            staged_touches.customer_id = identities.source_key
            and identities.source_system = 'core'
)

select * from touches
