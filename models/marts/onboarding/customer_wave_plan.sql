-- What is planned for each customer in the honeymoon, wave by wave, and what became of it (蜜月期多波次营销).

with

-- Customers in the honeymoon, when they opened and the first day after it.
customers as (
    select
        onboarding.customer_id,
        onboarding.as_of_date,
        spine.opened_date,
        cast(
            {{ dbt.dateadd('day', 'onboarding.honeymoon_days_left', 'onboarding.as_of_date') }} as date
        ) as honeymoon_end_date
    from {{ ref('rule_tags__onboarding') }} as onboarding
    inner join {{ ref('int_customer__spine') }} as spine
        on onboarding.customer_id = spine.customer_id
    where onboarding.is_in_honeymoon
),

-- The plan that was in force when the customer opened stays theirs, also if another has begun since.
waves as (
    select
        customers.*,
        planned.plan,
        planned.wave,
        planned.channel,
        planned.stage,
        planned.offer_zh,
        planned.version as plan_version,
        cast({{ dbt.dateadd('day', 'planned.day_offset', 'customers.opened_date') }} as date) as due_date
    from customers
    inner join {{ ref('wave_plans') }} as planned
        on
            customers.opened_date >= planned.valid_from
            and (planned.valid_to is null or customers.opened_date < planned.valid_to)
),

-- A wave can be done until the next one is due, the last one until the honeymoon is over.
scheduled as (
    select
        *,
        coalesce(lead(due_date) over (partition by customer_id, plan order by wave), honeymoon_end_date) as closing_date
    from waves
),

-- Done is a wave on whose channel the customer was sent something in its time.
done as (
    select
        scheduled.customer_id,
        scheduled.plan,
        scheduled.wave,
        min(touches.touch_date) as done_date
    from scheduled
    inner join {{ ref('int_customer__touches') }} as touches
        on
            scheduled.customer_id = touches.customer_id
            and scheduled.channel = touches.channel
            and scheduled.due_date <= touches.touch_date
            and scheduled.closing_date > touches.touch_date
            and scheduled.as_of_date >= touches.touch_date
    where touches.touch_status = 'sent'
    group by scheduled.customer_id, scheduled.plan, scheduled.wave
),

customer_wave_plan as (
    select
        scheduled.customer_id,
        scheduled.plan,
        scheduled.wave,
        scheduled.stage,
        scheduled.channel,
        scheduled.offer_zh,
        scheduled.opened_date,
        scheduled.due_date,
        scheduled.closing_date,
        case
            when done.done_date is not null then 'done'
            when scheduled.as_of_date < scheduled.due_date then 'planned'
            when scheduled.as_of_date < scheduled.closing_date then 'due'
            else 'missed'
        end as status,
        done.done_date,
        permissions.customer_id is not null and permissions.marketing_blocked_by is null as is_marketing_contactable,
        permissions.marketing_blocked_by,
        scheduled.plan_version,
        scheduled.as_of_date
    from scheduled
    left join done
        on
            scheduled.customer_id = done.customer_id
            and scheduled.plan = done.plan
            and scheduled.wave = done.wave
    left join {{ ref('contact_permissions') }} as permissions
        on
            scheduled.customer_id = permissions.customer_id
            and scheduled.channel = permissions.channel
)

select * from customer_wave_plan
