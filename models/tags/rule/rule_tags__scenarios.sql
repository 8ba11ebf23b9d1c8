-- Which customers the scenarios of document S1 aim at: its four 应用场景, its 精准营销流程 and its worked example.

with

-- The thresholds in force as one row. Amounts that have none for the base currency are null, and so are their tags.
thresholds as (
    select
        {{ threshold('is_new_card_target', 'age_from') }} as card_age_from,
        {{ threshold('is_new_card_target', 'age_to') }} as card_age_to,
        {{ threshold('is_high_net_worth_wealth_target', 'aum_month_avg_from') }} as high_net_worth_from,
        {{ threshold('is_cross_sell_target', 'product_category_count_from') }} as product_count_from,
        {{ threshold('is_wealth_promotion_target', 'aum_month_avg_from') }} as promotion_aum_from,
        {{ threshold('is_card_instalment_target', 'card_purchase_count_from') }} as purchase_count_from,
        {{ threshold('is_graduate_overseas_shopper', 'loan_application_count_from') }} as application_count_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- The facts that the rules judge, of customers and prospects; former customers are no target.
facts as (
    select
        demographics.customer_id,
        demographics.relationship_status,
        demographics.is_open_to_offers,
        demographics.age_years,
        demographics.occupation,
        occupation_groups.is_working,
        aum.aum_month_avg,
        products.is_credit_card_holder,
        products.product_category_count,
        products.wealth_purchase_count_90d,
        consumption.card_purchase_count_90d,
        digital.loan_application_started_count_90d,
        activity.transaction_activity_level,
        activity.is_frequent_transactor_90d,
        credit.has_low_credit_score,
        credit.has_overdue_record,
        customer_groups.is_recent_graduate,
        preferences.has_travel_preference_90d,
        preferences.has_cross_border_online_preference_365d
    from {{ ref('fact_tags__demographics') }} as demographics
    left join {{ ref('occupation_groups') }} as occupation_groups
        on
            demographics.occupation = occupation_groups.occupation
            and {{ in_force('occupation_groups', by_currency=false) }}
    left join {{ ref('fact_tags__aum') }} as aum
        on demographics.customer_id = aum.customer_id
    left join {{ ref('fact_tags__products') }} as products
        on demographics.customer_id = products.customer_id
    left join {{ ref('fact_tags__consumption') }} as consumption
        on demographics.customer_id = consumption.customer_id
    left join {{ ref('fact_tags__digital') }} as digital
        on demographics.customer_id = digital.customer_id
    left join {{ ref('rule_tags__activity') }} as activity
        on demographics.customer_id = activity.customer_id
    left join {{ ref('rule_tags__credit') }} as credit
        on demographics.customer_id = credit.customer_id
    left join {{ ref('rule_tags__groups') }} as customer_groups
        on demographics.customer_id = customer_groups.customer_id
    left join {{ ref('rule_tags__preferences') }} as preferences
        on demographics.customer_id = preferences.customer_id
    where demographics.relationship_status <> 'closed'
),

-- To whom nothing is offered is a target of the warning of credit risk only.
offered as (
    select *
    from facts
    where is_open_to_offers
),

scenarios as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- 新客户开卡: 年龄18-25, 学生或职场新人, without a credit card of the bank yet; a prospect has none.
        offered.age_years >= thresholds.card_age_from
        and offered.age_years <= thresholds.card_age_to
        and (offered.occupation = 'student' or offered.is_working)
        and (offered.relationship_status = 'prospect' or not offered.is_credit_card_holder) as is_new_card_target,

        -- 高净值客户理财: 资产≥100万元, 活跃交易. The amount is S1's, not S0's 50万 (DECISIONS 28).
        offered.aum_month_avg >= thresholds.high_net_worth_from
        and offered.transaction_activity_level = 'active' as is_high_net_worth_wealth_target,

        -- 信贷风险预警: 信用评分低, 逾期记录.
        facts.has_low_credit_score and facts.has_overdue_record as is_credit_warning_target,

        -- 交叉销售: 多产品持有, 活跃度高.
        offered.product_category_count >= thresholds.product_count_from
        and offered.transaction_activity_level = 'active' as is_cross_sell_target,

        -- 客群筛选: 资产≥30万且近三月交易频繁.
        offered.aum_month_avg >= thresholds.promotion_aum_from
        and offered.is_frequent_transactor_90d as is_wealth_promotion_target,

        -- 需求洞察: 消费频次高, 偏好旅游类, with a credit card to pay in instalments.
        offered.is_credit_card_holder
        and offered.card_purchase_count_90d >= thresholds.purchase_count_from
        and offered.has_travel_preference_90d as is_card_instalment_target,

        -- 个性化推荐: 近三月无理财产品购买.
        offered.wealth_purchase_count_90d = 0 as has_no_wealth_purchase_90d,

        -- 刚毕业两年、喜欢海淘、最近申请过消费贷款: 免息分期+境外返现卡.
        offered.is_recent_graduate
        and offered.has_cross_border_online_preference_365d
        and offered.loan_application_started_count_90d >= thresholds.application_count_from
            as is_graduate_overseas_shopper
    from {{ ref('int_customer__spine') }} as spine
    left join facts
        on spine.customer_id = facts.customer_id
    left join offered
        on spine.customer_id = offered.customer_id
    cross join thresholds
)

select * from scenarios
