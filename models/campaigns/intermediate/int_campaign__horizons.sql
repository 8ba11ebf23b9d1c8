-- The horizons at which each campaign is read out: those of the policy and its own conversion window, which decides.
-- A horizon can be read once it has passed for the customer assigned last. A campaign that is planned has none yet.

with

policy as (
    select cast(value as int) as horizon_days
    from {{ ref('campaign_parameters') }}
    where
        parameter = 'horizon_days'
        and {{ in_force() }}
),

-- Assigned, or begun without anybody being assigned.
begun as (
    select
        campaign_id,
        conversion_window_days,
        last_assigned_date
    from {{ ref('int_campaign__campaigns') }}
    where first_assigned_date <= {{ as_of_date() }}
),

at_horizons as (
    select
        begun.campaign_id,
        policy.horizon_days
    from begun
    cross join policy

    union distinct

    select
        campaign_id,
        conversion_window_days as horizon_days
    from begun
),

ends as (
    select
        at_horizons.campaign_id,
        at_horizons.horizon_days,
        at_horizons.horizon_days = begun.conversion_window_days as is_conversion_window,
        cast({{ dbt.dateadd('day', 'at_horizons.horizon_days', 'begun.last_assigned_date') }} as date) as observed_on
    from at_horizons
    inner join begun
        on at_horizons.campaign_id = begun.campaign_id
),

horizons as (
    select
        *,
        observed_on <= {{ as_of_date() }} as is_observed
    from ends
)

select * from horizons
