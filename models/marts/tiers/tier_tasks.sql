-- What the alerts of the last 365 days ask the relationship managers to do, by when, and what has come of it by the
-- business date (客户经理任务).

with

closings as (
    select * from {{ ref('tier_alert_closings') }}
),

-- What each tier is entitled to, as one text.
entitlements as (
    {{ entitlements_by_tier() }}
),

-- The first contact that reached the customer after the alert, while it was open.
reached as (
    select
        closed.customer_id,
        closed.alert_type,
        closed.alert_date,
        min(touches.touch_date) as contact_date
    from closings as closed
    inner join {{ ref('int_customer__touches') }} as touches
        on
            closed.customer_id = touches.customer_id
            and closed.alert_date < touches.touch_date
            and coalesce(closed.closed_date, {{ as_of_date() }}) >= touches.touch_date
    where touches.touch_status in ('delivered', 'opened', 'clicked', 'replied')
    group by closed.customer_id, closed.alert_type, closed.alert_date
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

-- One task an alert that calls for an action: what is asked, what may be offered, what came of it.
tasks as (
    select
        closed.customer_id || '/' || closed.alert_type || '/' || cast(closed.alert_date as string) as task_id,
        closed.customer_id,
        closed.alert_type,
        closed.alert_date,
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
    from closings as closed
    inner join {{ ref('tier_actions') }} as actions
        on closed.alert_type = actions.alert_type
    left join entitlements
        on case actions.offered_tier when 'tier' then closed.tier else closed.other_tier end = entitlements.tier
    left join reached
        on
            closed.customer_id = reached.customer_id
            and closed.alert_type = reached.alert_type
            and closed.alert_date = reached.alert_date
    left join permitted on closed.customer_id = permitted.customer_id
    left join {{ ref('audience_gates') }} as gates on permitted.closing_position = gates.position
)

select * from tasks
