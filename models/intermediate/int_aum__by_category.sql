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
        sum(case when valid_to > {{ as_of_date() }} then balance else 0 end) as balance_spot,
        {% for days in [1, 30, 90, 365] -%}
        sum(
            case when valid_from <= {{ days_ago(days) }} and valid_to > {{ days_ago(days) }} then balance else 0 end
        ) as balance_{{ days }}d_ago,
        {% endfor -%}
        {{ balance_days(first_day_of('month')) }} as balance_days_mtd,
        {{ balance_days(first_day_of('quarter')) }} as balance_days_qtd,
        {{ balance_days(first_day_of('year')) }} as balance_days_ytd,
        {{ balance_days(days_ago(364)) }} as balance_days_365d
    from {{ ref('int_aum__intervals') }}
    group by customer_id, product_category, aum_component, in_aum
)

select * from categories
