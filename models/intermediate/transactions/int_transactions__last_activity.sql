-- The last day on which a customer was active, however long ago: one row a customer. It is the one measure without a
-- window. Of the years before the last one, the postings of those accounts are read whose owner was not active since:
-- for what was reversed, for what these accounts were posted, and for the last day.

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

-- What these accounts were posted where something was reversed, to the business date: what reverses a posting may come
-- in another year.
quiet_reversals as (
    select distinct core_transactions.account_id
    from {{ ref('stg_core__transactions') }} as core_transactions
    inner join quiet_accounts
        on core_transactions.account_id = quiet_accounts.account_id
    where core_transactions.transaction_type = 'REVERSAL' or core_transactions.reverses_transaction_id is not null
),

postings as (
    select core_transactions.*
    from {{ ref('stg_core__transactions') }} as core_transactions
    inner join quiet_reversals
        on core_transactions.account_id = quiet_reversals.account_id
),

{{ link_reversals('postings') }},

cancelled as (
    {{ cancelled_postings('reversals') }}
),

-- As int_transactions__customer has them: no reversed posting, no move between accounts of one customer.
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
    {{ join_initiators('core_transactions') }}
    left join cancelled
        on
            core_transactions.transaction_id = cancelled.transaction_id
            and core_transactions.transaction_date = cancelled.transaction_date
    left join {{ ref('int_accounts__owners') }} as other_owners
        on
            posting_types.is_move
            and core_transactions.account_id <> core_transactions.counterparty_account_hash
            and coalesce(core_transactions.counterparty_bank, '') = ''
            and core_transactions.counterparty_account_hash = other_owners.account_id
            and quiet_accounts.customer_id = other_owners.customer_id
            and core_transactions.transaction_date >= other_owners.valid_from
            and core_transactions.transaction_date < other_owners.valid_to
    where
        coalesce(channel_initiators.is_activity, initiators.is_activity)
        and core_transactions.transaction_date <= {{ days_ago(365) }}
        and cancelled.transaction_id is null
        and other_owners.account_id is null
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
