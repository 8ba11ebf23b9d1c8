-- Postings with the golden customer who owned the account on their day and what their type and channel stand for; a view.
-- A type that the dictionary does not know is nobody's activity.

with

postings as (
    select
        core_transactions.transaction_id,
        owners.customer_id,
        core_transactions.account_id,
        core_transactions.transaction_date,
        core_transactions.transaction_at,
        core_transactions.transaction_type,
        coalesce(posting_types.category, 'unknown') as transaction_category,
        coalesce(posting_types.initiator, 'unknown') as initiator,
        coalesce(posting_types.is_activity, false) as is_activity,
        core_transactions.direction,
        core_transactions.amount,
        core_transactions.channel,
        coalesce(channels.is_digital, false) as is_digital,
        core_transactions.counterparty_account_hash,
        core_transactions.counterparty_bank,
        core_transactions.dt
    from {{ ref('stg_core__transactions') }} as core_transactions
    inner join {{ ref('int_accounts__owners') }} as owners
        on
            core_transactions.account_id = owners.account_id
            and core_transactions.transaction_date >= owners.valid_from
            and core_transactions.transaction_date < owners.valid_to
    left join {{ ref('transaction_types') }} as posting_types
        on core_transactions.transaction_type = posting_types.transaction_type
    left join {{ ref('channels') }} as channels
        on core_transactions.channel = channels.channel
)

select * from postings
