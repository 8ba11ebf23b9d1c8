-- Who moved where in the pyramid from one quarter end to the next: the migration matrix of each quarter.

with

-- Where each customer stood at the end of a quarter and of the one before: every core customer has a row for each.
compared as (
    select
        period,
        is_complete,
        quarter_end_date as closing_date,
        lag(quarter_end_date) over (partition by customer_id order by quarter_end_date) as opening_date,
        tier as to_tier,
        lag(tier) over (partition by customer_id order by quarter_end_date) as from_tier,
        aum_month_avg as to_aum,
        lag(aum_month_avg) over (partition by customer_id order by quarter_end_date) as from_aum
    from {{ ref('int_aum__quarter_ends') }}
),

-- Quarters whose beginning is known too.
quarters as (
    select distinct
        period,
        opening_date,
        closing_date,
        is_complete
    from compared
    where opening_date is not null
),

-- AUM counts in the pyramid while its owner has a tier.
moves as (
    select
        period,
        coalesce(from_tier, 'joined') as from_tier,
        coalesce(to_tier, 'left') as to_tier,
        count(*) as customers,
        sum(case when from_tier is not null then from_aum else 0 end) as aum_opening,
        sum(case when to_tier is not null then to_aum else 0 end) as aum_closing
    from compared
    where
        opening_date is not null
        and (from_tier is not null or to_tier is not null)
    group by period, coalesce(from_tier, 'joined'), coalesce(to_tier, 'left')
),

origins as (
    select
        quarters.period,
        tiers.tier,
        tiers.name_zh,
        tiers.tier_rank
    from quarters
    inner join {{ ref('pyramid_tiers') }} as tiers
        on {{ in_force('tiers', on_date='quarters.opening_date') }}

    union all

    select
        period,
        'joined' as tier,
        '新增' as name_zh,
        0 as tier_rank
    from quarters
),

destinations as (
    select
        quarters.period,
        tiers.tier,
        tiers.name_zh,
        tiers.tier_rank
    from quarters
    inner join {{ ref('pyramid_tiers') }} as tiers
        on {{ in_force('tiers', on_date='quarters.closing_date') }}

    union all

    select
        period,
        'left' as tier,
        '流失' as name_zh,
        0 as tier_rank
    from quarters
),

-- Every cell of the matrix, also one that nobody is in.
cells as (
    select
        quarters.period,
        quarters.opening_date,
        quarters.closing_date,
        quarters.is_complete,
        origins.tier as from_tier,
        origins.name_zh as from_tier_name,
        origins.tier_rank as from_tier_rank,
        destinations.tier as to_tier,
        destinations.name_zh as to_tier_name,
        destinations.tier_rank as to_tier_rank,
        case
            when origins.tier = 'joined' then 'joined'
            when destinations.tier = 'left' then 'left'
            when destinations.tier_rank > origins.tier_rank then 'upgraded'
            when destinations.tier_rank < origins.tier_rank then 'downgraded'
            else 'stayed'
        end as movement
    from quarters
    inner join origins
        on quarters.period = origins.period
    inner join destinations
        on quarters.period = destinations.period
    where not (origins.tier = 'joined' and destinations.tier = 'left')
),

counted as (
    select
        cells.*,
        coalesce(moves.customers, 0) as customers,
        coalesce(moves.aum_opening, 0) as aum_opening,
        coalesce(moves.aum_closing, 0) as aum_closing
    from cells
    left join moves
        on
            cells.period = moves.period
            and cells.from_tier = moves.from_tier
            and cells.to_tier = moves.to_tier
),

pyramid_migration as (
    select
        period,
        opening_date,
        closing_date,
        is_complete,
        from_tier,
        from_tier_name,
        from_tier_rank,
        to_tier,
        to_tier_name,
        to_tier_rank,
        movement,
        customers,
        cast(customers as double)
        / nullif(sum(customers) over (partition by period, from_tier), 0) as share_of_origin,
        cast(aum_opening as decimal(28, 2)) as aum_opening,
        cast(aum_closing as decimal(28, 2)) as aum_closing,
        {{ as_of_date() }} as as_of_date
    from counted
)

select * from pyramid_migration
