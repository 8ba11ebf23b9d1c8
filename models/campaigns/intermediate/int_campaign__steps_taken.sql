-- Which steps of the funnel each customer of a campaign took within its conversion window, in whatever order: one row a
-- customer and step.

with

-- Everybody who takes part in a campaign, with the last day that counts for them.
members as (
    select
        members.campaign_id,
        members.customer_id,
        members.assigned_date,
        {{ last_counted_day('members.assigned_date', 'campaigns.conversion_window_days') }} as last_day
    from {{ ref('int_campaign__members') }} as members
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on members.campaign_id = campaigns.campaign_id
    where members.arm in ('TREATMENT', 'CONTROL')
),

-- Steps that a touch of the campaign stands for.
touched as (
    select distinct
        members.campaign_id,
        members.customer_id,
        steps.step
    from members
    inner join {{ ref('int_campaign__touches') }} as touches
        on
            members.campaign_id = touches.campaign_id
            and members.customer_id = touches.customer_id
            and members.last_day >= touches.touch_date
    inner join {{ ref('campaign_funnel_steps') }} as steps
        on touches.touch_status = steps.touch_status
),

-- On how many days each of them bought what the campaign is about.
ordered as (
    select
        members.campaign_id,
        members.customer_id,
        count(distinct conversions.event_date) as conversion_days
    from members
    inner join {{ ref('int_campaign__conversions') }} as conversions
        on
            members.campaign_id = conversions.campaign_id
            and members.customer_id = conversions.customer_id
            and {{ counts_from('conversions.event_date', 'members.assigned_date', 'members.last_day') }}
    group by members.campaign_id, members.customer_id
),

-- A second day with an order is a repurchase.
steps_taken as (
    select
        campaign_id,
        customer_id,
        'assigned' as step
    from members

    union all

    select * from touched

    union all

    select
        campaign_id,
        customer_id,
        'ordered' as step
    from ordered

    union all

    select
        campaign_id,
        customer_id,
        'repurchased' as step
    from ordered
    where conversion_days > 1
)

select * from steps_taken
