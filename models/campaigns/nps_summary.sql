-- Net promoter score (净推荐值), over all and by segment: the last answer of each customer in a year counts. A segment of
-- few answers is counted and not shown.

with

parameters as (
    select
        {{ normal_quantile('1 - cast(alpha as double) / 2') }} as z_alpha,
        nps_window_days
    from (
        select
            {{ parameter_value('alpha') }} as alpha,
            cast({{ parameter_value('nps_window_days') }} as int) as nps_window_days
        from {{ ref('campaign_parameters') }}
        where {{ in_force() }}
    ) as in_force
),

-- Which answers are those of promoters and of passives: as tag nps_category judges them.
thresholds as (
    select
        {{ threshold('nps_category', 'promoter_from') }} as promoter_from,
        {{ threshold('nps_category', 'passive_from') }} as passive_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

answers as (
    select
        responses.customer_id,
        responses.score
    from {{ ref('int_nps_responses__by_customer') }} as responses
    cross join parameters
    where
        responses.recency_rank = 1
        and {{ dbt.datediff('responses.responded_date', as_of_date(), 'day') }}
        < parameters.nps_window_days
),

grouped as (
    select
        'all' as scheme,
        'all' as segment,
        score
    from answers

    union all

    select
        segments.scheme,
        segments.segment,
        answers.score
    from answers
    inner join {{ ref('customer_segments') }} as segments
        on answers.customer_id = segments.customer_id
),

counts as (
    select
        grouped.scheme,
        grouped.segment,
        count(*) as answers,
        count(case when grouped.score >= thresholds.promoter_from then 1 end) as promoters,
        count(
            case when grouped.score >= thresholds.passive_from and grouped.score < thresholds.promoter_from then 1 end
        ) as passives,
        count(case when grouped.score < thresholds.passive_from then 1 end) as detractors
    from grouped
    cross join thresholds
    group by grouped.scheme, grouped.segment
),

-- An answer is worth 1, 0 or −1: the score is their mean, and their variance is p + d − (p − d)².
scores as (
    select
        counts.*,
        counts.answers >= {{ minimum_group_size() }} as is_shown,
        {{ rate('(counts.promoters - counts.detractors)', 'counts.answers') }} as balance,
        {{ rate('(counts.promoters + counts.detractors)', 'counts.answers') }} as decided,
        parameters.z_alpha
    from counts
    cross join parameters
),

errors as (
    select
        *,
        z_alpha * sqrt((decided - balance * balance) / answers) as half_width
    from scores
),

nps_summary as (
    select
        scheme,
        segment,
        answers,
        case when is_shown then promoters end as promoters,
        case when is_shown then passives end as passives,
        case when is_shown then detractors end as detractors,
        case when is_shown then 100 * balance end as nps,
        case when is_shown then 100 * greatest(-1e0, balance - half_width) end as nps_lower,
        case when is_shown then 100 * least(1e0, balance + half_width) end as nps_upper,
        {{ as_of_date() }} as as_of_date
    from errors
)

select * from nps_summary
