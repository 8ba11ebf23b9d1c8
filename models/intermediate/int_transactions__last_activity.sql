-- The last day on which a customer was active, however long ago. It is the one measure without a window: it reads the
-- account, date and type columns of all staged postings, and keeps one row a customer.

with

last_dates as (
    select
        customer_id,
        max(transaction_date) as last_activity_date
    from {{ ref('int_transactions__customer') }}
    where
        is_activity
        and transaction_date <= {{ as_of_date() }}
    group by customer_id
),

last_activity as (
    select
        customer_id,
        last_activity_date,
        {{ days_since('last_activity_date') }} as recency_days
    from last_dates
)

select * from last_activity
