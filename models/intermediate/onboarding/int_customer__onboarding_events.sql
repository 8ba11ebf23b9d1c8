-- What each new customer did or met with, and when: one row a customer, kind of event, channel and day. New is who
-- opened in the last 365 days, so that a day's run reads a year of events, however many the bank keeps.

with

-- Of whom opened before the extracts began they do not show the first time. What may be a contact is in three of them
-- (seed first_contact_rules): each must cover the customer's time with the bank.
new_customers as (
    select
        spine.customer_id,
        spine.opened_date
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
    where
        {{ in_last_days('spine.opened_date', 365) }}
        and {{ is_covered(['core.accounts', 'core.transactions', 'digital.app_events', 'marketing.touches'], 365) }}
),

-- Only what the customer starts is their own; a salary or interest that comes in is not.
own_transactions as (
    select
        customer_id,
        'transaction' as event_type,
        channel,
        transaction_date as event_date
    from {{ ref('int_transactions__customer') }}
    where
        initiator = 'customer'
        and {{ event_in_last_days('transaction_date', 365) }}
),

logins as (
    select
        customer_id,
        'login' as event_type,
        'APP' as channel,
        event_date
    from {{ ref('int_app_events__by_customer') }}
    where
        event_type = 'login'
        and {{ event_in_last_days('event_date', 365) }}
),

touches as (
    select
        customer_id,
        'touch_' || touch_status as event_type,
        channel,
        touch_date as event_date
    from {{ ref('int_customer__touches') }}
    where {{ event_in_last_days('touch_date', 365) }}
),

events as (
    select * from own_transactions
    union all
    select * from logins
    union all
    select * from touches
),

onboarding_events as (
    select
        customer_id,
        opened_date,
        'opened' as event_type,
        'none' as channel,
        opened_date as event_date
    from new_customers

    union all

    select distinct
        events.customer_id,
        new_customers.opened_date,
        events.event_type,
        events.channel,
        events.event_date
    from events
    inner join new_customers
        on
            events.customer_id = new_customers.customer_id
            and events.event_date >= new_customers.opened_date
)

select * from onboarding_events
