{{ printed_rows(columns=['axis', 'measure', 'score', 'problem', 'remedy']) }}

-- High begins at one score: of the bands in force no score is high below one that is not, and something of each measure
-- is high and something low, or the axis parts nobody. Every tier in force has a score, or its customers have none.
with

bands as (
    select
        axis,
        measure,
        score,
        is_high,
        'seeds/policy/rfm/rfm_bands.csv' as seed_file
    from {{ ref('rfm_bands') }}
    where {{ in_force() }}

    union all

    select
        'monetary' as axis,
        'aum_month_avg' as measure,
        score,
        is_high,
        'seeds/policy/rfm/rfm_tier_scores.csv' as seed_file
    from {{ ref('rfm_tier_scores') }}
    where {{ in_force(by_currency=false) }}
),

measures as (
    select
        axis,
        measure,
        seed_file,
        min(case when is_high then score end) as lowest_high,
        max(case when not is_high then score end) as highest_low
    from bands
    group by axis, measure, seed_file
)

select
    axis,
    measure,
    cast(lowest_high as string) as score,
    case
        when lowest_high is null then 'no score is high'
        when highest_low is null then 'every score is high'
        else 'a score is high and one that is not less is low'
    end as problem,
    'correct is_high in ' || seed_file as remedy
from measures
where lowest_high is null or highest_low is null or lowest_high <= highest_low

union all

select
    'monetary' as axis,
    'aum_month_avg' as measure,
    tiers.tier as score,
    'the tier has no score' as problem,
    'add its row to seeds/policy/rfm/rfm_tier_scores.csv' as remedy
from {{ ref('pyramid_tiers') }} as tiers
left join {{ ref('rfm_tier_scores') }} as scores
    on tiers.tier = scores.tier and {{ in_force('scores', by_currency=false) }}
where {{ in_force('tiers') }} and scores.tier is null
