{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'issuer_risk_rating': code_or_unknown('source.issuer_risk_rating', ['R1', 'R2', 'R3', 'R4', 'R5']),
    'seller_risk_rating': code_or_unknown('source.seller_risk_rating', ['R1', 'R2', 'R3', 'R4', 'R5']),
    'term_days': 'case when source.term_days > 0 then source.term_days end',
    'launched_date': known_date('source.launched_date'),
    'delisted_date': known_date('source.delisted_date', not_before=known_date('source.launched_date')),
} %}

with

source as (
    {{ all_batches(source('core', 'products')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.product_id') }} as product_id,
        {{ known_text('source.product_name') }} as product_name,
        coalesce(categories.product_category, upper(nullif(trim(source.product_category), ''))) as product_category,
        {{ known.issuer_risk_rating }} as issuer_risk_rating,
        {{ known.seller_risk_rating }} as seller_risk_rating,
        {{ known.term_days }} as term_days,
        {{ known.launched_date }} as launched_date,
        {{ known.delisted_date }} as delisted_date,
        source.loaded_at,
        source.dt,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
    left join {{ codes_of('product_categories', 'product_category') }} as categories
        on {{ delivered_code('source.product_category') }} = categories.delivered_code
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        standardised.*,
        case
            when standardised.product_id is null then 'missing_product_id'
            when standardised.product_category is null then 'missing_product_category'
            when standardised.loaded_at is null then 'missing_loaded_at'
            when product_categories.name_zh is null then 'unknown_product_category'
        end as fault
    from standardised
    left join {{ ref('product_categories') }} as product_categories
        on standardised.product_category = product_categories.product_category
),

-- The latest delivery of each key stands.
products as (
    {{ latest_version_wins('judged', key=['product_id'], batched=false) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from products  -- noqa: AM04
