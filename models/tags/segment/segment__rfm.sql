-- Recency, frequency and monetary value as scores from 1 to 5, and the class that high and low scores together name.

{% set measure_of = {'recency': 'rfm_recency_days', 'frequency': 'rfm_frequency', 'monetary': 'rfm_monetary'} -%}

with

parameters as (
    select
        scoring_method,
        frequency_definition,
        monetary_definition,
        version
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}
),

eligible as (
    select *
    from {{ ref('segment__rfm_measures') }}
    where rfm_eligibility = 'eligible'
),

cut_points as (
    select *
    from {{ ref('segment__rfm_cut_points') }}
    where is_in_force
),

-- Scores of the eligible customers by both methods; the parameters say which of them decides high and low.
scored as (
    select
        eligible.customer_id,
        {% for axis in measure_of -%}
            {{ axis }}_quintiles.score as {{ axis }}_score,
            {{ axis }}_bands.score as {{ axis }}_band_score,
            case parameters.scoring_method
                when 'quintile' then {{ axis }}_quintiles.is_high
                when 'bands' then {{ axis }}_bands.is_high
            end as is_{{ axis }}_high,
            case parameters.scoring_method
                when 'quintile' then {{ axis }}_quintiles.computed_as_of
                when 'bands' then {{ axis }}_bands.computed_as_of
            end as {{ axis }}_cut_points_as_of,
        {% endfor -%}
        parameters.frequency_definition,
        parameters.monetary_definition,
        parameters.version
    from eligible
    cross join parameters
    {% for axis, measure in measure_of.items() -%}
        left join cut_points as {{ axis }}_quintiles
            on
                {{ axis }}_quintiles.scoring_method = 'quintile'
                and {{ axis }}_quintiles.axis = '{{ axis }}'
                and {{ in_band('eligible.' ~ measure, axis ~ '_quintiles.value_from', axis ~ '_quintiles.value_to') }}
        left join cut_points as {{ axis }}_bands
            on
                {{ axis }}_bands.scoring_method = 'bands'
                and {{ axis }}_bands.axis = '{{ axis }}'
                and {{ in_band('eligible.' ~ measure, axis ~ '_bands.value_from', axis ~ '_bands.value_to') }}
    {% endfor -%}
),

-- High and low of R, F and M as three digits: 111 is high in all, 011 has not been active of late.
patterns as (
    select
        *,
        case when is_recency_high then '1' else '0' end
        || case when is_frequency_high then '1' else '0' end
        || case when is_monetary_high then '1' else '0' end as pattern
    from scored
),

rfm as (
    select
        spine.customer_id,
        spine.as_of_date,
        patterns.recency_score as rfm_recency_score,
        patterns.frequency_score as rfm_frequency_score,
        patterns.monetary_score as rfm_monetary_score,
        patterns.recency_band_score as rfm_recency_band_score,
        patterns.frequency_band_score as rfm_frequency_band_score,
        patterns.monetary_band_score as rfm_monetary_band_score,
        patterns.pattern as rfm_pattern,
        coalesce(classes.rfm_class, 'not_applicable') as rfm_class,
        patterns.frequency_definition as rfm_frequency_definition,
        patterns.monetary_definition as rfm_monetary_definition,
        patterns.version as rfm_version,
        least(
            patterns.recency_cut_points_as_of,
            patterns.frequency_cut_points_as_of,
            patterns.monetary_cut_points_as_of
        ) as rfm_cut_points_as_of
    from {{ ref('int_customer__spine') }} as spine
    left join patterns
        on spine.customer_id = patterns.customer_id
    left join {{ ref('rfm_classes') }} as classes
        on patterns.pattern = classes.rfm_pattern
)

select * from rfm
