-- From which value on each RFM score is given, and which scores count as high.
--
-- Two methods stand side by side: bands (fixed by policy: seed rfm_bands, and for AUM the bounds of the tiers) and
-- quintile (cut points of the population of the run). Bands move when the policy does. Cut points of a population move
-- with it, every night. To hold them for a period, `banktags freeze-rfm` writes the computed ones into seed
-- rfm_cut_points for the next period. While the seed has rows for the run's period, they are in force, and those that
-- the run computes stand beside them as the proposal for the period to come.

with

-- The parameters in force on the run's date, and the calendar period that the date lies in.
parameters as (
    select
        frequency_definition,
        monetary_definition,
        recency_window_days,
        split_method,
        split_threshold,
        version,
        case cut_point_period
            when 'month' then substring(cast({{ as_of_date() }} as string), 1, 7)
            when 'quarter'
                then
                    substring(cast({{ as_of_date() }} as string), 1, 4)
                    || '-Q' || cast(extract(quarter from {{ as_of_date() }}) as string)
        end as period
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}
),

eligible as (
    select *
    from {{ ref('segment__rfm_measures') }}
    where rfm_eligibility = 'eligible'
),

-- How many eligible customers have each value, on each axis. Goodness grows with the score: few days since the last
-- activity, many of them, much money. None (no activity in the window, no money or less) is told from some.
counted as (
    select
        'recency' as axis,
        'activity_recency_days' as measure,
        cast(eligible.rfm_recency_days as double) as axis_value,
        -cast(eligible.rfm_recency_days as double) as goodness,
        eligible.rfm_recency_days < parameters.recency_window_days as has_some,
        count(*) as customers
    from eligible
    cross join parameters
    group by eligible.rfm_recency_days, parameters.recency_window_days

    union all

    select
        'frequency' as axis,
        parameters.frequency_definition as measure,
        eligible.rfm_frequency as axis_value,
        eligible.rfm_frequency as goodness,
        eligible.rfm_frequency > 0 as has_some,
        count(*) as customers
    from eligible
    cross join parameters
    group by eligible.rfm_frequency, parameters.frequency_definition

    union all

    select
        'monetary' as axis,
        parameters.monetary_definition as measure,
        cast(eligible.rfm_monetary as double) as axis_value,
        cast(eligible.rfm_monetary as double) as goodness,
        eligible.rfm_monetary > 0 as has_some,
        count(*) as customers
    from eligible
    cross join parameters
    group by eligible.rfm_monetary, parameters.monetary_definition
),

-- How many customers are no better than each value: equal values are counted together, so they can't part.
cumulated as (
    select
        *,
        sum(customers) over (partition by axis order by goodness) as customers_no_better,
        sum(customers) over (partition by axis) as population
    from counted
),

scores as (
    select 1 as score
    union all
    select 2 as score
    union all
    select 3 as score
    union all
    select 4 as score
    union all
    select 5 as score
),

-- Where each score begins: at the worst value that more than (score - 1) fifths of the customers do not exceed. None
-- never gets beyond 1. Recency is half-open too: an edge of 30 means active within the last 30 days.
edges as (
    select
        cumulated.axis,
        cumulated.measure,
        scores.score,
        case
            when scores.score = 1 then cast(null as double)
            when cumulated.axis = 'recency' then 1 - min(cumulated.goodness)
            else min(cumulated.goodness)
        end as edge
    from cumulated
    inner join scores
        on 5 * cumulated.customers_no_better > (scores.score - 1) * cumulated.population
    where cumulated.has_some or scores.score = 1
    group by cumulated.axis, cumulated.measure, scores.score
),

edges_with_next as (
    select
        *,
        lead(edge) over (partition by axis order by score) as next_edge
    from edges
),

-- AUM by the bounds of the tiers: tiers of one score are one band, and it is high if all of them are.
tier_bands as (
    select
        scores_of_tiers.score,
        case when count(tiers.aum_from) = count(*) then min(tiers.aum_from) end as value_from,
        case when count(tiers.aum_to) = count(*) then max(tiers.aum_to) end as value_to,
        min(case when scores_of_tiers.is_high then 1 else 0 end) = 1 as is_high
    from {{ ref('pyramid_tiers') }} as tiers
    inner join {{ ref('rfm_tier_scores') }} as scores_of_tiers
        on tiers.tier = scores_of_tiers.tier
    where
        {{ in_force('tiers') }}
        and {{ in_force('scores_of_tiers', by_currency=false) }}
    group by scores_of_tiers.score
),

