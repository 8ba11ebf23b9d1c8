-- What a customer does with the accounts: how often, how much, by which channel, with whom, and when last. Measures
-- only: which of them makes a customer 活跃 is a rule's to say (DECISIONS 2).

with

-- Which windows the postings cover, and on how many days of the last year the customer was with the bank and was seen.
observed_customers as (
    select
        spine.customer_id,
        spine.as_of_date,
        spine.is_core_customer,
        spine.opened_date,
        {{ is_covered(['core.accounts', 'core.transactions'], 1) }} as covers_1d,
        {{ is_covered(['core.accounts', 'core.transactions'], 7) }} as covers_7d,
        {{ is_covered(['core.accounts', 'core.transactions'], 30) }} as covers_30d,
        {{ is_covered(['core.accounts', 'core.transactions'], 90) }} as covers_90d,
        {{ is_covered(['core.accounts', 'core.transactions'], 180) }} as covers_180d,
        {{ is_covered(['core.accounts', 'core.transactions'], 365) }} as covers_365d,
        {{ days_since('greatest(spine.opened_date, covered.core__transactions, ' ~ days_ago(364) ~ ')') }} + 1
            as days_observed
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
),

-- The same in months, at least one: a new customer is not measured over twelve, nor is a bank whose extracts began
-- lately.
customers as (
    select
        *,
        greatest(cast(1 as double), cast(days_observed as double) * 12 / 365) as months_observed_365d
    from observed_customers
),

