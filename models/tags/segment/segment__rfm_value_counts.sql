-- How many eligible customers have each value of R, F and M.

with

-- What F and M are, and how far back R looks.
parameters as (
    select
        frequency_definition,
        monetary_definition,
        recency_window_days
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}
),

eligible as (
    select *
    from {{ ref('segment__rfm_measures') }}
    where rfm_eligibility = 'eligible'
),

-- Goodness grows with the score: few days since the last activity, many of them, much money. None (no activity in the
-- window, no money or less) is told from some.
value_counts as (
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
)

select * from value_counts
