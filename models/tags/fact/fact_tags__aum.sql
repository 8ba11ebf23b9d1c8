-- How much a customer keeps with the bank: now, on average over calendar periods, by component, and how it moved.

with

-- One row a customer. A category counts in AUM as its row of the dictionary says (DECISIONS 5); loans are in none.
totals as (
    select
        customer_id,
        sum(case when in_aum then balance_spot end) as aum_spot,
        sum(case when in_aum then balance_days_mtd end) as aum_days_mtd,
        sum(case when in_aum then balance_days_qtd end) as aum_days_qtd,
        sum(case when in_aum then balance_days_ytd end) as aum_days_ytd,
        sum(case when in_aum then balance_days_365d end) as aum_days_365d,
        sum(case when in_aum and aum_component = 'deposit' then balance_days_mtd end) as deposit_days_mtd,
        sum(case when in_aum and aum_component <> 'deposit' then balance_days_mtd end) as investment_days_mtd,
        sum(case when in_aum and aum_component = 'deposit' then balance_spot end) as aum_deposit_spot,
        sum(case when in_aum and aum_component = 'wealth' then balance_spot end) as aum_wealth_spot,
        sum(case when in_aum and aum_component = 'fund' then balance_spot end) as aum_fund_spot,
        sum(case when in_aum and aum_component = 'insurance' then balance_spot end) as aum_insurance_spot,
        sum(case when in_aum and aum_component = 'metal' then balance_spot end) as aum_metal_spot,
        sum(case when in_aum and aum_component = 'trust' then balance_spot end) as aum_trust_spot,
        sum(case when in_aum and aum_component = 'structured' then balance_spot end) as aum_structured_spot,
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

-- Whose balances are delivered. Holdings add to AUM where the bank delivers them; without the ledger of accounts there
-- is none. A change is known where the day it is measured from is.
customers as (
    select
        spine.customer_id,
        spine.as_of_date,
        spine.is_core_customer,
        known.known_from,
        {% for days in [1, 30, 90, 365] %}
            {{ is_covered(account_balances()) }}
            and {{ is_aum_known_on(days_ago(days)) }} as covers_{{ days }}d_ago,
        {% endfor %}
        {{ is_covered(account_balances()) }}
        and {{ is_aum_known_on(as_of_date()) }} as covers_accounts,
        {{ is_covered(holdings()) }} as covers_holdings,
        {{ is_covered(account_balances() + holdings()) }}
        and {{ is_aum_known_on(as_of_date()) }} as covers_both
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
    left join {{ ref('int_aum__known_from') }} as known
        on spine.customer_id = known.customer_id
),

-- A daily average divides by the calendar days of its period so far, of which the balances are known.
averages as (
    select
        totals.customer_id,
        {{ divide_amount('totals.aum_days_mtd', known_days_since(first_day_of('month'))) }} as aum_month_avg,
        {{ divide_amount('totals.aum_days_qtd', known_days_since(first_day_of('quarter'))) }} as aum_quarter_avg,
        {{ divide_amount('totals.aum_days_ytd', known_days_since(first_day_of('year'))) }} as aum_year_avg,
        {{ divide_amount('totals.aum_days_365d', known_days_since(days_ago(364))) }} as aum_avg_365d,
        {{ divide_amount('totals.deposit_days_mtd', known_days_since(first_day_of('month'))) }} as deposit_month_avg,
        {{ divide_amount('totals.investment_days_mtd', known_days_since(first_day_of('month'))) }}
            as investment_month_avg
    from totals
    inner join customers
        on totals.customer_id = customers.customer_id
),

aum as (
    select
        spine.customer_id,
        spine.as_of_date,
        {{ measured('totals.aum_spot', covers='spine.covers_accounts') }} as aum_spot,
        {{ measured('averages.aum_month_avg', covers='spine.covers_accounts') }} as aum_month_avg,
        {{ measured('averages.aum_quarter_avg', covers='spine.covers_accounts') }} as aum_quarter_avg,
        {{ measured('averages.aum_year_avg', covers='spine.covers_accounts') }} as aum_year_avg,
        {{ measured('averages.aum_avg_365d', covers='spine.covers_accounts') }} as aum_avg_365d,
        {{ measured('peaks.aum_peak_365d', covers='spine.covers_accounts') }} as aum_peak_365d,
        {{ measured('totals.aum_deposit_spot', covers='spine.covers_accounts') }} as aum_deposit_spot,
        {{ measured('totals.aum_wealth_spot', covers='spine.covers_holdings') }} as aum_wealth_spot,
        {{ measured('totals.aum_fund_spot', covers='spine.covers_holdings') }} as aum_fund_spot,
        {{ measured('totals.aum_insurance_spot', covers='spine.covers_holdings') }} as aum_insurance_spot,
        {{ measured('totals.aum_metal_spot', covers='spine.covers_holdings') }} as aum_metal_spot,
        {{ measured('totals.aum_trust_spot', covers='spine.covers_holdings') }} as aum_trust_spot,
        {{ measured('totals.aum_structured_spot', covers='spine.covers_holdings') }} as aum_structured_spot,
        {{ measured('averages.deposit_month_avg', covers='spine.covers_accounts') }} as aum_deposit_month_avg,
        {{ measured('averages.investment_month_avg', covers='spine.covers_both') }} as aum_investment_month_avg,
        {{ measured('totals.demand_deposit_spot', covers='spine.covers_accounts') }} as demand_deposit_spot,
        {{ measured('totals.time_deposit_spot', covers='spine.covers_accounts') }} as time_deposit_spot,
        {{ measured('totals.custody_securities_spot', covers='spine.covers_holdings') }} as custody_securities_spot,
        {{ measured('totals.aum_change_1d', covers='spine.covers_1d_ago') }} as aum_change_1d,
        {{ measured('totals.aum_change_30d', covers='spine.covers_30d_ago') }} as aum_change_30d,
        {{ measured('totals.aum_change_90d', covers='spine.covers_90d_ago') }} as aum_change_90d,
        {{ measured('totals.aum_change_365d', covers='spine.covers_365d_ago') }} as aum_change_365d
    from customers as spine
    left join totals
        on spine.customer_id = totals.customer_id
    left join averages
        on spine.customer_id = averages.customer_id
    left join {{ ref('int_aum__peak') }} as peaks
        on spine.customer_id = peaks.customer_id
)

select * from aum
