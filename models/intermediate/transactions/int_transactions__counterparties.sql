-- With how many different counterparties a customer dealt in the last 90 days. Apart from the other windows, because
-- counting distinct accounts needs memory of its own.

with

counterparties as (
    select
        customer_id,
        count(distinct counterparty_account_hash) as counterparty_count_90d
    from {{ ref('int_transactions__customer') }}
    where
        is_activity
        and {{ event_in_last_days('transaction_date', 90) }}
    group by customer_id
)

select * from counterparties
