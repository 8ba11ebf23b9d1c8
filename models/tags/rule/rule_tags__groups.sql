-- The customer groups that the documents name (客群), each with the definition that they leave open. A customer may be in
-- several. Prospects are judged on what is known of them; former customers are in no group.

with

-- The thresholds in force as one row. Amounts that have none for the base currency are null, and so are their tags.
thresholds as (
    select
        {{ threshold('is_payroll_customer', 'salary_count_from') }} as salary_count_from,
        {{ threshold('is_silver_customer', 'age_from') }} as silver_age_from,
        {{ threshold('is_young_customer', 'age_from') }} as young_age_from,
        {{ threshold('is_young_customer', 'age_to') }} as young_age_to,
        {{ threshold('is_middle_class_customer', 'annual_income_from') }} as middle_income_from,
        {{ threshold('is_middle_class_customer', 'annual_income_to') }} as middle_income_to,
        {{ threshold('is_parent_child_customer', 'age_to') }} as parent_age_to,
        {{ threshold('is_parent_child_customer', 'child_spending_from') }} as child_spending_from,
        {{ threshold('is_pension_customer', 'pension_count_from') }} as pension_count_from,
        {{ threshold('is_wealth_management_customer', 'investment_month_avg_from') }} as investment_from,
        {{ threshold('is_active_credit_card_customer', 'purchase_count_from') }} as purchase_count_from,
        {{ threshold('is_white_collar_customer', 'age_from') }} as white_collar_age_from,
        {{ threshold('is_white_collar_customer', 'age_to') }} as white_collar_age_to,
        {{ threshold('is_happy_retiree_customer', 'age_to') }} as retiree_age_to,
        {{ threshold('is_recent_graduate', 'college_age') }} as college_age,
        {{ threshold('is_recent_graduate', 'bachelor_age') }} as bachelor_age,
        {{ threshold('is_recent_graduate', 'postgraduate_age') }} as postgraduate_age,
        {{ threshold('is_recent_graduate', 'years_to') }} as graduate_years_to
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- The facts that the rules judge, of customers and prospects.
facts as (
    select
        demographics.customer_id,
        demographics.age_years,
        demographics.occupation,
        demographics.education_level,
        demographics.annual_income_amount,
        occupation_groups.is_white_collar,
        occupation_groups.is_farming,
        occupation_groups.is_retired,
        transaction_tags.salary_count_90d,
        transaction_tags.pension_count_90d,
        consumption.child_spending_amount_90d,
        consumption.card_purchase_count_90d,
        social.has_child,
        aum.aum_investment_month_avg,
        products.is_credit_card_holder,
        credit.agriculture_loan_outstanding_amount,
        pyramid.aum_tier,
        activity.transaction_activity_level
    from {{ ref('fact_tags__demographics') }} as demographics
    left join {{ ref('occupation_groups') }} as occupation_groups
        on
            demographics.occupation = occupation_groups.occupation
            and {{ in_force('occupation_groups', by_currency=false) }}
    left join {{ ref('fact_tags__transactions') }} as transaction_tags
        on demographics.customer_id = transaction_tags.customer_id
    left join {{ ref('fact_tags__consumption') }} as consumption
        on demographics.customer_id = consumption.customer_id
    left join {{ ref('fact_tags__social') }} as social
        on demographics.customer_id = social.customer_id
    left join {{ ref('fact_tags__aum') }} as aum
        on demographics.customer_id = aum.customer_id
    left join {{ ref('fact_tags__products') }} as products
        on demographics.customer_id = products.customer_id
    left join {{ ref('fact_tags__credit') }} as credit
        on demographics.customer_id = credit.customer_id
    left join {{ ref('segment__pyramid') }} as pyramid
        on demographics.customer_id = pyramid.customer_id
    left join {{ ref('rule_tags__activity') }} as activity
        on demographics.customer_id = activity.customer_id
    where demographics.relationship_status <> 'closed'
),

customer_groups as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- 代发: salary comes here regularly.
        facts.salary_count_90d >= thresholds.salary_count_from as is_payroll_customer,

        -- 银发: of the age at which the law speaks of the elderly.
        facts.age_years >= thresholds.silver_age_from as is_silver_customer,

        -- 年轻客户: of full age, and young.
        facts.age_years >= thresholds.young_age_from
        and facts.age_years <= thresholds.young_age_to as is_young_customer,

        -- 中产: an income in the middle band of the statistics office.
        facts.annual_income_amount >= thresholds.middle_income_from
        and facts.annual_income_amount <= thresholds.middle_income_to as is_middle_class_customer,

        -- 亲子: a child is known and the parent is not old, or money is spent as parents spend it.
        (facts.has_child and facts.age_years <= thresholds.parent_age_to)
        or facts.child_spending_amount_90d >= thresholds.child_spending_from as is_parent_child_customer,

        -- 养老金: a pension comes here.
        facts.pension_count_90d >= thresholds.pension_count_from as is_pension_customer,

        -- 私行: the highest tier of the pyramid.
        facts.aum_tier = 'private_banking' as is_private_banking_customer,

        -- 财富管理: keeps more than a trial sum in investments, whatever the tier.
        facts.aum_investment_month_avg >= thresholds.investment_from as is_wealth_management_customer,

        -- 信用卡: holds one and pays by card.
        facts.is_credit_card_holder
        and facts.card_purchase_count_90d >= thresholds.purchase_count_from as is_active_credit_card_customer,

        -- 三农: lives off the land, or owes an agricultural loan.
        facts.is_farming or facts.agriculture_loan_outstanding_amount > 0 as is_rural_customer,

        -- 白领: works at a desk, at a working age.
        facts.is_white_collar
        and facts.age_years >= thresholds.white_collar_age_from
        and facts.age_years <= thresholds.white_collar_age_to as is_white_collar_customer,

        -- 乐退: retired or on a pension, not too old to enjoy it, and active.
        (facts.is_retired or facts.pension_count_90d >= thresholds.pension_count_from)
        and facts.age_years <= thresholds.retiree_age_to
        and facts.transaction_activity_level = 'active' as is_happy_retiree_customer,

        -- 刚毕业两年: no longer a student, and of the age at which graduates of that degree begin to work.
        case
            when facts.occupation = 'student' then false
            when facts.education_level = 'college'
                then facts.age_years - thresholds.college_age between 0 and thresholds.graduate_years_to
            when facts.education_level = 'bachelor'
                then facts.age_years - thresholds.bachelor_age between 0 and thresholds.graduate_years_to
            when facts.education_level = 'postgraduate'
                then facts.age_years - thresholds.postgraduate_age between 0 and thresholds.graduate_years_to
            when facts.education_level is not null then false
        end as is_recent_graduate
    from {{ ref('int_customer__spine') }} as spine
    left join facts
        on spine.customer_id = facts.customer_id
    cross join thresholds
)

select * from customer_groups
