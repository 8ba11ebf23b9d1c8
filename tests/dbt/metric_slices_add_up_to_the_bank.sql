{{ printed_rows() }}

-- The slices of every metric add up to the bank, for each way to cut it: before small ones are hidden, and as readers
-- see them. Nobody is lost: the customers on record are those of the wide mart. A bank of few is shown to nobody.
with

slices as (
    select
        'int_metric__slices' as relation,
        metric,
        cut_by,
        numerator,
        denominator,
        customers
    from {{ ref('int_metric__slices') }}

    union all

    select
        'metric_values' as relation,
        metric,
        cut_by,
        numerator,
        denominator,
        customers
    from {{ ref('metric_values') }}
),

sums as (
    select
        relation,
        metric,
        cut_by,
        coalesce(sum(numerator), 0) as numerator,
        coalesce(sum(denominator), 0) as denominator,
        coalesce(sum(customers), 0) as customers
    from slices
    group by relation, metric, cut_by
),

cuts as (
    select distinct cut_by
    from sums
),

-- Every metric by every cut, so that a missing one is seen.
expected as (
    select
        banks.relation,
        banks.metric,
        cuts.cut_by,
        banks.numerator,
        banks.denominator,
        banks.customers
    from sums as banks
    cross join cuts
    where banks.cut_by = 'bank'
),

on_record as (
    select count(*) as customers
    from {{ ref('customer_tags') }}
)

select
    expected.relation,
    expected.metric,
    expected.cut_by,
    sums.numerator,
    expected.numerator as numerator_of_the_bank,
    sums.denominator,
    expected.denominator as denominator_of_the_bank,
    sums.customers,
    expected.customers as customers_of_the_bank,
    'the slices do not add up to the bank' as problem,
    'build all of one date: dbt build -s metric_customers+' as remedy
from expected
left join sums
    on
        expected.relation = sums.relation
        and expected.metric = sums.metric
        and expected.cut_by = sums.cut_by
cross join on_record
where
    sums.metric is null
    or sums.numerator <> expected.numerator
    or sums.denominator <> expected.denominator
    or sums.customers <> expected.customers
    or (
        expected.relation = 'int_metric__slices'
        and expected.metric = 'customers_covered_assets'
        and expected.customers <> on_record.customers
    )
