-- RFM of each eligible customer by both methods, side by side: by the bands of policy, and by fifths of the customers.

{% set measure_of = {'recency': 'rfm_recency_days', 'frequency': 'rfm_frequency', 'monetary': 'rfm_monetary'} -%}

with

-- Which of the methods decides the class.
parameters as (
    select scoring_method
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}
),

methods as (
    select 'bands' as scoring_method
    union all
    select 'quintile' as scoring_method
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

-- The band that each measure lies in, by each method.
scored as (
    select
        eligible.customer_id,
        methods.scoring_method,
        {% for axis in measure_of -%}
            {{ axis }}.score as {{ axis }}_score,
            {{ axis }}.is_high as is_{{ axis }}_high,
            {{ axis }}.computed_as_of as {{ axis }}_as_of,
        {% endfor -%}
        methods.scoring_method = parameters.scoring_method as is_deciding
    from eligible
    cross join methods
    cross join parameters
    {% for axis, measure in measure_of.items() -%}
        left join cut_points as {{ axis }}
            on
                methods.scoring_method = {{ axis }}.scoring_method
                and {{ axis }}.axis = '{{ axis }}'
                and {{ in_band('eligible.' ~ measure, axis ~ '.value_from', axis ~ '.value_to') }}
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

rfm_methods as (
    select
        patterns.customer_id,
        patterns.scoring_method,
        patterns.is_deciding,
        patterns.recency_score,
        patterns.frequency_score,
        patterns.monetary_score,
        patterns.pattern as rfm_pattern,
        classes.rfm_class,
        least(patterns.recency_as_of, patterns.frequency_as_of, patterns.monetary_as_of) as cut_points_as_of
    from patterns
    left join {{ ref('rfm_classes') }} as classes
        on patterns.pattern = classes.rfm_pattern
)

select * from rfm_methods
