-- What a customer seems to need next: goals they named, and what they look at, apply for, or lack.

{% set is_no_goal = 'case when ' ~ is_covered(['crm.contacts', 'crm.risk_assessments']) ~ ' then false end' %}

with

-- The thresholds in force as one row. Amounts that have none for the base currency are null, and so are their tags.
thresholds as (
    select
        {{ threshold('has_retirement_planning_need', 'age_from') }} as planning_age_from,
        {{ threshold('has_retirement_planning_need', 'age_below') }} as planning_age_below,
        {{ threshold('has_education_funding_need', 'education_spending_from') }} as education_spending_from,
        {{ threshold('has_home_purchase_need', 'loan_page_view_count_from') }} as home_views_from,
        {{ threshold('has_consumer_credit_need', 'loan_application_count_from') }} as application_count_from,
        {{ threshold('has_consumer_credit_need', 'loan_page_view_count_from') }} as credit_views_from,
        {{ threshold('has_insurance_gap', 'age_below') }} as insurance_age_below,
        {{ threshold('has_unmet_wealth_interest', 'wealth_page_view_count_from') }} as wealth_views_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- The facts that the rules judge, of customers and prospects; to whom nothing is offered is asked no more. Who was
-- never asked for their goal named none, where assessments are delivered at all.
facts as (
    select
        demographics.customer_id,
        demographics.age_years,
        demographics.marital_status,
        demographics.has_home,
        social.has_child,
        coalesce(suitability.investment_goal = 'retirement', {{ is_no_goal }}) as names_retirement,
        coalesce(suitability.investment_goal = 'education', {{ is_no_goal }}) as names_education,
        coalesce(suitability.investment_goal = 'housing', {{ is_no_goal }}) as names_housing,
        products.has_insurance,
        products.wealth_purchase_count_90d,
        consumption.education_spending_amount_90d,
        transaction_tags.pension_count_90d,
        digital.loan_page_view_count_30d,
        digital.wealth_page_view_count_30d,
        digital.loan_application_started_count_90d
    from {{ ref('fact_tags__demographics') }} as demographics
    left join {{ ref('fact_tags__social') }} as social
        on demographics.customer_id = social.customer_id
    left join {{ ref('fact_tags__suitability') }} as suitability
        on demographics.customer_id = suitability.customer_id
    left join {{ ref('fact_tags__products') }} as products
        on demographics.customer_id = products.customer_id
    left join {{ ref('fact_tags__consumption') }} as consumption
        on demographics.customer_id = consumption.customer_id
    left join {{ ref('fact_tags__transactions') }} as transaction_tags
        on demographics.customer_id = transaction_tags.customer_id
    left join {{ ref('fact_tags__digital') }} as digital
        on demographics.customer_id = digital.customer_id
    left join {{ ref('int_source__covered_from') }} as covered on true
    where demographics.is_open_to_offers
),

needs as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- 养老规划: named as the goal, or of the age to plan for it and not yet on a pension.
        facts.names_retirement
        or (
            facts.age_years >= thresholds.planning_age_from
            and facts.age_years < thresholds.planning_age_below
            and facts.pension_count_90d = 0
        ) as has_retirement_planning_need,

        -- 教育金: named as the goal, or a parent who spends on education.
        facts.names_education
        or (
            facts.has_child
            and facts.education_spending_amount_90d >= thresholds.education_spending_from
        ) as has_education_funding_need,

        -- 购房: named as the goal, or without a home and looking at loans.
        facts.names_housing
        or (
            not facts.has_home
            and facts.loan_page_view_count_30d >= thresholds.home_views_from
        ) as has_home_purchase_need,

        -- 消费信贷: applied for a loan, or looks at loans, in the mobile bank.
        facts.loan_application_started_count_90d >= thresholds.application_count_from
        or facts.loan_page_view_count_30d >= thresholds.credit_views_from as has_consumer_credit_need,

        -- 保障缺口: a family to protect, at an age at which it depends on them, and no insurance here.
        (facts.has_child or facts.marital_status = 'married')
        and facts.age_years < thresholds.insurance_age_below
        and not facts.has_insurance as has_insurance_gap,

        -- 理财意向未成交: looks at wealth products and has bought none lately.
        facts.wealth_page_view_count_30d >= thresholds.wealth_views_from
        and facts.wealth_purchase_count_90d = 0 as has_unmet_wealth_interest
    from {{ ref('int_customer__spine') }} as spine
    left join facts
        on spine.customer_id = facts.customer_id
    cross join thresholds
)

select * from needs
