-- Postings with an account of the customer's own, or of their household, on the other side: one row a posting. It is
-- the owner of that account on the day who tells (DECISIONS 3). Reads what was delivered in the last year.

with

owners as (
    select
        account_id,
        customer_id,
        valid_from,
        valid_to
    from {{ ref('int_accounts__owners') }}
),

-- Only where money goes from or to the other account, of this bank: another bank may have the same number. Some banks
-- write the account itself where there is no other.
postings as (
    select
        core_transactions.transaction_id,
        core_transactions.transaction_date,
        core_transactions.account_id,
        core_transactions.counterparty_account_hash
    from {{ ref('stg_core__transactions') }} as core_transactions
    inner join {{ ref('transaction_types') }} as posting_types
        on core_transactions.transaction_type = posting_types.transaction_type
    where
        core_transactions.dt > {{ days_ago(365) }}
        and posting_types.is_move
        and core_transactions.account_id <> core_transactions.counterparty_account_hash
        and coalesce(core_transactions.counterparty_bank, '') = ''
),

sides as (
    select
        postings.transaction_id,
        postings.transaction_date,
        owners.customer_id,
        other_owners.customer_id as other_customer_id
    from postings
    inner join owners
        on
            postings.account_id = owners.account_id
            and postings.transaction_date >= owners.valid_from
            and postings.transaction_date < owners.valid_to
    inner join owners as other_owners
        on
            postings.counterparty_account_hash = other_owners.account_id
            and postings.transaction_date >= other_owners.valid_from
            and postings.transaction_date < other_owners.valid_to
),

moves as (
    select
        sides.transaction_id,
        sides.transaction_date,
        sides.customer_id,
        sides.other_customer_id,
        case when sides.customer_id = sides.other_customer_id then 'own' else 'household' end as move_kind
    from sides
    left join {{ ref('int_customer__household') }} as households
        on sides.customer_id = households.customer_id
    left join {{ ref('int_customer__household') }} as other_households
        on sides.other_customer_id = other_households.customer_id
    where
        sides.customer_id = sides.other_customer_id
        or households.household_id = other_households.household_id
)

select * from moves
