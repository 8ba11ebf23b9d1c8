-- Which steps of seed onboarding_steps each new customer has taken, and when: one row a customer and step.

with

events as (
    select
        customer_id,
        opened_date,
        event_type,
        first_date
    from {{ ref('int_customer__first_events') }}

    union all

    select
        customer_id,
        opened_date,
        'contact' as event_type,
        contact_date as first_date
    from {{ ref('int_customer__first_contact') }}

    union all

    select
        customer_id,
        opened_date,
        'product' as event_type,
        first_date
    from {{ ref('int_customer__first_product') }}
),

onboarding_steps as (
    select
        events.customer_id,
        events.opened_date,
        steps.step,
        steps.step_order,
        min(events.first_date) as reached_date
    from events
    inner join {{ ref('onboarding_steps') }} as steps
        on events.event_type = steps.event_type
    group by events.customer_id, events.opened_date, steps.step, steps.step_order
)

select * from onboarding_steps
