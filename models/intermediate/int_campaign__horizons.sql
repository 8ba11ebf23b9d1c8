-- The horizons at which each campaign is read out: those of the policy and its own conversion window, which decides.
-- A horizon can be read once it has passed for the customer assigned last.

with

policy as (
    select cast(value as int) as horizon_days
    from {{ ref('campaign_parameters') }}
    where
        parameter = 'horizon_days'
        and {{ in_force() }}
),

planned as (
    select
        campaigns.campaign_id,
        policy.horizon_days
    from {{ ref('int_campaign__campaigns') }} as campaigns
    cross join policy

    union distinct

    select
        campaign_id,
        conversion_window_days as horizon_days
    from {{ ref('int_campaign__campaigns') }}
),

ends as (
    select
        planned.campaign_id,
        planned.horizon_days,
        planned.horizon_days = campaigns.conversion_window_days as is_conversion_window,
        cast({{ dbt.dateadd('day', 'planned.horizon_days', 'campaigns.last_assigned_date') }} as date) as observed_on
    from planned
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on planned.campaign_id = campaigns.campaign_id
),

horizons as (
    select
        *,
        observed_on <= {{ as_of_date() }} as is_observed
    from ends
)

select * from horizons
