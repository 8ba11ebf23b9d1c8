-- Postings with the golden customer they belong to and what their type and channel stand for; a view, it stores nothing.
-- A type that the dictionary does not know is nobody's activity.

with

postings as (
    select
        transactions.transaction_id,
        identities.customer_id,
        transactions.account_id,
        transactions.transaction_date,
        transactions.transaction_at,
        transactions.transaction_type,
        coalesce(posting_types.category, 'unknown') as transaction_category,
        coalesce(posting_types.initiator, 'unknown') as initiator,
        coalesce(posting_types.is_activity, false) as is_activity,
        transactions.direction,
        transactions.amount,
        transactions.channel,
        coalesce(channels.is_digital, false) as is_digital,
        transactions.counterparty_account_hash,
        transactions.counterparty_bank
    from {{ ref('stg_core__transactions') }} as transactions
    inner join {{ ref('stg_core__accounts') }} as accounts
        on transactions.account_id = accounts.account_id
    inner join {{ ref('int_customer__identity') }} as identities
        on
            accounts.customer_id = identities.source_key
            and identities.source_system = 'core'
    left join {{ ref('transaction_types') }} as posting_types
        on transactions.transaction_type = posting_types.transaction_type
    left join {{ ref('channels') }} as channels
        on transactions.channel = channels.channel
)

select * from postings
