-- Controls who were treated all the same: written to for the campaign itself, or treated by another campaign that
-- offers the same, from the day of their assignment to the end of the conversion window. What is the same says seed
-- campaign_conversion_events (contamination_scope). They stay controls all the same (DECISIONS 68). One row a campaign
-- and such a control; reads the touches of a year.

with

controls as (
    select
        members.campaign_id,
        members.customer_id,
        members.assigned_date,
        {{ last_counted_day('members.assigned_date', 'campaigns.conversion_window_days') }} as last_day,
        campaigns.product_id,
        campaigns.product_category,
        campaigns.contamination_scope
    from {{ ref('int_campaign__members') }} as members
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on members.campaign_id = campaigns.campaign_id
    where members.arm = 'CONTROL'
),

messages as (
    select
        campaign_id,
        customer_id,
        touch_date as treated_date
    from {{ ref('int_campaign__touches') }}
    where touch_status = 'sent'
),

-- Treated is who was written to; of who is in a treatment arm and was not, or whose messages are not delivered to us,
-- the day of the assignment stands for it.
treated as (
    select
        messages.campaign_id,
        messages.customer_id,
        messages.treated_date
    from messages

    union distinct

    select
        members.campaign_id,
        members.customer_id,
        members.assigned_date as treated_date
    from {{ ref('int_campaign__members') }} as members
    where
        members.arm = 'TREATMENT'
        and members.first_touch_date is null
),

by_itself as (
    select distinct
        controls.campaign_id,
        controls.customer_id
    from controls
    inner join messages
        on
            controls.campaign_id = messages.campaign_id
            and controls.customer_id = messages.customer_id
            and controls.assigned_date <= messages.treated_date
),

by_others as (
    select
        controls.campaign_id,
        controls.customer_id,
        count(distinct treated.campaign_id) as other_campaigns
    from controls
    inner join treated
        on
            controls.customer_id = treated.customer_id
            and controls.campaign_id <> treated.campaign_id
            and {{ counts_from('treated.treated_date', 'controls.assigned_date', 'controls.last_day') }}
    inner join {{ ref('int_campaign__campaigns') }} as other_campaigns
        on treated.campaign_id = other_campaigns.campaign_id
    where
        (controls.contamination_scope = 'product' and controls.product_id = other_campaigns.product_id)
        or (controls.contamination_scope = 'category' and controls.product_category = other_campaigns.product_category)
    group by controls.campaign_id, controls.customer_id
),

contamination as (
    select
        coalesce(by_itself.campaign_id, by_others.campaign_id) as campaign_id,
        coalesce(by_itself.customer_id, by_others.customer_id) as customer_id,
        by_itself.customer_id is not null as is_written_to,
        coalesce(by_others.other_campaigns, 0) as other_campaigns
    from by_itself
    full join by_others
        on
            by_itself.campaign_id = by_others.campaign_id
            and by_itself.customer_id = by_others.customer_id
)

select * from contamination
