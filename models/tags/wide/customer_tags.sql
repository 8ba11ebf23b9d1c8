-- Every tag of every customer: one row a customer, one column a tag; the bank's own, and those that users derived.
--
-- As in standard_tags, every joined model has one row a customer and codes of its own. The columns are listed once, in
-- the contract beside this file, which `banktags catalogue sync` writes from the YAML of the tag models (DECISIONS 27).

with

customer_tags as (
    select *  -- noqa: AM04, RF02
    from {{ ref('standard_tags') }}
    inner join {{ ref('derived_tags__card_centre') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('derived_tags__wealth_desk') }} using (customer_id, as_of_date)  -- noqa: ST07
)

select * from customer_tags  -- noqa: AM04
