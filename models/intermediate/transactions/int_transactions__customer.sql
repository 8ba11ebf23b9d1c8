-- Postings that count, with the golden customer who owned the account on their day and what their type, direction and
-- channel stand for, in the base currency at the rate of their day; a view. What was reversed, what reverses it, and
-- moves between accounts of one customer are not in it: whoever reads it cannot count them. A type that the dictionary
-- does not know is nobody's activity.

with

owners as (
    select
        account_id,
        customer_id,
        valid_from,
        valid_to,
        {{ currency_to_convert('currency') }} as currency_to_convert
    from {{ ref('int_accounts__owners') }}
),

cancelled as (
    {{ cancelled_postings(ref('int_transactions__reversals')) }}
),

postings as (
    select
        core_transactions.transaction_id,
        owners.customer_id,
        core_transactions.account_id,
        core_transactions.transaction_date,
        core_transactions.transaction_at,
        core_transactions.transaction_type,
        coalesce(posting_types.category, 'unknown') as transaction_category,
        coalesce(channel_initiators.initiator, initiators.initiator, 'unknown') as initiator,
        coalesce(channel_initiators.is_activity, initiators.is_activity, false) as is_activity,
        coalesce(moves.move_kind = 'household', false) as is_household_move,
        core_transactions.direction,
        {{ in_base_currency('core_transactions.amount', 'owners.currency_to_convert', 'rates.mid_rate') }} as amount,
        core_transactions.channel,
        coalesce(channels.is_digital, false) as is_digital,
        core_transactions.counterparty_account_hash,
        core_transactions.counterparty_bank,
        core_transactions.dt
    from {{ ref('stg_core__transactions') }} as core_transactions
    inner join owners
        on
            core_transactions.account_id = owners.account_id
            and core_transactions.transaction_date >= owners.valid_from
            and core_transactions.transaction_date < owners.valid_to
    left join cancelled
        on
            core_transactions.transaction_id = cancelled.transaction_id
            and core_transactions.transaction_date = cancelled.transaction_date
    left join {{ ref('int_transactions__moves') }} as moves
        on
            core_transactions.transaction_id = moves.transaction_id
            and core_transactions.transaction_date = moves.transaction_date
    left join {{ ref('int_currency__rates') }} as rates
        on
            owners.currency_to_convert = rates.currency
            and core_transactions.transaction_date >= rates.valid_from
            and core_transactions.transaction_date < rates.valid_to
    left join {{ ref('transaction_types') }} as posting_types
        on core_transactions.transaction_type = posting_types.transaction_type
    {{ join_initiators('core_transactions') }}
    left join {{ ref('channels') }} as channels
        on core_transactions.channel = channels.channel
    where
        cancelled.transaction_id is null
        and coalesce(moves.move_kind <> 'own', true)
)

select * from postings
