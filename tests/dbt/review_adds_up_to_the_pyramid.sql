{{ printed_rows() }}

-- The latest quarter of the review closes on the pyramid of the business date, and in every quarter the customers who
-- moved account for the change of each tier.
select
    review.period,
    review.tier,
    review.opening_customers,
    review.closing_customers,
    benchmark.customers as pyramid_customers,
    review.aum_month_avg,
    benchmark.aum_month_avg as pyramid_aum_month_avg,
    'the review does not add up, or does not close on the pyramid' as problem,
    'build both of one date: dbt build -s pyramid_review pyramid_benchmark' as remedy
from {{ ref('pyramid_review') }} as review
left join {{ ref('pyramid_benchmark') }} as benchmark
    on
        review.closing_date = benchmark.as_of_date
        and review.tier = benchmark.tier
where
    review.opening_customers
    <> review.stayed_customers + review.upgraded_customers + review.downgraded_customers + review.left_customers
    or review.closing_customers
    <> review.stayed_customers
    + review.joined_customers
    + review.upgraded_in_customers
    + review.downgraded_in_customers
    or (
        review.closing_date = review.as_of_date
        and (
            review.closing_customers <> coalesce(benchmark.customers, 0)
            or review.aum_month_avg <> coalesce(benchmark.aum_month_avg, 0)
            or review.profit_contribution_365d <> coalesce(benchmark.profit_contribution_365d, 0)
        )
    )
