-- How far each tag's distribution has moved, on the run's date, from that of the date built before and from that of
-- the reference date: as a whole (PSI), and in the one value that changed most against itself, which PSI may not
-- show.

{%- set reference_date = "'" ~ var('quality_reference_date') ~ "'" if var('quality_reference_date') else 'null' %}

with

-- The dates to compare with. The reference is the first date built, unless the variable quality_reference_date names
-- one.
built_dates as (
    select
        max(case when as_of_date < {{ as_of_date() }} then as_of_date end) as previous_date,
        coalesce(cast({{ reference_date }} as date), min(as_of_date)) as reference_date
    from {{ ref('tag_distribution') }}
),

baselines as (
    select
        'previous' as baseline,
        previous_date as baseline_date
    from built_dates
    where previous_date is not null
    union all
    select
        'reference' as baseline,
        reference_date as baseline_date
    from built_dates
    where reference_date <> {{ as_of_date() }}
),

-- The customers of each bin on both dates, 0 where a bin was empty.
bins_of_both_dates as (
    select
        baselines.baseline,
        baselines.baseline_date,
        distribution.tag_code,
        distribution.bin_kind,
        distribution.bin,
        distribution.bin_floor,
        sum(case when distribution.as_of_date = {{ as_of_date() }} then distribution.customers else 0 end) as customers,
        sum(case when distribution.as_of_date = baselines.baseline_date then distribution.customers else 0 end)
            as baseline_customers
    from {{ ref('tag_distribution') }} as distribution
    inner join baselines
        on distribution.as_of_date = baselines.baseline_date or distribution.as_of_date = {{ as_of_date() }}
    group by
        baselines.baseline,
        baselines.baseline_date,
        distribution.tag_code,
        distribution.bin_kind,
        distribution.bin,
        distribution.bin_floor
),

-- The middle of each bin of an ordered tag, as a share of the customers that the baseline has in all of them.
placed_bins as (
    select
        *,
        (
            sum(baseline_customers) over (partition by baseline, tag_code, bin_kind order by bin_floor)
            - baseline_customers / 2.0
        ) / nullif(sum(baseline_customers) over (partition by baseline, tag_code, bin_kind), 0) as middle_of_bin
    from bins_of_both_dates
),

-- Ordered bins come together in ten groups, about equally frequent at the baseline; any other bin is a group by itself.
bin_groups as (
    select
        baseline,
        baseline_date,
        tag_code,
        bin_kind,
        min_by(bin, coalesce(bin_floor, 0)) as first_bin,
        cast(sum(customers) as bigint) as customers,
        cast(sum(baseline_customers) as bigint) as baseline_customers
    from placed_bins
    group by
        baseline,
        baseline_date,
        tag_code,
        bin_kind,
        case
            when bin_floor is null then bin
            else cast(least(floor(10 * coalesce(middle_of_bin, 0)), 9) as {{ dbt.type_string() }})
        end
),

-- A tag that one of the dates did not have yet, or has no more, is not compared.
shares as (
    select
        *,
        customers
        / cast(nullif(sum(customers) over (partition by baseline, tag_code), 0) as double) as now_share,
        baseline_customers
        / cast(nullif(sum(baseline_customers) over (partition by baseline, tag_code), 0) as double) as then_share
    from bin_groups
),

thresholds as (
    select
        max(case when measure = 'psi' then smallest_share end) as empty_share,
        max(case when measure = 'relative_change' then smallest_share end) as judged_share,
        max(case when measure = 'relative_change' then smallest_customers end) as judged_customers
    from {{ ref('quality_thresholds') }}
    where tag_code is null
),

-- A share below the smallest one judged counts as that, so that a value that appears from nothing has a change too.
-- Parts of PSI are decimals: the last digit of a sum of doubles would follow the order of the rows.
changes as (
    select
        shares.*,
        cast(
            (greatest(shares.now_share, thresholds.empty_share) - greatest(shares.then_share, thresholds.empty_share))
            * ln(
                greatest(shares.now_share, thresholds.empty_share) / greatest(shares.then_share, thresholds.empty_share)
            )
            as decimal(18, 12)
        ) as psi_part,
        case
            when
                greatest(shares.now_share, shares.then_share) >= thresholds.judged_share
                and greatest(shares.customers, shares.baseline_customers) >= thresholds.judged_customers
                then (shares.now_share - shares.then_share) / greatest(shares.then_share, thresholds.judged_share)
        end as relative_change
    from shares
    cross join thresholds
    where shares.now_share is not null and shares.then_share is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by baseline, tag_code
            order by coalesce(abs(relative_change), -1) desc, bin_kind asc, first_bin asc
        ) as change_rank
    from changes
),

tag_drift as (
    select
        tag_code,
        {{ as_of_date() }} as as_of_date,
        baseline,
        baseline_date,
        round(cast(sum(psi_part) as double), 6) as psi,
        round(max(case when change_rank = 1 then relative_change end), 6) as relative_change,
        max(case when change_rank = 1 and relative_change is not null then bin_kind end) as changed_bin_kind,
        max(case when change_rank = 1 and relative_change is not null then first_bin end) as changed_bin,
        round(sum(case when bin_kind = 'unknown' then then_share - now_share else 0 end), 6) as coverage_change
    from ranked
    group by tag_code, baseline, baseline_date
)

select * from tag_drift
