{{ printed_rows() }}

-- The migration matrix loses nobody and nothing: each row sums to the customers and AUM of its tier when the quarter
-- began, each column to those when it ended.
with quarter_ends as (
    select
        quarter_end_date,
        tier,
        count(*) as customers,
        sum(aum_month_avg) as aum
    from {{ ref('int_aum__quarter_ends') }}
    where tier is not null
    group by quarter_end_date, tier
),

sums as (
    select
        'opening' as which_end,
        opening_date as quarter_end_date,
        from_tier as tier,
        sum(customers) as customers,
        sum(aum_opening) as aum
    from {{ ref('pyramid_migration') }}
    where from_tier <> 'joined'
    group by opening_date, from_tier

    union all

    select
        'closing' as which_end,
        closing_date as quarter_end_date,
        to_tier as tier,
        sum(customers) as customers,
        sum(aum_closing) as aum
    from {{ ref('pyramid_migration') }}
    where to_tier <> 'left'
    group by closing_date, to_tier
)

select
    sums.*,
    quarter_ends.customers as customers_at_the_end,
    quarter_ends.aum as aum_at_the_end,
    'customers or AUM of the matrix are not those of the quarter end' as problem,
    'build both of one date: dbt build -s int_aum__quarter_ends pyramid_migration' as remedy
from sums
left join quarter_ends
    on
        sums.quarter_end_date = quarter_ends.quarter_end_date
        and sums.tier = quarter_ends.tier
where
    sums.customers <> coalesce(quarter_ends.customers, 0)
    or sums.aum <> coalesce(quarter_ends.aum, 0)
