-- Whether a campaign succeeded with each of its customers, by its primary metric at its conversion window: one row a
-- campaign and customer. A success is what is wanted: of churn, that it did not happen, of active days more than the
-- average of the campaign.

{{ config(materialized='view') }}

with

successes as (
    select
        outcomes.campaign_id,
        outcomes.customer_id,
        outcomes.arm,
        members.assigned_date,
        case campaigns.primary_metric
            when 'conversion' then outcomes.has_converted
            when 'activity' then outcomes.is_active
            when 'churn' then not outcomes.has_churned
            when 'active_days'
                then outcomes.active_days > avg(outcomes.active_days) over (partition by outcomes.campaign_id)
        end as is_success
    from {{ ref('int_campaign__outcomes') }} as outcomes
    inner join {{ ref('int_campaign__horizons') }} as horizons
        on
            outcomes.campaign_id = horizons.campaign_id
            and outcomes.horizon_days = horizons.horizon_days
            and horizons.is_conversion_window
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on outcomes.campaign_id = campaigns.campaign_id
    inner join {{ ref('int_campaign__members') }} as members
        on
            outcomes.campaign_id = members.campaign_id
            and outcomes.customer_id = members.customer_id
)

select * from successes
