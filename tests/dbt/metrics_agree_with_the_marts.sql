{{ printed_rows() }}

-- A figure that a mart has too is the same there: month-average AUM and customers of each tier (pyramid_benchmark), the
-- NPS of the bank (nps_summary), the coverage of all tags (tag_quality), AUM of the bank (customer_tags).
with

marts as (
    select
        'aum_average' as metric,
        'tier' as cut_by,
        tier,
        aum_month_avg as numerator,
        customers as denominator
    from {{ ref('pyramid_benchmark') }}

    union all

    select
        'nps' as metric,
        'bank' as cut_by,
        'all' as tier,
        100 * (promoters - detractors) as numerator,
        answers as denominator
    from {{ ref('nps_summary') }}
    where
        scheme = 'all'
        and promoters is not null

    union all

    select
        'tag_coverage' as metric,
        'bank' as cut_by,
        'all' as tier,
        sum(known_customers) as numerator,
        sum(customers) as denominator
    from {{ ref('tag_quality') }}
    where as_of_date = {{ as_of_date() }}

    union all

    select
        'aum_total' as metric,
        'bank' as cut_by,
        'all' as tier,
        sum(aum_spot) as numerator,
        null as denominator
    from {{ ref('customer_tags') }}
)

select
    marts.*,
    slices.numerator as metric_numerator,
    slices.denominator as metric_denominator,
    'the metric and the mart differ' as problem,
    'build all of one date: dbt build -s pyramid_benchmark nps_summary tag_quality metric_customers+' as remedy
from marts
left join {{ ref('int_metric__slices') }} as slices
    on
        marts.metric = slices.metric
        and marts.cut_by = slices.cut_by
        and marts.tier = slices.tier
where
    coalesce(marts.numerator, 0) <> coalesce(slices.numerator, 0)
    or coalesce(marts.denominator, 0) <> coalesce(slices.denominator, 0)
