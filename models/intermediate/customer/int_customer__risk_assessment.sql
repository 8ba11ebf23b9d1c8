-- The investor risk assessment that stands for each person: the latest one made, expired or not.
with

-- An assessment without an end is valid for the regulator's term.
assessments as (
    select
        identities.customer_id,
        assessments.assessment_id,
        assessments.assessed_date,
        coalesce(
            assessments.valid_to,
            cast(
                assessments.assessed_date + interval '{{ var("risk_assessment_validity_months") }}' month
                - interval '1' day as date
            )
        ) as valid_to,
        assessments.risk_level,
        assessments.investment_goal
    from {{ ref('stg_crm__risk_assessments') }} as assessments
    inner join {{ ref('int_customer__identity') }} as identities
        on
            assessments.contact_id = identities.source_key
            and identities.source_system = 'crm'
    where assessments.assessed_date <= {{ as_of_date() }}
),

-- Two on one day: the higher key, which the system gave later.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by assessed_date desc, assessment_id desc
        ) as recency_rank
    from assessments
),

latest as (
    select
        customer_id,
        assessment_id,
        assessed_date,
        valid_to,
        risk_level,
        investment_goal
    from ranked
    where recency_rank = 1
)

select * from latest
