-- What a customer holds in each product category: now, on earlier days, and as balance × days for the daily averages.
-- Sums stay exact here; a tag adds the categories it wants and divides once, so parts always add up to their total.

with

categories as (
    select
        customer_id,
        product_category,
        aum_component,
        in_aum,
        count(case when valid_to > {{ as_of_date() }} and balance > 0 then unit_key end) as units_held,
        {{ balance_at(as_of_date()) }} as balance_spot,
        {{ balance_at(days_ago(1)) }} as balance_1d_ago,
        {{ balance_at(days_ago(30)) }} as balance_30d_ago,
        {{ balance_at(days_ago(90)) }} as balance_90d_ago,
        {{ balance_at(days_ago(365)) }} as balance_365d_ago,
        {{ balance_days(first_day_of('month')) }} as balance_days_mtd,
        {{ balance_days(first_day_of('quarter')) }} as balance_days_qtd,
        {{ balance_days(first_day_of('year')) }} as balance_days_ytd,
        {{ balance_days(days_ago(364)) }} as balance_days_365d
    from {{ ref('int_aum__intervals') }}
    group by customer_id, product_category, aum_component, in_aum
)

select * from categories
