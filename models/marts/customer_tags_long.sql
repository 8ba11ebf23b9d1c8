-- The wide mart turned round: one row a customer and tag. What is unknown (null in the wide mart) has no row.

{{ config(materialized='view') }}

with

customer_tags_long as (
    {{ unpivot_tags(ref('customer_tags'), ['customer_id', 'as_of_date']) }}
)

select
    customer_id,
    tag_code,
    tag_value,
    as_of_date
from customer_tags_long
