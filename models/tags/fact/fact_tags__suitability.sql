-- What risk the customer may and wants to take, by their latest assessment. An expired one keeps its level and loses
-- validity.
with

suitability as (
    select
        spine.customer_id,
        spine.as_of_date,
        risk_levels.risk_level,
        risk_levels.risk_appetite,
        case
            when assessments.investment_goal in ('RETIREMENT', 'EDUCATION', 'HOUSING', 'GROWTH', 'PRESERVATION')
                then lower(assessments.investment_goal)
        end as investment_goal,
        assessments.assessed_date as risk_assessed_date,
        assessments.valid_to as risk_assessment_valid_to_date,
        -{{ days_since('assessments.valid_to') }} as risk_assessment_days_to_expiry,
        spine.as_of_date <= assessments.valid_to as is_risk_assessment_valid
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_customer__risk_assessment') }} as assessments
        on spine.customer_id = assessments.customer_id
    left join {{ ref('risk_levels') }} as risk_levels
        on assessments.risk_level = risk_levels.risk_level
)

select * from suitability
