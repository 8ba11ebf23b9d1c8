-- What each audience asks for, what its purpose needs, and what its product is (客群口径): one row an audience, as its
-- entry in YAML says. No relation: the models about audiences read it as it stands in the project.

with

audience_terms as (
    select
        entries.audience,
        entries.purpose,
        entries.product as product_id,
        purposes.needs_consent,
        purposes.needs_suitability,
        purposes.minimum_size,
        products.product_id is not null as is_on_sale,
        products.product_class,
        products.needs_assessment,
        products.risk_rating
    from {{ rows_from(audience_entries(), ['audience', 'purpose', 'product']) }} as entries
    inner join {{ ref('audience_purposes') }} as purposes on entries.purpose = purposes.purpose
    left join {{ ref('int_products__on_sale') }} as products on entries.product = products.product_id
)

select * from audience_terms
