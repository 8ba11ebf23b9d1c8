-- How much a customer keeps with the bank: now, on average over calendar periods, by component, and how it moved.

{% set components = ['deposit', 'wealth', 'fund', 'insurance', 'metal', 'trust', 'structured'] -%}

with

-- One row a customer. A category counts in AUM as its row of the dictionary says; loans are in no category here.
totals as (
    select
        customer_id,
        sum(case when in_aum then balance_spot end) as aum_spot,
        sum(case when in_aum then balance_days_mtd end) as aum_days_mtd,
        sum(case when in_aum then balance_days_qtd end) as aum_days_qtd,
        sum(case when in_aum then balance_days_ytd end) as aum_days_ytd,
        sum(case when in_aum then balance_days_365d end) as aum_days_365d,
        {% for component in components -%}
        sum(case when in_aum and aum_component = '{{ component }}' then balance_spot end) as aum_{{ component }}_spot,
        {% endfor -%}
        sum(case when in_aum and aum_component = 'deposit' then balance_days_mtd end) as aum_deposit_days_mtd,
        sum(case when in_aum and aum_component <> 'deposit' then balance_days_mtd end) as aum_investment_days_mtd,
        sum(case when product_category = 'DEMAND_DEPOSIT' then balance_spot end) as demand_deposit_spot,
        sum(case when product_category = 'TIME_DEPOSIT' then balance_spot end) as time_deposit_spot,
        sum(case when product_category = 'CUSTODY_SECURITIES' then balance_spot end) as custody_securities_spot,
        sum(case when in_aum then balance_spot - balance_1d_ago end) as aum_change_1d,
        sum(case when in_aum then balance_spot - balance_30d_ago end) as aum_change_30d,
        sum(case when in_aum then balance_spot - balance_90d_ago end) as aum_change_90d,
        sum(case when in_aum then balance_spot - balance_365d_ago end) as aum_change_365d
    from {{ ref('int_aum__by_category') }}
    group by customer_id
),

aum as (
    select
        spine.customer_id,
        spine.as_of_date,
        {{ measured('totals.aum_spot') }} as aum_spot,
        {{ measured(divide_amount('totals.aum_days_mtd', calendar_days_since(first_day_of('month')))) }} as aum_month_avg,
        {{ measured(divide_amount('totals.aum_days_qtd', calendar_days_since(first_day_of('quarter')))) }}
            as aum_quarter_avg,
        {{ measured(divide_amount('totals.aum_days_ytd', calendar_days_since(first_day_of('year')))) }} as aum_year_avg,
        {{ measured(divide_amount('totals.aum_days_365d', 365)) }} as aum_avg_365d,
        {{ measured('peaks.aum_peak_365d') }} as aum_peak_365d,
        {% for component in components -%}
        {{ measured('totals.aum_' ~ component ~ '_spot') }} as aum_{{ component }}_spot,
        {% endfor -%}
        {{ measured(divide_amount('totals.aum_deposit_days_mtd', calendar_days_since(first_day_of('month')))) }}
            as aum_deposit_month_avg,
        {{ measured(divide_amount('totals.aum_investment_days_mtd', calendar_days_since(first_day_of('month')))) }}
            as aum_investment_month_avg,
        {{ measured('totals.demand_deposit_spot') }} as demand_deposit_spot,
        {{ measured('totals.time_deposit_spot') }} as time_deposit_spot,
        {{ measured('totals.custody_securities_spot') }} as custody_securities_spot,
        {{ measured('totals.aum_change_1d') }} as aum_change_1d,
        {{ measured('totals.aum_change_30d') }} as aum_change_30d,
        {{ measured('totals.aum_change_90d') }} as aum_change_90d,
        {{ measured('totals.aum_change_365d') }} as aum_change_365d
    from {{ ref('int_customer__spine') }} as spine
    left join totals
        on spine.customer_id = totals.customer_id
    left join {{ ref('int_aum__peak') }} as peaks
        on spine.customer_id = peaks.customer_id
)

select * from aum