-- The cut points of the run, the fixed bands of the measures in force, and the cut points frozen for the period.
bands as (
    select
        'computed' as origin,
        'quintile' as scoring_method,
        axis,
        measure,
        score,
        case when axis = 'recency' then next_edge else edge end as value_from,
        case when axis = 'recency' then edge else next_edge end as value_to,
        cast(null as boolean) as given_is_high,
        {{ as_of_date() }} as computed_as_of
    from edges_with_next

    union all

    select
        'computed' as origin,
        'bands' as scoring_method,
        rfm_bands.axis,
        rfm_bands.measure,
        rfm_bands.score,
        rfm_bands.value_from,
        rfm_bands.value_to,
        rfm_bands.is_high as given_is_high,
        {{ as_of_date() }} as computed_as_of
    from {{ ref('rfm_bands') }} as rfm_bands
    cross join parameters
    where
        {{ in_force('rfm_bands') }}
        and rfm_bands.measure in (
            'activity_recency_days', parameters.frequency_definition, parameters.monetary_definition
        )

    union all

    select
        'computed' as origin,
        'bands' as scoring_method,
        'monetary' as axis,
        parameters.monetary_definition as measure,
        tier_bands.score,
        cast(tier_bands.value_from as double) as value_from,
        cast(tier_bands.value_to as double) as value_to,
        tier_bands.is_high as given_is_high,
        {{ as_of_date() }} as computed_as_of
    from tier_bands
    cross join parameters
    where parameters.monetary_definition = 'aum_month_avg'

    union all

    select
        'frozen' as origin,
        frozen.scoring_method,
        frozen.axis,
        frozen.measure,
        frozen.score,
        frozen.value_from,
        frozen.value_to,
        frozen.is_high as given_is_high,
        frozen.frozen_as_of as computed_as_of
    from {{ ref('rfm_cut_points') }} as frozen
    inner join parameters
        on
            frozen.period = parameters.period
            and frozen.parameters_version = parameters.version
            and frozen.measure in (
                'activity_recency_days', parameters.frequency_definition, parameters.monetary_definition
            )
    where frozen.currency = '{{ base_currency() }}'
),

-- How many eligible customers each score gets.
scored as (
    select
        bands.origin,
        bands.scoring_method,
        bands.axis,
        bands.measure,
        bands.score,
        bands.value_from,
        bands.value_to,
        bands.given_is_high,
        bands.computed_as_of,
        coalesce(sum(counted.customers), 0) as customers
    from bands
    left join counted
        on
            bands.axis = counted.axis
            and bands.measure = counted.measure
            and {{ in_band('counted.axis_value', 'bands.value_from', 'bands.value_to') }}
    group by
        bands.origin,
        bands.scoring_method,
        bands.axis,
        bands.measure,
        bands.score,
        bands.value_from,
        bands.value_to,
        bands.given_is_high,
        bands.computed_as_of
),

totals as (
    select
        *,
        sum(customers) over (partition by origin, scoring_method, axis) as population,
        sum(score * customers) over (partition by origin, scoring_method, axis) as score_sum,
        sum(customers) over (partition by origin, scoring_method, axis order by score) as customers_up_to_score,
        max(case when origin = 'frozen' then 1 else 0 end) over (partition by scoring_method, axis) as has_frozen
    from scored
),

rfm_cut_points as (
    select
        totals.scoring_method,
        totals.axis,
        totals.measure,
        cast(totals.score as int) as score,
        totals.value_from,
        totals.value_to,
        coalesce(
            totals.given_is_high,
            case parameters.split_method
                -- above the mean of the scores
                when 'mean' then totals.score * totals.population > totals.score_sum
                -- at or above their median: more than half of the customers have this score or less
                when 'median' then 2 * totals.customers_up_to_score > totals.population
                -- at or above a given score
                when 'threshold' then totals.score >= parameters.split_threshold
            end
        ) as is_high,
        totals.origin = 'frozen' or totals.has_frozen = 0 as is_in_force,
        totals.origin,
        cast(totals.customers as bigint) as customers,
        '{{ base_currency() }}' as currency,
        parameters.period,
        parameters.version as parameters_version,
        totals.computed_as_of,
        {{ as_of_date() }} as as_of_date
    from totals
    cross join parameters
)

select * from rfm_cut_points
