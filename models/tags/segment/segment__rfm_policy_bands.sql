-- Bands of the scores that somebody decided: fixed by policy for the measures in force, by the bounds of the tiers
-- where M is AUM, and the cut points that are frozen for the period of the date.

{{ config(materialized='view') }}

with

-- The parameters in force on the run's date, and the calendar period that the date lies in.
parameters as (
    select
        frequency_definition,
        monetary_definition,
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

policy_bands as (
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
)

select * from policy_bands
