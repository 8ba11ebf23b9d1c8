-- Marketing contacts with each customer in the last 90 days: one row per customer.
with

touches as (
    select
        customer_id,
        touch_date,
        touch_status
    from {{ ref('int_customer__touches') }}
    where {{ event_in_last_days('touch_date', 90) }}
),

marketing_touches as (
    select
        customer_id,
        count(case when touch_status = 'sent' and {{ in_last_days('touch_date', 30) }} then 1 end) as sent_count_30d,
        count(case when touch_status = 'sent' then 1 end) as sent_count_90d,
        count(case when touch_status = 'opened' then 1 end) as opened_count_90d,
        count(case when touch_status = 'clicked' then 1 end) as clicked_count_90d
    from touches
    group by customer_id
)

select * from marketing_touches
