-- The products that an audience may be offered, and those of which it is refused: all of the product master, with what
-- suitability is judged by where they are on sale on the business date.
with

audience_products as (
    select
        products.product_id,
        products.product_name,
        products.product_category,
        on_sale.product_id is not null as is_on_sale,
        on_sale.risk_rating,
        on_sale.needs_assessment,
        on_sale.product_class
    from {{ ref('stg_core__products') }} as products
    left join {{ ref('int_products__on_sale') }} as on_sale on products.product_id = on_sale.product_id
)

select * from audience_products
