-- What became of each member by the end of each horizon that has passed, from the day of the assignment on (macro
-- counts_from): one row a campaign, horizon and customer of an arm, reached or not (intention to treat).

with

parameters as (
    select
        {{ parameter_value('churn_aum_drop') }} as churn_aum_drop,
        {{ parameter_value('churn_aum_from') }} as churn_aum_from
    from {{ ref('campaign_parameters') }}
    where {{ in_force() }}
),

windows as (
    select
        members.campaign_id,
        horizons.horizon_days,
        members.customer_id,
        members.arm,
        members.tier,
        members.assigned_date,
        members.aum_assigned,
        members.aum_before,
        {{ last_counted_day('members.assigned_date', 'horizons.horizon_days') }} as last_day
    from {{ ref('int_campaign__members') }} as members
    inner join {{ ref('int_campaign__horizons') }} as horizons
        on
            members.campaign_id = horizons.campaign_id
            and horizons.is_observed
    where members.arm in ('TREATMENT', 'CONTROL')
),

-- A repurchase is a conversion on a later day than the first.
converted as (
    select
        windows.campaign_id,
        windows.horizon_days,
        windows.customer_id,
        count(distinct conversions.event_date) as conversion_days,
        sum(conversions.amount) as amount_bought,
        sum(conversions.margin) as margin,
        sum(conversions.margin_long) as margin_long
    from windows
    inner join {{ ref('int_campaign__conversions') }} as conversions
        on
            windows.campaign_id = conversions.campaign_id
            and windows.customer_id = conversions.customer_id
            and {{ counts_from('conversions.event_date', 'windows.assigned_date', 'windows.last_day') }}
    group by windows.campaign_id, windows.horizon_days, windows.customer_id
),

balances as (
    select
        windows.campaign_id,
        windows.horizon_days,
        windows.customer_id,
        sum(intervals.balance) as aum
    from windows
    inner join {{ ref('int_aum__intervals') }} as intervals
        on
            windows.customer_id = intervals.customer_id
            and intervals.in_aum
            and windows.last_day >= intervals.valid_from
            and windows.last_day < intervals.valid_to
    group by windows.campaign_id, windows.horizon_days, windows.customer_id
),

ends as (
    select
        windows.campaign_id,
        windows.horizon_days,
        windows.customer_id,
        windows.arm,
        windows.tier,
        windows.aum_assigned,
        windows.aum_before,
        cast(coalesce(balances.aum, 0) as decimal(28, 2)) as aum_end,
        coalesce(converted.conversion_days, 0) as conversion_days,
        coalesce(converted.amount_bought, 0) as amount_bought,
        coalesce(converted.margin, 0) as margin,
        coalesce(converted.margin_long, 0) as margin_long,
        coalesce(activity.active_days, 0) as active_days,
        coalesce(spine.status = 'CLOSED' and spine.closed_date <= windows.last_day, false) as is_closed
    from windows
    inner join {{ ref('int_customer__spine') }} as spine
        on windows.customer_id = spine.customer_id
    left join balances
        on
            windows.campaign_id = balances.campaign_id
            and windows.horizon_days = balances.horizon_days
            and windows.customer_id = balances.customer_id
    left join converted
        on
            windows.campaign_id = converted.campaign_id
            and windows.horizon_days = converted.horizon_days
            and windows.customer_id = converted.customer_id
    left join {{ ref('int_campaign__activity') }} as activity
        on
            windows.campaign_id = activity.campaign_id
            and windows.horizon_days = activity.horizon_days
            and windows.customer_id = activity.customer_id
),

outcomes as (
    select
        ends.campaign_id,
        ends.horizon_days,
        ends.customer_id,
        ends.arm,
        ends.tier,
        ends.aum_before,
        ends.conversion_days > 0 as has_converted,
        ends.conversion_days > 1 as has_repurchased,
        ends.active_days > 0 as is_active,
        cast(ends.active_days as int) as active_days,
        ends.is_closed or (
            ends.aum_assigned >= parameters.churn_aum_from
            and ends.aum_end <= ends.aum_assigned * (1 - parameters.churn_aum_drop)
        ) as has_churned,
        cast(ends.amount_bought as decimal(28, 2)) as amount_bought,
        cast(ends.aum_end - ends.aum_assigned as decimal(28, 2)) as aum_change,
        cast(ends.margin as decimal(28, 2)) as margin,
        cast(ends.margin_long as decimal(28, 2)) as margin_long
    from ends
    cross join parameters
)

select * from outcomes
