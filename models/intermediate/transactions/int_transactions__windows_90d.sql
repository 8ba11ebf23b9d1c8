-- What happened on a customer's accounts in the last 90 days, and in windows within them: one scan of their postings.
-- Transactions are what the customer starts; what others pay in (salary, pension, received transfers) and what the bank
-- posts by itself (interest, fees, automatic debits, standing orders) are none.

with

postings as (
    select
        *,
        {{ in_last_days('transaction_date', 1) }} as is_in_1d,
        {{ in_last_days('transaction_date', 7) }} as is_in_7d,
        {{ in_last_days('transaction_date', 30) }} as is_in_30d,
        initiator = 'customer' as is_own,
        transaction_category = 'transfer' and direction = 'OUT' as is_transfer_out,
        transaction_type = 'SALARY' and direction = 'IN' as is_salary,
        transaction_type = 'PENSION' and direction = 'IN' as is_pension,
        transaction_type = 'CASH_DEPOSIT' and direction = 'IN' as is_cash_deposit,
        transaction_type = 'CASH_WITHDRAWAL' and direction = 'OUT' as is_cash_withdrawal
    from {{ ref('int_transactions__customer') }}
    where {{ event_in_last_days('transaction_date', 90) }}
),

windows as (
    select
        customer_id,

        count(case when is_own and is_in_7d then 1 end) as transaction_count_7d,
        count(case when is_own and is_in_30d then 1 end) as transaction_count_30d,
        count(case when is_own then 1 end) as transaction_count_90d,
        sum(case when is_own and is_in_1d then amount end) as transaction_amount_1d,
        sum(case when is_own and is_in_30d then amount end) as transaction_amount_30d,
        sum(case when is_own then amount end) as transaction_amount_90d,
        max(case when is_own and is_in_30d then amount end) as transaction_max_amount_30d,

        sum(case when direction = 'IN' and is_in_30d then amount end) as inflow_amount_30d,
        sum(case when direction = 'OUT' and is_in_30d then amount end) as outflow_amount_30d,
        sum(case when direction = 'IN' then amount end) as inflow_amount_90d,
        sum(case when direction = 'OUT' then amount end) as outflow_amount_90d,
        sum(case when is_household_move and direction = 'IN' then amount end) as household_inflow_amount_90d,
        sum(case when is_household_move and direction = 'OUT' then amount end) as household_outflow_amount_90d,

        count(case when is_transfer_out and is_own and is_in_30d then 1 end) as transfer_count_30d,
        sum(case when is_transfer_out and is_own and is_in_30d then amount end) as transfer_amount_30d,
        sum(case when is_transfer_out and is_in_30d and counterparty_bank <> '' then amount end)
            as transfer_to_other_bank_amount_30d,

        count(case when is_own and is_digital then 1 end) as digital_transaction_count_90d,
        count(case when is_own and channel = 'COUNTER' then 1 end) as counter_transaction_count_90d,
        count(case when is_own and channel = 'ATM' then 1 end) as atm_transaction_count_90d,

        count(case when transaction_category = 'payment' and is_own then 1 end) as payment_count_90d,
        sum(case when transaction_category = 'payment' and is_own then amount end) as payment_amount_90d,
        sum(case when is_cash_deposit then amount end) as cash_deposit_amount_90d,
        sum(case when is_cash_withdrawal then amount end) as cash_withdrawal_amount_90d,

        count(case when is_salary then 1 end) as salary_count_90d,
        sum(case when is_salary then amount end) as salary_amount_90d,
        count(case when is_pension then 1 end) as pension_count_90d,
        sum(case when is_pension then amount end) as pension_amount_90d,

        count(case when initiator = 'bank' then 1 end) as bank_posting_count_90d
    from postings
    group by customer_id
)

select * from windows
