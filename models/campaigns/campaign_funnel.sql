-- How far the customers of each campaign came: from assignment over the touches to the order and the next one. By arm
-- over all, and of the treated by tier and by channel. Every customer counts once a step, in whatever order they took
-- them (int_campaign__steps_taken). A group that is too small keeps its rows without figures.

with

-- Who takes part in each campaign, in either arm.
members as (
    select
        campaign_id,
        customer_id,
        arm,
        tier
    from {{ ref('int_campaign__members') }}
    where arm in ('TREATMENT', 'CONTROL')
),

-- The channel by which a customer was reached first stands for them: a step on another channel counts for it too.
channels as (
    select
        campaign_id,
        customer_id,
        channel,
        row_number() over (
            partition by campaign_id, customer_id
            order by touch_date, touch_at, touch_id
        ) as touch_number
    from {{ ref('int_campaign__touches') }}
    where touch_status = 'sent'
),

-- Who is in which group. A channel's customers are those it was sent to, so its base is not the assignment.
grouped as (
    select
        campaign_id,
        customer_id,
        'arm' as group_dimension,
        arm as group_value
    from members

    union all

    select
        campaign_id,
        customer_id,
        'tier' as group_dimension,
        tier as group_value
    from members
    where arm = 'TREATMENT' and tier is not null

    union all

    select
        members.campaign_id,
        members.customer_id,
        'channel' as group_dimension,
        channels.channel as group_value
    from members
    inner join channels
        on
            members.campaign_id = channels.campaign_id
            and members.customer_id = channels.customer_id
            and channels.touch_number = 1
    where members.arm = 'TREATMENT'
),

-- How many of each group took each step.
counts as (
    select
        grouped.campaign_id,
        grouped.group_dimension,
        grouped.group_value,
        taken.step,
        count(*) as customers
    from grouped
    inner join {{ ref('int_campaign__steps_taken') }} as taken
        on
            grouped.campaign_id = taken.campaign_id
            and grouped.customer_id = taken.customer_id
    group by grouped.campaign_id, grouped.group_dimension, grouped.group_value, taken.step
),

-- Every step of every group, so that a step that nobody took is a zero. Every member was assigned, so the assigned
-- are the group.
steps_of_groups as (
    select
        bases.campaign_id,
        bases.group_dimension,
        bases.group_value,
        steps.step,
        steps.step_order,
        steps.name_zh,
        steps.previous_step,
        case when bases.customers >= {{ minimum_group_size() }} then bases.customers end as base_customers,
        case when bases.customers >= {{ minimum_group_size() }} then coalesce(counts.customers, 0) end as customers
    from counts as bases
    cross join {{ ref('campaign_funnel_steps') }} as steps
    left join counts
        on
            bases.campaign_id = counts.campaign_id
            and bases.group_dimension = counts.group_dimension
            and bases.group_value = counts.group_value
            and steps.step = counts.step
    where bases.step = 'assigned'
),

campaign_funnel as (
    select
        here.campaign_id,
        campaigns.campaign_name,
        here.group_dimension,
        here.group_value,
        cast(here.step_order as int) as step_number,
        here.step,
        here.name_zh,
        here.customers,
        case here.group_dimension when 'channel' then 'sent' else 'assigned' end as base_step,
        here.base_customers,
        {{ rate('here.customers', 'here.base_customers') }} as base_rate,
        here.previous_step,
        earlier.customers as previous_customers,
        {{ rate('here.customers', 'earlier.customers') }} as step_rate,
        {{ as_of_date() }} as as_of_date
    from steps_of_groups as here
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on here.campaign_id = campaigns.campaign_id
    left join steps_of_groups as earlier
        on
            here.campaign_id = earlier.campaign_id
            and here.group_dimension = earlier.group_dimension
            and here.group_value = earlier.group_value
            and here.previous_step = earlier.step
)

select * from campaign_funnel
