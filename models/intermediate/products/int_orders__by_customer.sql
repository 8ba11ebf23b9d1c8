-- Orders of investments that were confirmed up to the business date, with the golden customer who gave them and the
-- category of the product; a view. What was cancelled or failed was not bought.

{{ config(materialized='view') }}

with

orders as (
    select
        orders.order_id,
        identities.customer_id,
        orders.order_date,
        orders.order_type,
        products.product_id is not null as has_known_product,
        products.product_category,
        orders.amount,
        orders.dt
    from {{ ref('stg_wealth__orders') }} as orders
    inner join {{ ref('int_customer__identity') }} as identities
        on
            orders.customer_id = identities.source_key
            and identities.source_system = 'core'
    left join {{ ref('stg_core__products') }} as products
        on orders.product_id = products.product_id
    where
        orders.status = 'CONFIRMED'
        and orders.order_date <= {{ as_of_date() }}
)

select * from orders
