-- What is to be done for a customer today, and how far it may be (待办与触达许可): one row a task of a tier or wave of
-- the honeymoon that is due, with the channels by which it may be offered, those by which it may only be told, and
-- those that are closed, each with the reason. A task never asks for what portrait_permissions forbids. Filter by
-- customer_id.

{{ config(materialized='view') }}

with

contacts as (
    select
        customer_id,
        subject,
        subject_zh,
        is_allowed,
        is_allowed_for_service,
        because_zh,
        service_because_zh,
        case when is_allowed and is_allowed_for_service then subject_zh end as offered_by_zh,
        case when not is_allowed and is_allowed_for_service then subject_zh end as told_by_zh,
        case when not is_allowed_for_service then subject_zh end as closed_zh
    from {{ ref('portrait_permissions') }}
    where matter = 'contact'
),

-- The channels of a customer by what they are open for.
reachable as (
    select
        customer_id,
        count(case when is_allowed then 1 end) > 0 as may_offer,
        count(case when is_allowed_for_service then 1 end) > 0 as may_tell,
        {{ dbt.listagg('offered_by_zh', "'、'", 'order by subject') }} as offered_by_zh,
        {{ dbt.listagg('told_by_zh', "'、'", 'order by subject') }} as told_by_zh,
        {{ dbt.listagg('closed_zh', "'、'", 'order by subject') }} as closed_zh
    from contacts
    group by customer_id
),

untold as (
    select
        customer_id,
        {{ dbt.listagg('because_zh', "'、'", 'order by because_zh') }} as because_zh
    from (
        select distinct
            customer_id,
            because_zh
        from contacts
        where not is_allowed and is_allowed_for_service
    ) as distinct_reasons
    group by customer_id
),

shut as (
    select
        customer_id,
        {{ dbt.listagg('service_because_zh', "'、'", 'order by service_because_zh') }} as because_zh
    from (
        select distinct
            customer_id,
            service_because_zh
        from contacts
        where not is_allowed_for_service
    ) as distinct_reasons
    group by customer_id
),

plans as (
    select
        action,
        service_plan_zh
    from {{ ref('tier_actions') }}
),

-- Where nothing may be offered the plan is what remains of it without the offer; where nobody may be reached, none.
tier_tasks as (
    select
        asked.customer_id,
        'tier' as kind,
        asked.task_id,
        asked.action_name as name_zh,
        case
            when reachable.may_offer then asked.plan_zh
            when reachable.may_tell then plans.service_plan_zh
        end as plan_zh,
        case when reachable.may_offer then asked.offer_zh end as offer_zh,
        asked.due_date,
        asked.outcome = 'expired' as is_overdue,
        coalesce(reachable.may_offer, false) as may_offer,
        coalesce(reachable.may_tell, false) as may_tell,
        reachable.offered_by_zh,
        reachable.told_by_zh,
        untold.because_zh as not_offered_because_zh,
        reachable.closed_zh,
        shut.because_zh as closed_because_zh,
        asked.as_of_date
    from {{ ref('tier_tasks') }} as asked
    left join plans
        on asked.action = plans.action
    left join reachable
        on asked.customer_id = reachable.customer_id
    left join untold
        on asked.customer_id = untold.customer_id
    left join shut
        on asked.customer_id = shut.customer_id
    where asked.outcome in ('open', 'expired')
),

-- A wave is marketing by its own channel: where that is closed, there is nothing to do.
wave_tasks as (
    select
        waves.customer_id,
        'wave' as kind,
        waves.plan || '/' || cast(waves.wave as string) as task_id,
        '蜜月期触达' as name_zh,
        cast(null as string) as plan_zh,
        waves.offer_zh,
        waves.closing_date as due_date,
        false as is_overdue,
        true as may_offer,
        true as may_tell,
        contacts.subject_zh as offered_by_zh,
        cast(null as string) as told_by_zh,
        cast(null as string) as not_offered_because_zh,
        cast(null as string) as closed_zh,
        cast(null as string) as closed_because_zh,
        waves.as_of_date
    from {{ ref('customer_wave_plan') }} as waves
    inner join contacts
        on
            waves.customer_id = contacts.customer_id
            and waves.channel = contacts.subject
            and contacts.is_allowed
    where waves.status = 'due'
),

portrait_tasks as (
    select * from tier_tasks
    union all
    select * from wave_tasks
)

select * from portrait_tasks
