-- The first time that somebody or something of the bank met the new customer (首面): the earliest event that seed
-- first_contact_rules counts as a contact, on the opening day or later (DECISIONS 44).

with

contacts as (
    select
        events.customer_id,
        events.opened_date,
        events.event_date as contact_date,
        rules.contact_type,
        row_number() over (
            partition by events.customer_id
            order by events.event_date, rules.tie_order, events.event_type, events.channel
        ) as choice
    from {{ ref('int_customer__onboarding_events') }} as events
    inner join {{ ref('first_contact_rules') }} as rules
        on
            events.event_type = rules.event_type
            and events.channel = rules.channel
            and {{ in_force('rules', by_currency=false) }}
),

first_contact as (
    select
        customer_id,
        opened_date,
        contact_date,
        contact_type
    from contacts
    where choice = 1
)

select * from first_contact
