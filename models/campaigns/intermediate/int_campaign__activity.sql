-- On how many days of each horizon a member moved money or logged in themselves: one row a campaign, horizon and
-- customer with such a day. Reads the postings and app events since the first assignment of any campaign, a year at
-- most.

with

members as (
    select
        campaign_id,
        customer_id,
        assigned_date
    from {{ ref('int_campaign__members') }}
),

since as (
    select min(assigned_date) as first_assigned_date
    from members
),

active_days as (
    select distinct
        postings.customer_id,
        postings.transaction_date as active_date
    from {{ ref('int_transactions__customer') }} as postings
    where
        postings.initiator = 'customer'
        and {{ event_in_last_days('postings.transaction_date', 365) }}
        and postings.transaction_date >= (select since.first_assigned_date from since)

    union distinct

    select distinct
        app_events.customer_id,
        app_events.event_date as active_date
    from {{ ref('int_app_events__by_customer') }} as app_events
    where
        app_events.event_type = 'login'
        and {{ event_in_last_days('app_events.event_date', 365) }}
        and app_events.event_date >= (select since.first_assigned_date from since)
),

activity as (
    select
        members.campaign_id,
        horizons.horizon_days,
        members.customer_id,
        count(*) as active_days
    from members
    inner join {{ ref('int_campaign__horizons') }} as horizons
        on members.campaign_id = horizons.campaign_id
    inner join active_days
        on
            members.customer_id = active_days.customer_id
            and {{ counts_from(
                'active_days.active_date', 'members.assigned_date',
                last_counted_day('members.assigned_date', 'horizons.horizon_days')
            ) }}
    group by members.campaign_id, horizons.horizon_days, members.customer_id
)

select * from activity
