-- How the RFM classes lie over the tiers: by the method that decides, and by the other beside it.

with

-- The customers whom RFM applies to, by each method. Who has no AUM on record has no tier.
classified as (
    select
        methods.scoring_method,
        methods.rfm_class,
        coalesce(tiers.aum_tier, 'unknown') as tier,
        aum.aum_month_avg
    from {{ ref('segment__rfm_methods') }} as methods
    left join {{ ref('segment__pyramid') }} as tiers
        on methods.customer_id = tiers.customer_id
    left join {{ ref('fact_tags__aum') }} as aum
        on methods.customer_id = aum.customer_id
),

counted as (
    select
        scoring_method,
        rfm_class,
        tier,
        count(*) as customers,
        sum(aum_month_avg) as aum_month_avg
    from classified
    group by scoring_method, rfm_class, tier
),

parameters as (
    select scoring_method
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}
),

methods as (
    select
        'bands' as scoring_method,
        scoring_method = 'bands' as is_deciding
    from parameters

    union all

    select
        'quintile' as scoring_method,
        scoring_method = 'quintile' as is_deciding
    from parameters
),

tiers as (
    select
        tier,
        name_zh as tier_name,
        tier_rank
    from {{ ref('pyramid_tiers') }}
    where {{ in_force() }}

    union all

    select
        'unknown' as tier,
        '未分层' as tier_name,
        0 as tier_rank
),

-- Every class at every tier, those that nobody is in too.
cells as (
    select
        methods.scoring_method,
        methods.is_deciding,
        classes.rfm_class,
        classes.name_zh as rfm_class_name,
        classes.rfm_pattern,
        tiers.tier,
        tiers.tier_name,
        tiers.tier_rank,
        coalesce(counted.customers, 0) as customers,
        coalesce(counted.aum_month_avg, 0) as aum_month_avg
    from methods
    cross join {{ ref('rfm_classes') }} as classes
    cross join tiers
    left join counted
        on
            methods.scoring_method = counted.scoring_method
            and classes.rfm_class = counted.rfm_class
            and tiers.tier = counted.tier
    where classes.rfm_pattern is not null
),

totals as (
    select
        *,
        sum(customers) over (partition by scoring_method) as population,
        sum(customers) over (partition by scoring_method, tier) as customers_of_tier,
        sum(customers) over (partition by scoring_method, rfm_class) as customers_of_class
    from cells
),

rfm_class_by_tier as (
    select
        scoring_method,
        is_deciding,
        rfm_class,
        rfm_class_name,
        rfm_pattern,
        tier,
        tier_name,
        tier_rank,
        customers,
        cast(customers as double) / nullif(population, 0) as share_of_population,
        cast(customers as double) / nullif(customers_of_tier, 0) as share_of_tier,
        cast(customers as double) / nullif(customers_of_class, 0) as share_of_class,
        cast(aum_month_avg as decimal(28, 2)) as aum_month_avg,
        {{ as_of_date() }} as as_of_date
    from totals
)

select * from rfm_class_by_tier
