-- How safe the customer is to lend to: 信用等级, 五级分类, 预警.

with

-- The thresholds in force, as one row.
thresholds as (
    select
        {{ threshold('credit_level', 'excellent_from') }} as excellent_from,
        {{ threshold('credit_level', 'good_from') }} as good_from,
        {{ threshold('credit_level', 'fair_from') }} as fair_from,
        {{ threshold('has_low_credit_score', 'credit_score_below') }} as low_score_below,
        {{ threshold('has_high_limit_utilisation', 'utilisation_from') }} as utilisation_from,
        {{ threshold('has_multiple_lender_inquiries', 'inquiry_count_from') }} as inquiry_count_from,
        {{ threshold('has_high_debt_burden', 'debt_to_income_from') }} as debt_to_income_from,
        {{ threshold('is_bureau_report_outdated', 'report_age_days_from') }} as report_age_days_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- The customer's class is that of his worst exposure, whether loan or card, each graded on its own scale: 孰低.
classes as (
    select
        customer_id,
        case
            when 'loss' in (loan_risk_class_worst, card_risk_class_worst) then 'loss'
            when 'doubtful' in (loan_risk_class_worst, card_risk_class_worst) then 'doubtful'
            when 'substandard' in (loan_risk_class_worst, card_risk_class_worst) then 'substandard'
            when 'special_mention' in (loan_risk_class_worst, card_risk_class_worst) then 'special_mention'
            when 'normal' in (loan_risk_class_worst, card_risk_class_worst) then 'normal'
        end as customer_risk_class
    from {{ ref('fact_tags__credit') }}
),

-- Single signs. The bank's own record of arrears is known of every core customer; the bureau adds to it where asked.
signs as (
    select
        facts.customer_id,
        facts.active_loan_count is not null as is_core_customer,
        facts.bureau_credit_score,
        facts.has_written_off_loan,
        classes.customer_risk_class,
        classes.customer_risk_class = 'special_mention' as is_special_mention_customer,
        classes.customer_risk_class in ('substandard', 'doubtful', 'loss') as is_non_performing_customer,
        facts.bureau_credit_score < thresholds.low_score_below as has_low_credit_score,
        facts.credit_limit_utilisation >= thresholds.utilisation_from as has_high_limit_utilisation,
        facts.bureau_inquiry_count >= thresholds.inquiry_count_from as has_multiple_lender_inquiries,
        facts.bureau_report_age_days >= thresholds.report_age_days_from as is_bureau_report_outdated,
        facts.loan_outstanding_amount + coalesce(facts.external_debt_amount, 0)
        >= demographics.annual_income_amount * thresholds.debt_to_income_from as has_high_debt_burden,
        case
            when facts.active_loan_count is not null
                then coalesce(facts.loan_days_past_due_max, 0) > 0 or coalesce(facts.card_days_past_due_max, 0) > 0
        end as is_currently_overdue,
        case
            when facts.active_loan_count is not null
                then
                    coalesce(facts.loan_days_past_due_max, 0) > 0
                    or coalesce(facts.card_days_past_due_max, 0) > 0
                    or facts.loan_overdue_count_365d > 0
                    or facts.has_written_off_loan
                    or coalesce(facts.bureau_overdue_count, 0) > 0
        end as has_overdue_record
    from {{ ref('fact_tags__credit') }} as facts
    left join classes
        on facts.customer_id = classes.customer_id
    left join {{ ref('fact_tags__demographics') }} as demographics
        on facts.customer_id = demographics.customer_id
    cross join thresholds
),

credit as (
    select
        spine.customer_id,
        spine.as_of_date,
        signs.customer_risk_class,
        signs.is_special_mention_customer,
        signs.is_non_performing_customer,
        signs.is_currently_overdue,
        signs.has_overdue_record,
        signs.has_low_credit_score,
        signs.has_high_limit_utilisation,
        signs.has_multiple_lender_inquiries,
        signs.has_high_debt_burden,
        signs.is_bureau_report_outdated,

        -- 信用等级: by the bureau's score; bad debt here is 差 whatever the score says, 关注 at best 中.
        case
            when signs.is_non_performing_customer or signs.has_written_off_loan then 'poor'
            when signs.bureau_credit_score < thresholds.fair_from then 'poor'
            when signs.is_special_mention_customer or signs.bureau_credit_score < thresholds.good_from then 'fair'
            when signs.bureau_credit_score < thresholds.excellent_from then 'good'
            when signs.bureau_credit_score >= thresholds.excellent_from then 'excellent'
        end as credit_level,

        -- 信贷预警: red is bad debt, orange is 关注 or a low score with arrears on record, yellow is a single sign of strain.
        case
            when signs.is_non_performing_customer or signs.has_written_off_loan then 'red'
            when signs.is_special_mention_customer then 'orange'
            when signs.has_low_credit_score and signs.has_overdue_record then 'orange'
            when
                signs.is_currently_overdue
                or signs.has_high_limit_utilisation
                or signs.has_multiple_lender_inquiries
                or signs.has_high_debt_burden then 'yellow'
            when signs.is_core_customer then 'none'
        end as credit_warning_level
    from {{ ref('int_customer__spine') }} as spine
    left join signs
        on spine.customer_id = signs.customer_id
    cross join thresholds
)

select * from credit
