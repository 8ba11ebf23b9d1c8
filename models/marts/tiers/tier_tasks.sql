-- What the alerts of the last 365 days ask the relationship managers to do, by when, and what has come of it by the
-- business date (客户经理任务).

with

alerts as (
    select
        *,
        alert_type in ('near_upgrade', 'near_downgrade', 'downgrade_warning') as can_cease
    from {{ ref('tier_alerts') }}
    where {{ in_last_days('as_of_date', 365) }}
),

tiers as (
    {{ tiers_in_force() }}
),

entitlements as (
    {{ entitlements_by_tier() }}
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
closed as (
    select
        closings.*,
        case
            when log.customer_id is not null and log.service_tier is null then 'left'
            when new_tiers.tier_rank > old_tiers.tier_rank then 'upgraded'
            when log.customer_id is not null then 'downgraded'
            when ended.next_alert_type = 'downgrade_warning' then 'worsened'
            when ended.customer_id is not null and closings.alert_type = 'near_upgrade' then 'lapsed'
            when ended.customer_id is not null then 'recovered'
        end as closing
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
),

-- The first contact that reached the customer after the alert, while it was open.
reached as (
    select
        closed.customer_id,
        closed.alert_type,
        closed.as_of_date,
        min(touches.touch_date) as contact_date
    from closed
    inner join {{ ref('int_customer__touches') }} as touches
        on
            closed.customer_id = touches.customer_id
            and closed.as_of_date < touches.touch_date
            and coalesce(closed.closed_date, {{ as_of_date() }}) >= touches.touch_date
    where touches.touch_status in ('delivered', 'opened', 'clicked', 'replied')
    group by closed.customer_id, closed.alert_type, closed.as_of_date
),

-- Through what the offer of a task may be made tonight, and what closes the last channel where it may not.
permitted as (
    select
        permissions.customer_id,
        {{ dbt.listagg(
            "case when permissions.marketing_blocked_by is null then permissions.channel end", "','",
            'order by permissions.channel'
        ) }} as open_channels,
        case
            when count(*) = count(permissions.marketing_blocked_by) then max(gates.position)
        end as closing_position
    from {{ ref('contact_permissions') }} as permissions
    left join {{ ref('audience_gates') }} as gates on permissions.marketing_blocked_by = gates.gate
    group by permissions.customer_id
),

tasks as (
    select
        closed.customer_id || '/' || closed.alert_type || '/' || cast(closed.as_of_date as string) as task_id,
        closed.customer_id,
        closed.alert_type,
        closed.as_of_date as alert_date,
        closed.tier,
        closed.other_tier,
        closed.distance_to_boundary,
        closed.driver_component,
        closed.driver_amount_30d,
        actions.action,
        actions.name_zh as action_name,
        actions.plan_zh,
        entitlements.services as offer_zh,
        permitted.open_channels,
        gates.gate as blocked_by,
        closed.manager_id,
        closed.branch_id,
        closed.due_date,
        reached.contact_date,
        case
            when closed.closing is not null then closed.closing
            when reached.contact_date is not null then 'contacted'
            when closed.due_date < {{ as_of_date() }} then 'expired'
            else 'open'
        end as outcome,
        coalesce(closed.closed_date, reached.contact_date) as outcome_date,
        {{ as_of_date() }} as as_of_date
    from closed
    inner join {{ ref('tier_actions') }} as actions
        on closed.alert_type = actions.alert_type
    left join entitlements
        on case actions.offered_tier when 'tier' then closed.tier else closed.other_tier end = entitlements.tier
    left join reached
        on
            closed.customer_id = reached.customer_id
            and closed.alert_type = reached.alert_type
            and closed.as_of_date = reached.as_of_date
    left join permitted on closed.customer_id = permitted.customer_id
    left join {{ ref('audience_gates') }} as gates on permitted.closing_position = gates.position
)

select * from tasks
