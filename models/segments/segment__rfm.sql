-- RFM of each customer: scores from 1 to 5 by both methods, and the class that high and low of R, F and M name, by the
-- method that policy says decides.

with

parameters as (
    select
        frequency_definition,
        monetary_definition,
        version
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}
),

methods as (
    select *
    from {{ ref('segment__rfm_methods') }}
),

rfm as (
    select
        spine.customer_id,
        spine.as_of_date,
        quintiles.recency_score as rfm_recency_score,
        quintiles.frequency_score as rfm_frequency_score,
        quintiles.monetary_score as rfm_monetary_score,
        bands.recency_score as rfm_recency_band_score,
        bands.frequency_score as rfm_frequency_band_score,
        bands.monetary_score as rfm_monetary_band_score,
        deciding.rfm_pattern,
        coalesce(deciding.rfm_class, 'not_applicable') as rfm_class,
        case when deciding.customer_id is not null then parameters.frequency_definition end
            as rfm_frequency_definition,
        case when deciding.customer_id is not null then parameters.monetary_definition end as rfm_monetary_definition,
        case when deciding.customer_id is not null then parameters.version end as rfm_version,
        deciding.cut_points_as_of as rfm_cut_points_as_of
    from {{ ref('int_customer__spine') }} as spine
    left join parameters on true
    left join methods as quintiles
        on
            spine.customer_id = quintiles.customer_id
            and quintiles.scoring_method = 'quintile'
    left join methods as bands
        on
            spine.customer_id = bands.customer_id
            and bands.scoring_method = 'bands'
    left join methods as deciding
        on
            spine.customer_id = deciding.customer_id
            and deciding.is_deciding
)

select * from rfm
