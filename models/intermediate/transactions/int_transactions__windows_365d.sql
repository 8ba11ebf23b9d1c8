-- What happened on a customer's accounts in the last year: one scan of a year of postings. Few measures, apart from the
-- many of int_transactions__windows_90d: what is summed for a customer stays small enough to be held in memory.
-- Transactions are what the customer starts; activity adds what others pay in (salary, pension, received transfers);
-- what the bank posts by itself (interest, fees, automatic debits, standing orders) is neither.

with

postings as (
    select
        *,
        initiator = 'customer' as is_own,
        {{ in_last_days('transaction_date', 180) }} and not {{ in_last_days('transaction_date', 90) }}
            as is_in_previous_90d
    from {{ ref('int_transactions__customer') }}
    where {{ event_in_last_days('transaction_date', 365) }}
),

windows as (
    select
        customer_id,

        count(case when is_activity then 1 end) as activity_count_365d,
        sum(case when is_activity then amount end) as activity_amount_365d,
        max(case when is_activity then transaction_date end) as activity_last_date,

        count(case when is_own and is_in_previous_90d then 1 end) as transaction_count_previous_90d,
        count(case when is_own then 1 end) as transaction_count_365d,
        max(case when is_own then transaction_date end) as transaction_last_date,
        count(case when is_own and channel = 'COUNTER' then 1 end) as counter_transaction_count_365d,

        max(case when transaction_type = 'SALARY' and direction = 'IN' then transaction_date end)
            as salary_last_date,
        sum(case when transaction_type = 'FEE' and direction = 'OUT' then amount end) as fee_paid_amount_365d
    from postings
    group by customer_id
)

select * from windows
