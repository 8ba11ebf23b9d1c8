-- Which product categories a customer holds on the business date: one row for each, from whichever system knows it.
-- Held means a positive balance, an active loan with principal outstanding, or a credit card that is not closed.

with

balances as (
    select
        customer_id,
        product_category,
        units_held
    from {{ ref('int_aum__by_category') }}
    where units_held > 0
),

loans as (
    select
        identities.customer_id,
        'LOAN' as product_category,
        count(*) as units_held
    from {{ ref('stg_lending__loans') }} as loans
    inner join {{ ref('int_customer__identity') }} as identities
        on
            loans.customer_id = identities.source_key
            and identities.source_system = 'core'
    where
        loans.status = 'ACTIVE'
        and loans.outstanding_principal > 0
    group by identities.customer_id
),

credit_cards as (
    select
        identities.customer_id,
        'CREDIT_CARD' as product_category,
        count(*) as units_held
    from {{ ref('stg_card__cards') }} as cards
    inner join {{ ref('int_customer__identity') }} as identities
        on
            cards.customer_id = identities.source_key
            and identities.source_system = 'core'
    where
        cards.card_type = 'CREDIT'
        and coalesce(cards.issued_date <= {{ as_of_date() }}, true)
        and (cards.closed_date is null or cards.closed_date > {{ as_of_date() }})
    group by identities.customer_id
),

held_products as (
    select * from balances
    union all
    select * from loans
    union all
    select * from credit_cards
)

select * from held_products
