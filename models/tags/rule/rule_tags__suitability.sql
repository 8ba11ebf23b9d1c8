-- What a customer may be sold today, by their risk assessment and its validity: 投资者适当性.

with

-- The thresholds in force, as one row.
thresholds as (
    select {{ threshold('suitability_status', 'expiring_days_to') }} as expiring_days_to
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- How the assessment stands on the date. Who was never assessed is known to be so, where assessments are delivered:
-- that is a status, not an unknown. An assessment whose level is unknown says nothing. To whom nothing is offered there
-- is nothing to be suitable for, whatever assessment they left.
statuses as (
    select
        spine.customer_id,
        spine.as_of_date,
        assessments.risk_level,
        case
            when not demographics.is_open_to_offers then null
            when
                assessments.risk_level is null
                and assessments.risk_assessed_date is null
                and {{ is_covered(['crm.contacts', 'crm.risk_assessments']) }} then 'missing'
            when assessments.risk_level is null then null
            when not assessments.is_risk_assessment_valid then 'expired'
            when assessments.risk_assessment_days_to_expiry <= thresholds.expiring_days_to then 'expiring'
            when assessments.is_risk_assessment_valid then 'valid'
        end as suitability_status
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('fact_tags__suitability') }} as assessments
        on spine.customer_id = assessments.customer_id
    left join {{ ref('fact_tags__demographics') }} as demographics
        on spine.customer_id = demographics.customer_id
    left join {{ ref('int_source__covered_from') }} as covered on true
    cross join thresholds
),

suitability as (
    select
        statuses.customer_id,
        statuses.as_of_date,
        statuses.suitability_status,

        -- 可售产品最高风险等级: that of the risk level while the assessment is valid; without a valid one the
        -- lowest only, and nothing is said of whom nothing is known.
        case
            when statuses.suitability_status in ('valid', 'expiring') then risk_levels.max_product_rating
            when statuses.suitability_status in ('missing', 'expired') then 'R1'
        end as max_sellable_product_rating,

        -- 需重新测评: holds investments, and the assessment is missing, expired or about to expire.
        case
            when statuses.suitability_status = 'valid' then false
            when statuses.suitability_status is not null
                then
                    products.has_structured_deposit
                    or products.has_wealth_product
                    or products.has_fund
                    or products.has_insurance
                    or products.has_precious_metal
                    or products.has_trust
        end as is_risk_reassessment_due
    from statuses
    left join {{ ref('risk_levels') }} as risk_levels
        on statuses.risk_level = risk_levels.risk_level
    left join {{ ref('fact_tags__products') }} as products
        on statuses.customer_id = products.customer_id
)

select * from suitability
