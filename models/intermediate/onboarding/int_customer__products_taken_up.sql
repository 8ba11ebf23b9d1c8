-- The days on which each new customer took up a product that opening did not bring, any but the demand deposit: one
-- row a customer and day. A balance that comes back or changes is no new product.

with

new_customers as (
    select
        customer_id,
        opened_date
    from {{ ref('int_customer__onboarding_events') }}
    where event_type = 'opened'
),

balances as (
    select
        customer_id,
        min(valid_from) as held_from
    from {{ ref('int_aum__intervals') }}
    where
        product_category <> 'DEMAND_DEPOSIT'
        and balance > 0
    group by customer_id, unit_key
),

loans as (
    select
        customer_id,
        granted_date as held_from
    from {{ ref('int_loans__by_customer') }}
    where {{ in_last_days('granted_date', 365) }}
),

credit_cards as (
    select
        customer_id,
        issued_date as held_from
    from {{ ref('int_cards__by_customer') }}
    where
        card_type = 'CREDIT'
        and {{ in_last_days('issued_date', 365) }}
),

products as (
    select * from balances
    union all
    select * from loans
    union all
    select * from credit_cards
),

products_taken_up as (
    select distinct
        products.customer_id,
        new_customers.opened_date,
        products.held_from as taken_up_date
    from products
    inner join new_customers
        on
            products.customer_id = new_customers.customer_id
            and products.held_from >= new_customers.opened_date
)

select * from products_taken_up
