-- The wide mart turned round: one row a customer and tag. What is unknown (null in the wide mart) has no row.

{{ config(materialized='view') }}

with

known_values as (
    {{ unpivot_tags(ref('customer_tags'), ['customer_id', 'as_of_date']) }}
),

-- A customer's own confidence is never above that of all customers (customer_id null); without a row it is 1.
customer_tags_long as (
    select
        known_values.customer_id,
        known_values.tag_code,
        known_values.tag_value,
        coalesce(own.confidence, of_all_customers.confidence, cast(1 as decimal(5, 4))) as confidence,
        known_values.as_of_date
    from known_values
    left join {{ ref('tag_confidence') }} as own
        on
            known_values.customer_id = own.customer_id
            and known_values.tag_code = own.tag_code
    left join {{ ref('tag_confidence') }} as of_all_customers
        on
            known_values.tag_code = of_all_customers.tag_code
            and of_all_customers.customer_id is null
)

select * from customer_tags_long
