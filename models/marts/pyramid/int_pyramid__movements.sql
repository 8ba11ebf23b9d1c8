-- How the customers of each tier moved in each quarter: who stayed, rose, fell, came and left, and what the tier held
-- when it began and ended.

with

-- What became of those who were in the tier when the quarter began.
openings as (
    select
        period,
        opening_date,
        closing_date,
        is_complete,
        from_tier as tier,
        from_tier_name as name_zh,
        from_tier_rank as tier_rank,
        sum(customers) as opening_customers,
        sum(case when movement = 'stayed' then customers else 0 end) as stayed_customers,
        sum(case when movement = 'upgraded' then customers else 0 end) as upgraded_customers,
        sum(case when movement = 'downgraded' then customers else 0 end) as downgraded_customers,
        sum(case when movement = 'left' then customers else 0 end) as left_customers,
        sum(aum_opening) as opening_aum_month_avg
    from {{ ref('pyramid_migration') }}
    where from_tier <> 'joined'
    group by period, opening_date, closing_date, is_complete, from_tier, from_tier_name, from_tier_rank
),

-- Where those come from who are in it when the quarter ends.
closings as (
    select
        period,
        opening_date,
        closing_date,
        is_complete,
        to_tier as tier,
        to_tier_name as name_zh,
        to_tier_rank as tier_rank,
        sum(customers) as closing_customers,
        sum(case when movement = 'joined' then customers else 0 end) as joined_customers,
        sum(case when movement = 'upgraded' then customers else 0 end) as upgraded_in_customers,
        sum(case when movement = 'downgraded' then customers else 0 end) as downgraded_in_customers,
        sum(aum_closing) as aum_month_avg
    from {{ ref('pyramid_migration') }}
    where to_tier <> 'left'
    group by period, opening_date, closing_date, is_complete, to_tier, to_tier_name, to_tier_rank
),

-- A tier that the pyramid had at only one end of the quarter is empty at the other.
movements as (
    select
        coalesce(closings.period, openings.period) as period,
        coalesce(closings.opening_date, openings.opening_date) as opening_date,
        coalesce(closings.closing_date, openings.closing_date) as closing_date,
        coalesce(closings.is_complete, openings.is_complete) as is_complete,
        coalesce(closings.tier, openings.tier) as tier,
        coalesce(closings.name_zh, openings.name_zh) as name_zh,
        coalesce(closings.tier_rank, openings.tier_rank) as tier_rank,
        coalesce(openings.opening_customers, 0) as opening_customers,
        coalesce(openings.stayed_customers, 0) as stayed_customers,
        coalesce(openings.upgraded_customers, 0) as upgraded_customers,
        coalesce(openings.downgraded_customers, 0) as downgraded_customers,
        coalesce(openings.left_customers, 0) as left_customers,
        coalesce(closings.joined_customers, 0) as joined_customers,
        coalesce(closings.upgraded_in_customers, 0) as upgraded_in_customers,
        coalesce(closings.downgraded_in_customers, 0) as downgraded_in_customers,
        coalesce(closings.closing_customers, 0) as closing_customers,
        coalesce(openings.opening_aum_month_avg, 0) as opening_aum_month_avg,
        coalesce(closings.aum_month_avg, 0) as aum_month_avg
    from closings
    full outer join openings
        on
            closings.period = openings.period
            and closings.tier = openings.tier
)

select * from movements
