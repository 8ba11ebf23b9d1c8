-- The Lorenz curve of each quarter end: which share of AUM and of profit the lower 1 %, 2 % … 100 % of customers hold.

with

-- The lower p % are those whose rank is at most p % of all.
percentiles as (
    select
        period,
        quarter_end_date,
        measure,
        cast(ceil(cast(amount_rank * 100 as double) / customers) as int) as percentile,
        sum(amount) as amount
    from {{ ref('int_pyramid__ranks') }}
    group by period, quarter_end_date, measure, cast(ceil(cast(amount_rank * 100 as double) / customers) as int)
),

pyramid_lorenz_curve as (
    select
        period,
        quarter_end_date as closing_date,
        measure,
        percentile,
        cast(sum(amount) over (partition by period, measure order by percentile) as double)
        / nullif(cast(sum(amount) over (partition by period, measure) as double), 0) as cumulative_share,
        {{ as_of_date() }} as as_of_date
    from percentiles
)

select * from pyramid_lorenz_curve
