-- Campaigns with what counts as a conversion of theirs, and the metric that their goal is judged by. Read out are
-- those whose customers were assigned within the year that the ledgers of balances and events are read for, and those
-- to which nobody was ever assigned.

with

assigned as (
    select
        campaign_id,
        min(assigned_date) as first_assigned_date,
        max(assigned_date) as last_assigned_date,
        max(drawn_control_share) as drawn_control_share
    from {{ ref('int_campaign__assignments') }}
    group by campaign_id
),

campaigns as (
    select
        planned.campaign_id,
        planned.campaign_name,
        planned.goal,
        goals.name_zh as goal_name_zh,
        goals.primary_metric,
        planned.product_id,
        products.product_name,
        products.product_category,
        events.event_type as conversion_event_type,
        events.scope as conversion_scope,
        events.name_zh as conversion_name_zh,
        events.contamination_scope,
        planned.start_date,
        planned.end_date,
        planned.control_share,
        assigned.drawn_control_share,
        planned.conversion_window_days,
        coalesce(assigned.first_assigned_date, planned.start_date) as first_assigned_date,
        coalesce(assigned.last_assigned_date, planned.start_date) as last_assigned_date
    from {{ ref('stg_marketing__campaigns') }} as planned
    left join assigned
        on planned.campaign_id = assigned.campaign_id
    left join {{ ref('campaign_goals') }} as goals
        on planned.goal = goals.goal
    left join {{ ref('stg_core__products') }} as products
        on planned.product_id = products.product_id
    left join {{ ref('campaign_conversion_events') }} as events
        on products.product_category = events.product_category
    where
        assigned.campaign_id is null
        or {{ in_last_days('assigned.first_assigned_date', 365) }}
)

select * from campaigns
