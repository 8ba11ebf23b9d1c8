-- How each tier did in each quarter: who stayed, moved, came and left, what it holds and earns against the plan, and
-- how many stand close to a bound.

with

-- Who stayed, moved, came and left, and what the tier holds at both ends.
movements as (
    select * from {{ ref('int_pyramid__movements') }}
),

-- How near to a bound counts as close to it: one measure for all quarters, so that they compare.
thresholds as (
    select
        {{ threshold('near_upgrade', 'near_share') }} as near_upgrade_share,
        {{ threshold('near_downgrade', 'near_share') }} as near_downgrade_share
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
),

-- The plan of each tier on the last day, and the amounts between which a customer is close to a bound.
plans as (
    select
        movements.period,
        tiers.tier,
        tiers.target_customer_share,
        tiers.target_profit_share,
        tiers.aum_from,
        tiers.aum_to,
        cast(tiers.aum_to * (1 - thresholds.near_upgrade_share) as decimal(28, 2)) as near_upgrade_from,
        cast(tiers.aum_from * (1 + thresholds.near_downgrade_share) as decimal(28, 2)) as near_downgrade_below,
        tiers.version as tier_version
    from movements
    inner join {{ ref('pyramid_tiers') }} as tiers
        on
            movements.tier = tiers.tier
            and {{ in_force('tiers', on_date='movements.closing_date') }}
    cross join thresholds
),

-- Profit is known for the 365 days up to the business date only, so it belongs to the quarter end on that date.
holdings as (
    select
        quarter_ends.period,
        quarter_ends.tier,
        sum(quarter_ends.aum_spot) as aum_spot,
        sum(
            case when quarter_ends.quarter_end_date = {{ as_of_date() }} then profits.contribution end
        ) as profit_contribution_365d,
        count(case when quarter_ends.aum_month_avg >= plans.near_upgrade_from then 1 end) as near_upgrade_customers,
        count(case when quarter_ends.aum_month_avg < plans.near_downgrade_below then 1 end) as near_downgrade_customers
    from {{ ref('int_aum__quarter_ends') }} as quarter_ends
    inner join plans
        on
            quarter_ends.period = plans.period
            and quarter_ends.tier = plans.tier
    left join {{ ref('int_customer__profit') }} as profits
        on quarter_ends.customer_id = profits.customer_id
    group by quarter_ends.period, quarter_ends.tier
),

-- Beside them the plan, the profit, and how many are close to a bound.
measured as (
    select
        movements.*,
        coalesce(holdings.aum_spot, 0) as aum_spot,
        plans.aum_from,
        plans.aum_to,
        case
            when movements.closing_date = {{ as_of_date() }} then coalesce(holdings.profit_contribution_365d, 0)
        end as profit_contribution_365d,
        case
            when plans.aum_to is not null then coalesce(holdings.near_upgrade_customers, 0)
        end as near_upgrade_customers,
        case
            when plans.aum_from is not null then coalesce(holdings.near_downgrade_customers, 0)
        end as near_downgrade_customers,
        plans.near_upgrade_from,
        plans.near_downgrade_below,
        plans.target_customer_share,
        plans.target_profit_share,
        plans.tier_version
    from movements
    left join plans
        on
            movements.period = plans.period
            and movements.tier = plans.tier
    left join holdings
        on
            movements.period = holdings.period
            and movements.tier = holdings.tier
),

pyramid_review as (
    select
        period,
        opening_date,
        closing_date,
        is_complete,
        tier,
        name_zh,
        tier_rank,
        aum_from,
        aum_to,
        cast(opening_customers as bigint) as opening_customers,
        cast(stayed_customers as bigint) as stayed_customers,
        cast(upgraded_customers as bigint) as upgraded_customers,
        cast(downgraded_customers as bigint) as downgraded_customers,
        cast(left_customers as bigint) as left_customers,
        cast(joined_customers as bigint) as joined_customers,
        cast(upgraded_in_customers as bigint) as upgraded_in_customers,
        cast(downgraded_in_customers as bigint) as downgraded_in_customers,
        cast(closing_customers as bigint) as closing_customers,
        cast(opening_customers - left_customers as double) / nullif(opening_customers, 0) as customer_retention_rate,
        cast(stayed_customers + upgraded_customers as double) / nullif(opening_customers, 0) as tier_retention_rate,
        cast(opening_aum_month_avg as decimal(28, 2)) as opening_aum_month_avg,
        cast(aum_month_avg as decimal(28, 2)) as aum_month_avg,
        cast(aum_spot as decimal(28, 2)) as aum_spot,
        cast(aum_month_avg as double) / nullif(sum(aum_month_avg) over (partition by period), 0) as aum_share,
        {{ divide_amount('aum_month_avg', 'nullif(closing_customers, 0)') }} as aum_average,
        cast(closing_customers as double)
        / nullif(sum(closing_customers) over (partition by period), 0) as customer_share,
        target_customer_share,
        cast(profit_contribution_365d as decimal(28, 2)) as profit_contribution_365d,
        cast(profit_contribution_365d as double)
        / nullif(sum(profit_contribution_365d) over (partition by period), 0) as profit_share,
        target_profit_share,
        near_upgrade_from,
        cast(near_upgrade_customers as bigint) as near_upgrade_customers,
        near_downgrade_below,
        cast(near_downgrade_customers as bigint) as near_downgrade_customers,
        tier_version,
        {{ as_of_date() }} as as_of_date
    from measured
)

select * from pyramid_review
