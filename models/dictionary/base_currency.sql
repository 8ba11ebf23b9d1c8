-- The currency of all amounts of this build, and what pages call it: one row, whatever the dictionary knows.

with

base_currency as (
    select
        base.currency,
        coalesce(currencies.name_zh, base.currency) as name_zh,
        coalesce(currencies.unit_zh, base.currency) as unit_zh
    from (select '{{ base_currency() }}' as currency) as base
    left join {{ ref('currencies') }} as currencies
        on base.currency = currencies.currency_code
)

select * from base_currency
