-- What has become of each alert of the last 365 days by the business date (预警关闭): the service tier moved, what called
-- for the alert ceased, or it is open.

with

-- Alerts of what may come; an upgrade or a downgrade that has happened does not cease.
alerts as (
    select
        *,
        alert_type in ('near_upgrade', 'near_downgrade', 'downgrade_warning') as can_cease
    from {{ ref('tier_alerts') }}
    where {{ in_last_days('as_of_date', 365) }}
),

-- The tiers in their order.
tiers as (
    select
        tier,
        tier_rank
    from {{ ref('pyramid_tiers') }}
    where {{ in_force() }}
),

-- The service tier that came next after the alert.
moves as (
    select
        alerts.customer_id,
        alerts.alert_type,
        alerts.as_of_date,
        min(log.as_of_date) as moved_date
    from alerts
    inner join {{ ref('service_tier_changes') }} as log
        on
            alerts.customer_id = log.customer_id
            and alerts.as_of_date < log.as_of_date
            and log.as_of_date <= {{ as_of_date() }}
    where
        alerts.can_cease
        and log.service_tier is distinct from log.previous_service_tier
    group by alerts.customer_id, alerts.alert_type, alerts.as_of_date
),

-- When what it was raised for ceased.
ends as (
    select
        alerts.customer_id,
        alerts.alert_type,
        alerts.as_of_date,
        min(ended.as_of_date) as ended_date
    from alerts
    inner join {{ ref('tier_alert_ends') }} as ended
        on
            alerts.customer_id = ended.customer_id
            and alerts.alert_type = ended.alert_type
            and alerts.as_of_date < ended.as_of_date
            and ended.as_of_date <= {{ as_of_date() }}
    group by alerts.customer_id, alerts.alert_type, alerts.as_of_date
),

-- What came first: the tier moved, or what called for the alert ceased.
closings as (
    select
        alerts.*,
        ends.ended_date,
        case
            when moves.moved_date <= coalesce(ends.ended_date, moves.moved_date) then moves.moved_date
        end as moved_date,
        least(moves.moved_date, ends.ended_date) as closed_date
    from alerts
    left join moves
        on
            alerts.customer_id = moves.customer_id
            and alerts.alert_type = moves.alert_type
            and alerts.as_of_date = moves.as_of_date
    left join ends
        on
            alerts.customer_id = ends.customer_id
            and alerts.alert_type = ends.alert_type
            and alerts.as_of_date = ends.as_of_date
),

-- How each alert closed.
tier_alert_closings as (
    select
        closings.customer_id,
        closings.alert_type,
        closings.as_of_date as alert_date,
        closings.tier,
        closings.other_tier,
        closings.distance_to_boundary,
        closings.driver_component,
        closings.driver_amount_30d,
        closings.manager_id,
        closings.branch_id,
        closings.due_date,
        closings.closed_date,
        case
            when log.customer_id is not null and log.service_tier is null then 'left'
            when new_tiers.tier_rank > old_tiers.tier_rank then 'upgraded'
            when log.customer_id is not null then 'downgraded'
            when ended.next_alert_type = 'downgrade_warning' then 'worsened'
            when ended.customer_id is not null and closings.alert_type = 'near_upgrade' then 'lapsed'
            when ended.customer_id is not null then 'recovered'
        end as closing,
        {{ as_of_date() }} as as_of_date
    from closings
    left join {{ ref('service_tier_changes') }} as log
        on
            closings.customer_id = log.customer_id
            and closings.moved_date = log.as_of_date
    left join {{ ref('tier_alert_ends') }} as ended
        on
            closings.customer_id = ended.customer_id
            and closings.alert_type = ended.alert_type
            and closings.ended_date = ended.as_of_date
    left join tiers as old_tiers on closings.tier = old_tiers.tier
    left join tiers as new_tiers on log.service_tier = new_tiers.tier
)

select * from tier_alert_closings
