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
        customer_id,
        'LOAN' as product_category,
        count(*) as units_held
    from {{ ref('int_loans__by_customer') }}
    where
        status = 'ACTIVE'
        and outstanding_principal > 0
    group by customer_id
),

credit_cards as (
    select
        customer_id,
        'CREDIT_CARD' as product_category,
        count(*) as units_held
    from {{ ref('int_cards__by_customer') }}
    where
        card_type = 'CREDIT'
        and is_open
    group by customer_id
),

held_products as (
    select * from balances
    union all
    select * from loans
    union all
    select * from credit_cards
)

select * from held_products
