-- The last day on which a customer was active, however long ago: one row a customer. It is the one measure without a
-- window. Of the years before the last one, the postings of those accounts are read whose owner was not active since.

with

within_the_year as (
    select
        customer_id,
        activity_last_date as last_activity_date
    from {{ ref('int_transactions__windows_365d') }}
    where activity_count_365d > 0
),

quiet_accounts as (
    select
        owners.account_id,
        owners.customer_id,
        owners.valid_from,
        owners.valid_to
    from {{ ref('int_accounts__owners') }} as owners
    where
        not exists (
            select 1
            from within_the_year
            where within_the_year.customer_id = owners.customer_id
        )
),

before_the_year as (
    select
        quiet_accounts.customer_id,
        max(core_transactions.transaction_date) as last_activity_date
    from {{ ref('stg_core__transactions') }} as core_transactions
    inner join quiet_accounts
        on
            core_transactions.account_id = quiet_accounts.account_id
            and core_transactions.transaction_date >= quiet_accounts.valid_from
            and core_transactions.transaction_date < quiet_accounts.valid_to
    inner join {{ ref('transaction_types') }} as posting_types
        on core_transactions.transaction_type = posting_types.transaction_type
    where
        posting_types.is_activity
        and core_transactions.transaction_date <= {{ days_ago(365) }}
    group by quiet_accounts.customer_id
),

last_dates as (
    select * from within_the_year
    union all
    select * from before_the_year
),

last_activity as (
    select
        customer_id,
        last_activity_date,
        {{ days_since('last_activity_date') }} as recency_days
    from last_dates
)

select * from last_activity
