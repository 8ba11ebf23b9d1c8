-- The customer at a glance, for analysts and relationship managers: who, how much, how active, which tier and class,
-- and who looks after. Names instead of codes where a seed has them; every tag stands in customer_tags.

with

-- Chinese names of the tiers in force.
tiers as (
    {{ tiers_in_force() }}
),

customer_360 as (
    select
        -- who
        tags.customer_id,
        profiles.name_masked,
        profiles.mobile_masked,
        tags.relationship_status,
        tags.tenure_days,
        tags.gender,
        tags.age_years,
        tags.city,
        occupations.name_zh as occupation_name,
        tags.household_size,

        -- who looks after
        service_team.branch_name,
        service_team.manager_id,
        service_team.manager_name_masked,

        -- tier
        tiers.name_zh as aum_tier_name,
        spot_tiers.name_zh as aum_tier_spot_name,
        service_tiers.name_zh as service_tier_name,
        tags.service_tier_since_date,
        tags.service_tier_downgrade_due_date,
        tags.service_tier_entitlements,
        tags.aum_to_next_tier,
        tags.aum_above_tier_floor,

        -- life cycle
        strategies.name_zh as lifecycle_stage_name,
        strategies.objective_zh as lifecycle_objective,

        -- assets, products, value
        tags.aum_month_avg,
        tags.aum_spot,
        tags.aum_change_30d,
        tags.aum_deposit_spot,
        tags.aum_wealth_spot,
        tags.aum_fund_spot,
        tags.aum_insurance_spot,
        tags.loan_outstanding_amount,
        tags.product_category_count,
        tags.is_single_product,
        tags.is_credit_card_holder,
        tags.profit_contribution_365d,

        -- activity
        classes.name_zh as rfm_class_name,
        tags.rfm_pattern,
        tags.activity_recency_days,
        tags.activity_monthly_avg_365d,
        tags.transfer_count_30d,
        tags.app_login_count_7d,
        tags.card_spending_amount_90d,

        -- risk and service
        risk_levels.name_zh as risk_level_name,
        tags.is_risk_assessment_valid,
        tags.loan_days_past_due_max,
        tags.card_days_past_due_max,
        tags.nps_score,
        tags.open_complaint_count,
        tags.has_marketing_consent,
        tags.as_of_date
    from {{ ref('customer_tags') }} as tags
    inner join {{ ref('int_customer__profile') }} as profiles
        on tags.customer_id = profiles.customer_id
    inner join {{ ref('int_customer__service_team') }} as service_team
        on tags.customer_id = service_team.customer_id
    left join tiers
        on tags.aum_tier = tiers.tier
    left join tiers as spot_tiers
        on tags.aum_tier_spot = spot_tiers.tier
    left join tiers as service_tiers
        on tags.service_tier = service_tiers.tier
    left join {{ ref('lifecycle_strategies') }} as strategies
        on tags.lifecycle_stage = strategies.stage
    left join {{ ref('rfm_classes') }} as classes
        on tags.rfm_class = classes.rfm_class
    left join {{ ref('occupations') }} as occupations
        on tags.occupation = occupations.occupation
    left join {{ ref('risk_levels') }} as risk_levels
        on tags.risk_level = risk_levels.risk_level
)

select * from customer_360
