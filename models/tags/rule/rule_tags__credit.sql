-- How safe the customer is to lend to: 信用等级 (DECISIONS 32), 五级分类, 预警.

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

-- What is known of each customer's debt: the own loans and cards if the arrears of every one are, and the bureau's word
-- if reports are delivered. Who has no report owes others nothing that the bank knows of.
facts as (
    select
        credit_tags.*,
        products.is_credit_card_holder,
        demographics.annual_income_amount,
        case
            when credit_tags.loan_days_past_due_max is not null then true
            else credit_tags.active_loan_count = 0 and not credit_tags.has_written_off_loan
        end as knows_loans,
        case
            when credit_tags.card_days_past_due_max is not null then true
            else not products.is_credit_card_holder
        end as knows_cards,
        case
            when credit_tags.bureau_report_age_days is not null then credit_tags.bureau_overdue_count > 0
            when {{ is_covered(['bureau.credit_reports']) }} then false
        end as has_overdue_report,
        case
            when credit_tags.bureau_report_age_days is not null then credit_tags.external_debt_amount
            when {{ is_covered(['bureau.credit_reports']) }} then cast(0 as decimal(28, 2))
        end as external_debt_known,
        {{ is_covered(['lending.limits', 'bureau.credit_reports']) }} as covers_signs
    from {{ ref('fact_tags__credit') }} as credit_tags
    left join {{ ref('fact_tags__products') }} as products
        on credit_tags.customer_id = products.customer_id
    left join {{ ref('fact_tags__demographics') }} as demographics
        on credit_tags.customer_id = demographics.customer_id
    left join {{ ref('int_source__covered_from') }} as covered on true
),

-- The customer's class is that of their worst exposure, whether loan or card, each graded on its own scale: 孰低. A bad
-- class stands whatever the others are; 正常 is the worst only where all are known.
classes as (
    select
        customer_id,
        coalesce(knows_loans and knows_cards, false) as knows_exposures,
        case
            when 'loss' in (loan_risk_class_worst, card_risk_class_worst) then 'loss'
            when 'doubtful' in (loan_risk_class_worst, card_risk_class_worst) then 'doubtful'
            when 'substandard' in (loan_risk_class_worst, card_risk_class_worst) then 'substandard'
            when 'special_mention' in (loan_risk_class_worst, card_risk_class_worst) then 'special_mention'
            when
                'normal' in (loan_risk_class_worst, card_risk_class_worst)
                and knows_loans
                and knows_cards then 'normal'
        end as customer_risk_class
    from facts
),

-- Single signs, each true where it is seen and false where all that it rests on is known. A class worse than 正常 is
-- overdue, whatever is not known beside it.
own_signs as (
    select
        facts.customer_id,
        classes.knows_exposures,
        classes.customer_risk_class,
        case
            when classes.knows_exposures or classes.customer_risk_class <> 'special_mention'
                then classes.customer_risk_class = 'special_mention'
        end as is_special_mention_customer,
        case
            when classes.customer_risk_class in ({{ non_performing_classes() }}) then true
            when classes.knows_exposures and classes.customer_risk_class is not null then false
        end as is_non_performing_customer,
        case
            when
                facts.loan_days_past_due_max > 0
                or facts.card_days_past_due_max > 0
                or (facts.loan_risk_class_worst <> 'normal' and not facts.has_written_off_loan)
                or facts.card_risk_class_worst <> 'normal' then true
            when classes.knows_exposures then false
        end as is_currently_overdue
    from facts
    left join classes
        on facts.customer_id = classes.customer_id
),

-- All debt where both parts of it are known, and what is seen of it: both, or the one that is known.
debts as (
    select
        customer_id,
        loan_outstanding_amount + external_debt_known as debt_known,
        coalesce(
            loan_outstanding_amount + external_debt_known, loan_outstanding_amount, external_debt_amount
        ) as debt_seen
    from facts
),

-- Who owes nothing bears no burden, whatever the income.
signs as (
    select
        facts.customer_id,
        own_signs.knows_exposures,
        own_signs.knows_exposures and facts.covers_signs as knows_signs,
        facts.bureau_credit_score,
        facts.has_written_off_loan,
        own_signs.customer_risk_class,
        own_signs.is_special_mention_customer,
        own_signs.is_non_performing_customer,
        own_signs.is_currently_overdue,
        own_signs.is_currently_overdue
        or facts.loan_overdue_count_365d > 0
        or facts.has_written_off_loan
        or facts.has_overdue_report as has_overdue_record,
        facts.bureau_credit_score < thresholds.low_score_below as has_low_credit_score,
        facts.credit_limit_utilisation >= thresholds.utilisation_from as has_high_limit_utilisation,
        facts.bureau_inquiry_count >= thresholds.inquiry_count_from as has_multiple_lender_inquiries,
        facts.bureau_report_age_days >= thresholds.report_age_days_from as is_bureau_report_outdated,
        case
            when
                debts.debt_seen > 0
                and debts.debt_seen >= facts.annual_income_amount * thresholds.debt_to_income_from then true
            when
                debts.debt_known < facts.annual_income_amount * thresholds.debt_to_income_from
                or (debts.debt_known = 0 and facts.annual_income_amount = 0) then false
        end as has_high_debt_burden
    from facts
    left join own_signs
        on facts.customer_id = own_signs.customer_id
    left join debts
        on facts.customer_id = debts.customer_id
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

        -- 信用等级: by the bureau's score; bad debt here is 差 whatever the score says, 关注 at best 中. Better than 差 is said
        -- only of whom no bad debt can be hidden.
        case
            when signs.is_non_performing_customer or signs.has_written_off_loan then 'poor'
            when signs.bureau_credit_score < thresholds.fair_from then 'poor'
            when not signs.knows_exposures then null
            when
                signs.customer_risk_class = 'special_mention'
                or signs.bureau_credit_score < thresholds.good_from then 'fair'
            when signs.bureau_credit_score < thresholds.excellent_from then 'good'
            when signs.bureau_credit_score >= thresholds.excellent_from then 'excellent'
        end as credit_level,

        -- 信贷预警: red is bad debt, orange is 关注 or a low score with arrears on record, yellow is a single sign of strain.
        -- A sign that is seen stands: the warning is at least as high. None is said only where loans and cards, limits
        -- and reports are known.
        case
            when signs.is_non_performing_customer or signs.has_written_off_loan then 'red'
            when signs.customer_risk_class = 'special_mention' then 'orange'
            when signs.has_low_credit_score and signs.has_overdue_record then 'orange'
            when
                signs.is_currently_overdue
                or signs.has_high_limit_utilisation
                or signs.has_multiple_lender_inquiries
                or signs.has_high_debt_burden then 'yellow'
            when signs.knows_signs then 'none'
        end as credit_warning_level
    from {{ ref('int_customer__spine') }} as spine
    left join signs
        on spine.customer_id = signs.customer_id
    cross join thresholds
)

select * from credit
