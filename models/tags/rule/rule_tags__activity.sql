-- How active a customer is, by which measure: 活跃度. Each measure of the documents has a tag and a name of its own
-- (DECISIONS 29).

with

-- The thresholds in force, as one row.
thresholds as (
    select
        {{ threshold('app_login_activity_7d', 'active_days_below') }} as login_days_below,
        {{ threshold('transaction_activity_level', 'active_days_below') }} as active_days_below,
        {{ threshold('transaction_activity_level', 'ordinary_days_below') }} as ordinary_days_below,
        {{ threshold('is_frequent_transactor_90d', 'transaction_count_from') }} as frequent_count_from,
        {{ threshold('is_dormant_customer', 'inactive_days_from') }} as dormant_days_from,
        {{ threshold('has_declining_transactions', 'earlier_count_from') }} as earlier_count_from,
        {{ threshold('has_declining_transactions', 'remaining_share_to') }} as remaining_share_to,
        {{ threshold('channel_usage_type', 'digital_share_from') }} as digital_share_from,
        {{ threshold('channel_usage_type', 'counter_share_from') }} as counter_share_from,
        {{ threshold('is_lapsed_app_user', 'login_days_from') }} as lapsed_days_from,
        {{ threshold('has_salary_stopped', 'salary_days_from') }} as salary_days_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- The facts that the rules judge, of today's customers: who left or never came is not silent.
facts as (
    select
        demographics.customer_id,
        demographics.tenure_days,
        transaction_tags.activity_count_365d,
        transaction_tags.activity_recency_days,
        transaction_tags.transaction_count_30d,
        transaction_tags.transaction_count_90d,
        transaction_tags.transaction_count_90d - transaction_tags.transaction_count_30d
            as transaction_count_earlier_60d,
        transaction_tags.digital_transaction_share_90d,
        transaction_tags.counter_transaction_share_90d,
        {{ days_since('transaction_tags.salary_last_date') }} as salary_recency_days,
        digital.has_app,
        digital.app_login_count_90d,
        digital.app_login_recency_days,
        digital.loan_application_started_count_90d,
        digital.loan_application_submitted_count_90d,
        digital.card_application_started_count_90d,
        digital.card_application_submitted_count_90d
    from {{ ref('fact_tags__demographics') }} as demographics
    left join {{ ref('fact_tags__transactions') }} as transaction_tags
        on demographics.customer_id = transaction_tags.customer_id
    left join {{ ref('fact_tags__digital') }} as digital
        on demographics.customer_id = digital.customer_id
    where demographics.relationship_status = 'active'
),

activity as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- 近7天有登录APP ? 活跃 : 沉默 (S0).
        case
            when facts.app_login_recency_days < thresholds.login_days_below then 'active'
            when facts.app_login_recency_days >= thresholds.login_days_below then 'silent'
            when facts.app_login_count_90d = 0 and thresholds.login_days_below is not null then 'silent'
        end as app_login_activity_7d,

        -- 30天内活跃、90天内活跃 (S0): 活跃, 一般, else 沉默; who was not active in a whole year on record is silent too.
        case
            when facts.activity_recency_days < thresholds.active_days_below then 'active'
            when facts.activity_recency_days < thresholds.ordinary_days_below then 'ordinary'
            when facts.activity_recency_days >= thresholds.ordinary_days_below then 'silent'
            when facts.activity_count_365d = 0 and thresholds.ordinary_days_below is not null then 'silent'
        end as transaction_activity_level,

        -- 近三月交易频繁 (S1).
        facts.transaction_count_90d >= thresholds.frequent_count_from as is_frequent_transactor_90d,

        -- 睡眠客户: long with the bank and as long without activity; a new customer is not dormant. No activity on record
        -- says so only where the record is a whole year.
        facts.tenure_days >= thresholds.dormant_days_from
        and (
            facts.activity_recency_days >= thresholds.dormant_days_from
            or (facts.activity_recency_days is null and facts.activity_count_365d = 0)
        ) as is_dormant_customer,

        -- 交易下降: the last 30 days against the monthly pace of the 60 days before, where that was a pace.
        facts.transaction_count_earlier_60d >= thresholds.earlier_count_from
        and facts.transaction_count_30d <= facts.transaction_count_earlier_60d / 2.0 * thresholds.remaining_share_to
            as has_declining_transactions,

        -- 渠道类型: mostly digital, else much at the counter, else both.
        case
            when facts.digital_transaction_share_90d >= thresholds.digital_share_from then 'digital'
            when facts.counter_transaction_share_90d >= thresholds.counter_share_from then 'counter'
            when
                facts.digital_transaction_share_90d < thresholds.digital_share_from
                and facts.counter_transaction_share_90d < thresholds.counter_share_from then 'mixed'
        end as channel_usage_type,

        -- 手机银行流失: has the app and has not logged in for long.
        facts.has_app
        and (
            facts.app_login_recency_days >= thresholds.lapsed_days_from
            or (facts.app_login_recency_days is null and facts.app_login_count_90d = 0)
        ) as is_lapsed_app_user,

        -- 代发中断: salary came within the year, and its next day is long past.
        case
            when facts.activity_count_365d is null then null
            when facts.salary_recency_days is null then false
            else facts.salary_recency_days >= thresholds.salary_days_from
        end as has_salary_stopped,

        -- 贷款申请中断: more applications started than submitted.
        facts.loan_application_started_count_90d > facts.loan_application_submitted_count_90d
            as has_abandoned_loan_application_90d,

        -- 信用卡申请中断: more applications started than submitted.
        facts.card_application_started_count_90d > facts.card_application_submitted_count_90d
            as has_abandoned_card_application_90d
    from {{ ref('int_customer__spine') }} as spine
    left join facts
        on spine.customer_id = facts.customer_id
    cross join thresholds
)

select * from activity
