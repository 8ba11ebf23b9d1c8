-- When what an alert was raised for had ceased: one row an alert type and customer, on the first date without it.

{{ config(materialized='incremental', pre_hook="{{ forget_date() }}") }}

{% set held = held_rows({'customer_id': 'string', 'as_of_date': 'date', 'alert_type': 'string'}) %}

with

-- Alerts of what can stand, and so can cease: an upgrade or a downgrade has happened.
raised as (
    select
        customer_id,
        alert_type,
        max(as_of_date) as as_of_date
    from {{ ref('tier_alerts') }}
    where
        as_of_date < {{ as_of_date() }}
        and alert_type in ('near_upgrade', 'near_downgrade', 'downgrade_warning')
    group by customer_id, alert_type
),

ended as (
    select
        customer_id,
        alert_type,
        max(as_of_date) as as_of_date
    from {{ held }}
    where as_of_date < {{ as_of_date() }}
    group by customer_id, alert_type
),

tier_alert_ends as (
    select
        raised.customer_id,
        {{ as_of_date() }} as as_of_date,
        raised.alert_type,
        raised.as_of_date as raised_date,
        outlook.alert_type as next_alert_type
    from raised
    left join ended
        on
            raised.customer_id = ended.customer_id
            and raised.alert_type = ended.alert_type
    left join {{ ref('customer_tier_outlook') }} as outlook
        on raised.customer_id = outlook.customer_id
    where
        {{ moves_history() }}
        and outlook.alert_type is distinct from raised.alert_type
        and (ended.as_of_date is null or ended.as_of_date < raised.as_of_date)
)

select * from tier_alert_ends
