-- RFM of each eligible customer by both methods, side by side: by the bands of policy, and by fifths of the customers
-- (DECISIONS 8).

with

-- Which of the methods decides the class.
parameters as (
    select scoring_method
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}
),

-- The scores of segment__rfm, one row a method.
scored as (
    select
        customer_id,
        'bands' as scoring_method,
        rfm_recency_band_score as recency_score,
        rfm_frequency_band_score as frequency_score,
        rfm_monetary_band_score as monetary_score
    from {{ ref('segment__rfm') }}
    where rfm_class <> 'not_applicable'

    union all

    select
        customer_id,
        'quintile' as scoring_method,
        rfm_recency_score as recency_score,
        rfm_frequency_score as frequency_score,
        rfm_monetary_score as monetary_score
    from {{ ref('segment__rfm') }}
    where rfm_class <> 'not_applicable'
),

-- Which scores are high, by method and axis.
cut_points as (
    select
        scoring_method,
        axis,
        score,
        is_high,
        computed_as_of
    from {{ ref('segment__rfm_cut_points') }}
    where is_in_force
),

-- High and low of R, F and M as three digits: 111 is high in all, 011 has not been active of late.
patterns as (
    select
        scored.*,
        scored.scoring_method = parameters.scoring_method as is_deciding,
        case when recency.is_high then '1' else '0' end
        || case when frequency.is_high then '1' else '0' end
        || case when monetary.is_high then '1' else '0' end as pattern,
        least(recency.computed_as_of, frequency.computed_as_of, monetary.computed_as_of) as cut_points_as_of
    from scored
    cross join parameters
    {% for axis in ['recency', 'frequency', 'monetary'] -%}
        left join cut_points as {{ axis }}
            on
                scored.scoring_method = {{ axis }}.scoring_method
                and {{ axis }}.axis = '{{ axis }}'
                and scored.{{ axis }}_score = {{ axis }}.score
    {% endfor -%}
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
        patterns.cut_points_as_of
    from patterns
    left join {{ ref('rfm_classes') }} as classes
        on patterns.pattern = classes.rfm_pattern
)

select * from rfm_methods
