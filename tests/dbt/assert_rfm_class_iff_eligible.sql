{{ printed_rows(columns=['rfm_eligibility', 'rfm_class', 'problem', 'remedy']) }}

-- An eligible customer has six scores and a class, and only an eligible customer has any of them.
select
    measures.customer_id,
    measures.rfm_eligibility,
    rfm.rfm_class,
    'an eligible customer without six scores and a class, or another with any' as problem,
    'build both of one date: dbt build -s segment__rfm_measures+' as remedy
from {{ ref('segment__rfm_measures') }} as measures
inner join {{ ref('segment__rfm') }} as rfm
    on measures.customer_id = rfm.customer_id
where
    (measures.rfm_eligibility = 'eligible') <> (rfm.rfm_class <> 'not_applicable')
    or case when measures.rfm_eligibility = 'eligible' then 6 else 0 end <> (
        case when rfm.rfm_recency_score between 1 and 5 then 1 else 0 end
        + case when rfm.rfm_frequency_score between 1 and 5 then 1 else 0 end
        + case when rfm.rfm_monetary_score between 1 and 5 then 1 else 0 end
        + case when rfm.rfm_recency_band_score between 1 and 5 then 1 else 0 end
        + case when rfm.rfm_frequency_band_score between 1 and 5 then 1 else 0 end
        + case when rfm.rfm_monetary_band_score between 1 and 5 then 1 else 0 end
    )
