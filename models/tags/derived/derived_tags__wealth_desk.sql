-- Tags of the wealth desk (财富管理部): whom to call this month. Thresholds are the desk's own.

with

derived_tags as (
    select
        tags.customer_id,
        tags.as_of_date,
        -- 优质客户, as the wealth desk sees it: money to invest, and a valid risk assessment.
        tags.aum_month_avg >= 500000
        and tags.suitability_status in ('valid', 'expiring') as wealth_desk__is_prime_customer,
        -- Much money lies on demand, and nothing has been bought for 90 days.
        tags.demand_deposit_spot >= 200000 and tags.wealth_purchase_count_90d = 0 as wealth_desk__has_idle_cash
    from {{ ref('standard_tags') }} as tags
)

select * from derived_tags
