-- The products on sale on the business date, with the risk rating that counts for suitability: the higher of the
-- issuer's and the seller's (NFRA 2025 no. 7). A product is on sale on the first and on the last day of its sale. One
-- row a product.
with

products_on_sale as (
    select
        products.product_id,
        products.product_name,
        products.product_category,
        -- A product that only one of the two has rated counts as not rated.
        case
            when products.issuer_risk_rating >= products.seller_risk_rating then products.issuer_risk_rating
            when products.issuer_risk_rating < products.seller_risk_rating then products.seller_risk_rating
        end as risk_rating,
        -- A category that the dictionary does not know is judged as an investment.
        coalesce(categories.needs_assessment, true) as needs_assessment,
        coalesce(categories.product_class, 'INVESTMENT') as product_class
    from {{ ref('stg_core__products') }} as products
    left join {{ ref('product_categories') }} as categories
        on products.product_category = categories.product_category
    where
        (products.launched_date is null or products.launched_date <= {{ as_of_date() }})
        and (products.delisted_date is null or products.delisted_date >= {{ as_of_date() }})
)

select * from products_on_sale
