-- How the pyramid stands against its plan: customers, AUM, profit and single-product customers by tier.

with

-- Every tier in force, also one that nobody is in.
tiers as (
    {{ tiers_in_force() }}
),

totals as (
    select
        pyramid.aum_tier,
        count(*) as customers,
        sum(aum.aum_month_avg) as aum_month_avg,
        sum(customer_value.profit_contribution_365d) as profit_contribution_365d,
        sum(case when products.is_single_product then 1 when not products.is_single_product then 0 end)
            as single_product_customers
    from {{ ref('segment__pyramid') }} as pyramid
    inner join {{ ref('fact_tags__aum') }} as aum
        on pyramid.customer_id = aum.customer_id
    inner join {{ ref('fact_tags__value') }} as customer_value
        on pyramid.customer_id = customer_value.customer_id
    inner join {{ ref('fact_tags__products') }} as products
        on pyramid.customer_id = products.customer_id
    where pyramid.aum_tier is not null
    group by pyramid.aum_tier
),

-- Shares of the customers that have a tier; without any customers, AUM or profit there is no share. A tier that nobody
-- is in has no profit; where there are customers of whom none's is known, it is unknown.
shares as (
    select
        tiers.tier,
        tiers.name_zh,
        tiers.tier_rank,
        tiers.target_customer_share,
        tiers.target_profit_share,
        coalesce(totals.customers, 0) as customers,
        coalesce(totals.aum_month_avg, 0) as aum_month_avg,
        case when totals.customers > 0 then totals.profit_contribution_365d else 0 end as profit_contribution_365d,
        case when totals.customers > 0 then totals.single_product_customers else 0 end as single_product_customers,
        cast(coalesce(totals.customers, 0) as double) / nullif(sum(totals.customers) over (), 0) as customer_share,
        cast(coalesce(totals.aum_month_avg, 0) as double) / nullif(sum(totals.aum_month_avg) over (), 0) as aum_share,
        cast(case when totals.customers > 0 then totals.profit_contribution_365d else 0 end as double)
        / nullif(sum(totals.profit_contribution_365d) over (), 0) as profit_share
    from tiers
    left join totals
        on tiers.tier = totals.aum_tier
),

pyramid_benchmark as (
    select
        tier,
        name_zh,
        tier_rank,
        cast(customers as bigint) as customers,
        customer_share,
        target_customer_share,
        cast(aum_month_avg as decimal(28, 2)) as aum_month_avg,
        aum_share,
        cast(profit_contribution_365d as decimal(28, 2)) as profit_contribution_365d,
        profit_share,
        target_profit_share,
        profit_share / nullif(customer_share, 0) as profit_index,
        target_profit_share / nullif(target_customer_share, 0) as target_profit_index,
        cast(single_product_customers as bigint) as single_product_customers,
        cast(single_product_customers as double) / nullif(customers, 0) as single_product_ratio,
        {{ as_of_date() }} as as_of_date
    from shares
)

select * from pyramid_benchmark
