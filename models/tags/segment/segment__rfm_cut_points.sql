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

-- The cut points of the run, and the bands that somebody decided.
bands as (
    select
        'computed' as origin,
        'quintile' as scoring_method,
        axis,
        measure,
        score,
        value_from,
        value_to,
        cast(null as boolean) as given_is_high,
        {{ as_of_date() }} as computed_as_of
    from {{ ref('segment__rfm_quintiles') }}

    union all

    select * from {{ ref('segment__rfm_policy_bands') }}
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
    left join {{ ref('segment__rfm_value_counts') }} as counted
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

-- What the split of high and low needs: the customers of each axis, and those up to each score.
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