transactions as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- Activity: what the customer does or is paid, never what the bank posts by itself. What was reversed and moves
        -- between the customer's own accounts are none of the postings below.
        last_activity.recency_days as activity_recency_days,
        last_activity.last_activity_date as activity_last_date,
        {{ measured('last_365d.activity_count_365d', 'bigint', 'spine.covers_365d') }} as activity_count_365d,
        {{ measured('spine.months_observed_365d', 'double', 'spine.covers_90d') }} as activity_months_observed_365d,
        {{ measured('last_365d.activity_count_365d / spine.months_observed_365d', 'double', 'spine.covers_90d') }}
            as activity_monthly_avg_365d,
        {{ measured('last_365d.activity_amount_365d', covers='spine.covers_365d') }} as activity_amount_365d,

        -- Transactions: what the customer starts.
        {{ measured('last_90d.transaction_count_7d', 'bigint', 'spine.covers_7d') }} as transaction_count_7d,
        {{ measured('last_90d.transaction_count_30d', 'bigint', 'spine.covers_30d') }} as transaction_count_30d,
        {{ measured('last_90d.transaction_count_90d', 'bigint', 'spine.covers_90d') }} as transaction_count_90d,
        {{ measured('last_365d.transaction_count_previous_90d', 'bigint', 'spine.covers_180d') }}
            as transaction_count_previous_90d,
        {{ measured('last_365d.transaction_count_365d', 'bigint', 'spine.covers_365d') }} as transaction_count_365d,
        -- Nothing before leaves nothing to fall from.
        case
            when spine.covers_180d
                then
                    cast(
                        last_365d.transaction_count_previous_90d - coalesce(last_90d.transaction_count_90d, 0) as double
                    )
                    / nullif(last_365d.transaction_count_previous_90d, 0)
        end as transaction_drop_share_90d,
        -- Who started none in the year, or since opening, has been inactive as long: if the postings cover that time.
        -- The count ends where the year of postings does.
        case
            when spine.is_core_customer and (last_365d.transaction_last_date is not null or spine.covers_365d)
                then least({{ days_since('coalesce(last_365d.transaction_last_date, spine.opened_date)') }}, 365)
        end as transaction_inactive_days_365d,
        {{ measured('last_90d.transaction_amount_1d', covers='spine.covers_1d') }} as transaction_amount_1d,
        {{ measured('last_90d.transaction_amount_30d', covers='spine.covers_30d') }} as transaction_amount_30d,
        {{ measured('last_90d.transaction_amount_90d', covers='spine.covers_90d') }} as transaction_amount_90d,
        {{ measured('last_90d.transaction_max_amount_30d', covers='spine.covers_30d') }} as transaction_max_amount_30d,

        -- Transfers out, and with whom the customer deals.
        {{ measured('last_90d.transfer_count_30d', 'bigint', 'spine.covers_30d') }} as transfer_count_30d,
        {{ measured('last_90d.transfer_amount_30d', covers='spine.covers_30d') }} as transfer_amount_30d,
        {{ measured('last_90d.transfer_to_other_bank_amount_30d', covers='spine.covers_30d') }}
            as transfer_to_other_bank_amount_30d,
        {{ measured('counterparties.counterparty_count_90d', 'bigint', 'spine.covers_90d') }} as counterparty_count_90d,

        -- All money in and out, whoever started it; of that, what comes from and goes to the household.
        {{ measured('last_90d.inflow_amount_30d', covers='spine.covers_30d') }} as inflow_amount_30d,
        {{ measured('last_90d.outflow_amount_30d', covers='spine.covers_30d') }} as outflow_amount_30d,
        {{ measured('last_90d.inflow_amount_90d', covers='spine.covers_90d') }} as inflow_amount_90d,
        {{ measured('last_90d.outflow_amount_90d', covers='spine.covers_90d') }} as outflow_amount_90d,
        {{ measured(
            'last_90d.household_inflow_amount_90d', covers='spine.covers_90d and households.household_id is not null'
        ) }} as household_inflow_amount_90d,
        {{ measured(
            'last_90d.household_outflow_amount_90d', covers='spine.covers_90d and households.household_id is not null'
        ) }} as household_outflow_amount_90d,

        -- Channels, as counts and as shares of the transactions; without transactions there is no share.
        {{ measured('last_90d.digital_transaction_count_90d', 'bigint', 'spine.covers_90d') }}
            as digital_transaction_count_90d,
        {{ measured('last_90d.counter_transaction_count_90d', 'bigint', 'spine.covers_90d') }}
            as counter_transaction_count_90d,
        {{ measured('last_90d.atm_transaction_count_90d', 'bigint', 'spine.covers_90d') }} as atm_transaction_count_90d,
        case
            when spine.covers_90d
                then cast(last_90d.digital_transaction_count_90d as double) / nullif(last_90d.transaction_count_90d, 0)
        end as digital_transaction_share_90d,
        case
            when spine.covers_90d
                then cast(last_90d.counter_transaction_count_90d as double) / nullif(last_90d.transaction_count_90d, 0)
        end as counter_transaction_share_90d,

        -- Purposes.
        {{ measured('last_90d.payment_count_90d', 'bigint', 'spine.covers_90d') }} as payment_count_90d,
        {{ measured('last_90d.payment_amount_90d', covers='spine.covers_90d') }} as payment_amount_90d,
        {{ measured('last_90d.cash_deposit_amount_90d', covers='spine.covers_90d') }} as cash_deposit_amount_90d,
        {{ measured('last_90d.cash_withdrawal_amount_90d', covers='spine.covers_90d') }} as cash_withdrawal_amount_90d,
        {{ measured('last_90d.salary_count_90d', 'bigint', 'spine.covers_90d') }} as salary_count_90d,
        {{ measured('last_90d.salary_amount_90d', covers='spine.covers_90d') }} as salary_amount_90d,
        last_365d.salary_last_date,
        {{ measured('last_90d.pension_count_90d', 'bigint', 'spine.covers_90d') }} as pension_count_90d,
        {{ measured('last_90d.pension_amount_90d', covers='spine.covers_90d') }} as pension_amount_90d,

        -- What the bank posts by itself.
        {{ measured('last_90d.bank_posting_count_90d', 'bigint', 'spine.covers_90d') }} as bank_posting_count_90d
    from customers as spine
    left join {{ ref('int_transactions__windows_365d') }} as last_365d
        on spine.customer_id = last_365d.customer_id
    left join {{ ref('int_transactions__windows_90d') }} as last_90d
        on spine.customer_id = last_90d.customer_id
    left join {{ ref('int_customer__household') }} as households
        on spine.customer_id = households.customer_id
    left join {{ ref('int_transactions__counterparties') }} as counterparties
        on spine.customer_id = counterparties.customer_id
    left join {{ ref('int_transactions__last_activity') }} as last_activity
        on spine.customer_id = last_activity.customer_id
)

select * from transactions
