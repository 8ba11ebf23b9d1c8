-- What happened on a customer's accounts in the windows that end on the business date: one scan of a year of postings.
-- Transactions are what the customer starts; activity adds what others pay in (salary, pension); what the bank posts by
-- itself (interest, fees, automatic debits) is neither.

with

postings as (
    select
        *,
        {{ in_last_days('transaction_date', 1) }} as is_in_1d,
        {{ in_last_days('transaction_date', 7) }} as is_in_7d,
        {{ in_last_days('transaction_date', 30) }} as is_in_30d,
        {{ in_last_days('transaction_date', 90) }} as is_in_90d,
        {{ in_last_days('transaction_date', 180) }} as is_in_180d,
        initiator = 'customer' as is_own,
        transaction_category = 'transfer' and direction = 'OUT' as is_transfer_out
    from {{ ref('int_transactions__customer') }}
    where {{ event_in_last_days('transaction_date', 365) }}
),

windows as (
    select
        customer_id,

        count(case when is_activity then 1 end) as activity_count_365d,
        sum(case when is_activity then amount end) as activity_amount_365d,

        count(case when is_own and is_in_7d then 1 end) as transaction_count_7d,
        count(case when is_own and is_in_30d then 1 end) as transaction_count_30d,
        count(case when is_own and is_in_90d then 1 end) as transaction_count_90d,
        count(case when is_own and is_in_180d and not is_in_90d then 1 end) as transaction_count_previous_90d,
        count(case when is_own then 1 end) as transaction_count_365d,
        max(case when is_own then transaction_date end) as transaction_last_date,
        sum(case when is_own and is_in_1d then amount end) as transaction_amount_1d,
        sum(case when is_own and is_in_30d then amount end) as transaction_amount_30d,
        sum(case when is_own and is_in_90d then amount end) as transaction_amount_90d,
        max(case when is_own and is_in_30d then amount end) as transaction_max_amount_30d,

        sum(case when direction = 'IN' and is_in_30d then amount end) as inflow_amount_30d,
        sum(case when direction = 'OUT' and is_in_30d then amount end) as outflow_amount_30d,
        sum(case when direction = 'IN' and is_in_90d then amount end) as inflow_amount_90d,
        sum(case when direction = 'OUT' and is_in_90d then amount end) as outflow_amount_90d,

        count(case when is_transfer_out and is_in_30d then 1 end) as transfer_count_30d,
        sum(case when is_transfer_out and is_in_30d then amount end) as transfer_amount_30d,
        sum(case when is_transfer_out and is_in_30d and counterparty_bank <> '' then amount end)
            as transfer_to_other_bank_amount_30d,

        count(case when is_own and is_in_90d and is_digital then 1 end) as digital_transaction_count_90d,
        count(case when is_own and is_in_90d and channel = 'COUNTER' then 1 end) as counter_transaction_count_90d,
        count(case when is_own and is_in_90d and channel = 'ATM' then 1 end) as atm_transaction_count_90d,
        count(case when is_own and channel = 'COUNTER' then 1 end) as counter_transaction_count_365d,

        count(case when transaction_category = 'payment' and is_own and is_in_90d then 1 end) as payment_count_90d,
        sum(case when transaction_category = 'payment' and is_own and is_in_90d then amount end)
            as payment_amount_90d,
        sum(case when transaction_type = 'CASH_DEPOSIT' and is_in_90d then amount end) as cash_deposit_amount_90d,
        sum(case when transaction_type = 'CASH_WITHDRAWAL' and is_in_90d then amount end)
            as cash_withdrawal_amount_90d,

        count(case when transaction_type = 'SALARY' and is_in_90d then 1 end) as salary_count_90d,
        sum(case when transaction_type = 'SALARY' and is_in_90d then amount end) as salary_amount_90d,
        max(case when transaction_type = 'SALARY' then transaction_date end) as salary_last_date,
        count(case when transaction_type = 'PENSION' and is_in_90d then 1 end) as pension_count_90d,
        sum(case when transaction_type = 'PENSION' and is_in_90d then amount end) as pension_amount_90d,

        count(case when initiator = 'bank' and is_in_90d then 1 end) as bank_posting_count_90d,
        sum(case when transaction_type = 'FEE' and direction = 'OUT' then amount end) as fee_paid_amount_365d
    from postings
    group by customer_id
)

select * from windows
