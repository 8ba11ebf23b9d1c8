-- Every reversal known by the business date, with the posting that it reverses or why there is none: one row each.
-- Reads the postings of the year, and of as many days before it as what is reversed in the year may lie back (180 at
-- most, by policy_bounds): first for the accounts where something is reversed, then for all that these were posted.

with

accounts_with_reversals as (
    select distinct account_id
    from {{ ref('stg_core__transactions') }}
    where
        {{ event_in_last_days('transaction_date', 545) }}
        and (transaction_type = 'REVERSAL' or reverses_transaction_id is not null)
),

postings as (
    select core_transactions.*
    from {{ ref('stg_core__transactions') }} as core_transactions
    inner join accounts_with_reversals
        on core_transactions.account_id = accounts_with_reversals.account_id
    where {{ event_in_last_days('core_transactions.transaction_date', 545) }}
),

{{ link_reversals('postings') }}

select * from reversals
