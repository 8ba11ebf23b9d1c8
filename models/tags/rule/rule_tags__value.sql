-- What a customer is worth to the bank, and what their money is about to do: 客户价值.

with

-- The thresholds in force as one row. Amounts that have none for the base currency are null, and so are their tags.
thresholds as (
    select
        {{ threshold('customer_value_level', 'aum_month_avg_from') }} as high_net_worth_from,
        {{ threshold('asset_level', 'a2_from') }} as a2_from,
        {{ threshold('asset_level', 'a3_from') }} as a3_from,
        {{ threshold('asset_level', 'a4_from') }} as a4_from,
        {{ threshold('asset_level', 'a5_from') }} as a5_from,
        {{ threshold('asset_level', 'a6_from') }} as a6_from,
        {{ threshold('profit_contribution_level', 'medium_from') }} as medium_profit_from,
        {{ threshold('profit_contribution_level', 'high_from') }} as high_profit_from,
        {{ threshold('aum_trend_90d', 'start_aum_from') }} as trend_start_from,
        {{ threshold('aum_trend_90d', 'change_share_from') }} as trend_share_from,
        {{ threshold('has_idle_demand_deposit', 'demand_deposit_from') }} as idle_deposit_from,
        {{ threshold('has_idle_demand_deposit', 'demand_share_from') }} as idle_share_from,
        {{ threshold('has_large_maturity_ahead', 'maturity_days_to') }} as maturity_days_to,
        {{ threshold('has_large_maturity_ahead', 'maturity_amount_from') }} as maturity_amount_from,
        {{ threshold('has_large_outflow_to_other_bank_30d', 'outflow_amount_from') }} as outflow_amount_from,
        {{ threshold('has_large_outflow_to_other_bank_30d', 'outflow_share_from') }} as outflow_share_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- The facts that the rules judge, of today's customers: a prospect has none yet, a former customer is judged no more.
facts as (
    select
        demographics.customer_id,
        aum.aum_month_avg,
        aum.aum_month_avg + aum.custody_securities_spot as financial_assets,
        aum.aum_spot,
        aum.aum_spot - aum.aum_change_30d as aum_30_days_ago,
        aum.aum_spot - aum.aum_change_90d as aum_90_days_ago,
        aum.aum_change_90d,
        aum.demand_deposit_spot,
        profit.profit_contribution_365d,
        transaction_tags.transfer_to_other_bank_amount_30d,
        products.time_deposit_next_maturity_days,
        products.time_deposit_next_maturity_amount,
        products.is_single_product,
        products.has_demand_deposit or products.has_time_deposit as has_deposit,
        products.has_structured_deposit
        or products.has_wealth_product
        or products.has_fund
        or products.has_insurance
        or products.has_precious_metal
        or products.has_trust as has_investment,
        pyramid.aum_tier
    from {{ ref('fact_tags__demographics') }} as demographics
    left join {{ ref('fact_tags__aum') }} as aum
        on demographics.customer_id = aum.customer_id
    left join {{ ref('fact_tags__value') }} as profit
        on demographics.customer_id = profit.customer_id
    left join {{ ref('fact_tags__transactions') }} as transaction_tags
        on demographics.customer_id = transaction_tags.customer_id
    left join {{ ref('fact_tags__products') }} as products
        on demographics.customer_id = products.customer_id
    left join {{ ref('segment__pyramid') }} as pyramid
        on demographics.customer_id = pyramid.customer_id
    where demographics.relationship_status = 'active'
),

value_tags as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- AUM>=50万 ? 高净值 : 普通 (S0), on the month's daily average.
        case
            when facts.aum_month_avg >= thresholds.high_net_worth_from then 'high_net_worth'
            when facts.aum_month_avg < thresholds.high_net_worth_from then 'ordinary'
        end as customer_value_level,

        -- 资产等级: the month's daily average and securities in custody, in six steps.
        case
            when facts.financial_assets < thresholds.a2_from then 'A1'
            when facts.financial_assets < thresholds.a3_from then 'A2'
            when facts.financial_assets < thresholds.a4_from then 'A3'
            when facts.financial_assets < thresholds.a5_from then 'A4'
            when facts.financial_assets < thresholds.a6_from then 'A5'
            when facts.financial_assets >= thresholds.a6_from then 'A6'
        end as asset_level,

        -- 贡献等级: who costs more than they bring is 亏损, the others by amount.
        case
            when facts.profit_contribution_365d < 0 then 'loss_making'
            when facts.profit_contribution_365d < thresholds.medium_profit_from then 'low'
            when facts.profit_contribution_365d < thresholds.high_profit_from then 'medium'
            when facts.profit_contribution_365d >= thresholds.high_profit_from then 'high'
        end as profit_contribution_level,

        -- 资产趋势: AUM against that of 90 days ago; too little then to call it a trend is no trend.
        case
            when thresholds.trend_start_from is null then null
            when facts.aum_90_days_ago < thresholds.trend_start_from then null
            when facts.aum_change_90d >= facts.aum_90_days_ago * thresholds.trend_share_from then 'rising'
            when facts.aum_change_90d <= -facts.aum_90_days_ago * thresholds.trend_share_from then 'falling'
            when facts.aum_change_90d is not null then 'stable'
        end as aum_trend_90d,

        -- 私行单产品客户: a private banking client who holds one product category only.
        facts.aum_tier = 'private_banking' and facts.is_single_product as is_single_product_private_banking,

        -- 纯存款客户: deposits and no investment of any kind.
        facts.has_deposit and not facts.has_investment as is_deposit_only_customer,

        -- 活期闲置: a large demand balance that is also a large part of the customer's AUM.
        facts.demand_deposit_spot >= thresholds.idle_deposit_from
        and facts.demand_deposit_spot >= facts.aum_spot * thresholds.idle_share_from as has_idle_demand_deposit,

        -- 大额到期: a large time deposit falls due soon.
        facts.time_deposit_next_maturity_days <= thresholds.maturity_days_to
        and facts.time_deposit_next_maturity_amount >= thresholds.maturity_amount_from as has_large_maturity_ahead,

        -- 大额跨行转出: a large sum, and a large part of what was here before, went to other banks.
        facts.transfer_to_other_bank_amount_30d >= thresholds.outflow_amount_from
        and facts.transfer_to_other_bank_amount_30d >= facts.aum_30_days_ago * thresholds.outflow_share_from
            as has_large_outflow_to_other_bank_30d
    from {{ ref('int_customer__spine') }} as spine
    left join facts
        on spine.customer_id = facts.customer_id
    cross join thresholds
)

select * from value_tags
