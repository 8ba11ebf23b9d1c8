-- Which steps of seed onboarding_steps each new customer has taken, and when: one row a customer and step. A step is
-- reached on the first day, on or after that of the step before it, on which what takes it happens. What happens before
-- is out of order: it is told, and does not count.

{% set most_steps = 8 %}

with

-- The steps by their place, whatever numbers the seed gives them.
steps as (
    select
        step,
        step_order,
        event_type,
        cast(row_number() over (order by step_order) as int) as step_number
    from {{ ref('onboarding_steps') }}
),

events as (
    select
        customer_id,
        opened_date,
        event_type,
        event_date
    from {{ ref('int_customer__onboarding_events') }}

    union all

    select
        events.customer_id,
        events.opened_date,
        'contact' as event_type,
        events.event_date
    from {{ ref('int_customer__onboarding_events') }} as events
    inner join {{ ref('first_contact_rules') }} as rules
        on
            events.event_type = rules.event_type
            and events.channel = rules.channel
            and {{ in_force('rules', by_currency=false) }}

    union all

    select
        customer_id,
        opened_date,
        'product' as event_type,
        taken_up_date as event_date
    from {{ ref('int_customer__products_taken_up') }}
),

step_events as (
    select
        events.customer_id,
        events.opened_date,
        events.event_date,
        steps.step,
        steps.step_order,
        steps.step_number
    from events
    inner join steps
        on events.event_type = steps.event_type
),

first_times as (
    select
        customer_id,
        opened_date,
        step,
        step_order,
        step_number,
        min(event_date) as first_date
    from step_events
    group by customer_id, opened_date, step, step_order, step_number
),

-- One step after the other, as many as the seed can have.
reached_1 as (
    select
        customer_id,
        step_number,
        first_date as reached_date
    from first_times
    where step_number = 1
),

{% for number in range(2, most_steps + 1) %}
    reached_{{ number }} as (
        select
            step_events.customer_id,
            step_events.step_number,
            min(step_events.event_date) as reached_date
        from reached_{{ number - 1 }} as earlier
        inner join step_events
            on
                earlier.customer_id = step_events.customer_id
                and earlier.reached_date <= step_events.event_date
        where step_events.step_number = {{ number }}
        group by step_events.customer_id, step_events.step_number
    ),

{% endfor %}

reached as (
    {% for number in range(1, most_steps + 1) %}
        select * from reached_{{ number }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

onboarding_steps as (
    select
        first_times.customer_id,
        first_times.opened_date,
        first_times.step,
        first_times.step_order,
        first_times.first_date,
        reached.reached_date
    from first_times
    left join reached
        on
            first_times.customer_id = reached.customer_id
            and first_times.step_number = reached.step_number
)

select * from onboarding_steps
