-- The bank's own tags side by side: one row a customer, one column a tag. Users' derived tags read it, and the wide
-- mart adds those to it.
--
-- Each tag model has one row for each customer of the spine (test covers_spine) and no two tags share a code. So the
-- join neither drops nor doubles anyone, and the star is exact: nobody lists the columns by hand (DECISIONS 27).
-- `using` makes the shared key stand once in the star, in both engines; the lint rules against the star and against
-- `using` are waived by line.

{{ config(materialized='view', contract={'enforced': false}) }}

with

standard_tags as (
    select *  -- noqa: AM04, RF02
    from {{ ref('fact_tags__demographics') }}
    inner join {{ ref('fact_tags__aum') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__products') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__value') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__transactions') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__digital') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__consumption') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__credit') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__suitability') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__social') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__service') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('fact_tags__onboarding') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('segment__pyramid') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('segment__service_tier') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('segment__rfm_measures') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('segment__rfm') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('segment__lifecycle') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__value') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__activity') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__preferences') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__groups') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__needs') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__scenarios') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__credit') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__suitability') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__marketing') }} using (customer_id, as_of_date)  -- noqa: ST07
    inner join {{ ref('rule_tags__onboarding') }} using (customer_id, as_of_date)  -- noqa: ST07
)

select * from standard_tags  -- noqa: AM04
