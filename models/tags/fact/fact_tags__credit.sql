-- What the customer owes, how late they are, and what the bureau says: 风险.
with

-- What the debt rests on: loans, with their instalments where it is asked how late they are.
customers as (
    select
        spine.*,
        {{ is_covered(['lending.loans']) }} as covers_loans,
        {{ is_covered(['lending.loans', 'lending.repayments']) }} as covers_arrears,
        {{ is_covered(['lending.limits']) }} as covers_limits
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
),

-- Sums over the customer's loans. Of arrears they are known if those of every loan are.
loans as (
    select
        customer_id,
        count(case when status = 'ACTIVE' then 1 end) as active_count,
        count(case when status = 'WRITTEN_OFF' then 1 end) as written_off_count,
        sum(case when status = 'ACTIVE' then outstanding_principal end) as outstanding_amount,
        sum(case when status = 'ACTIVE' and loan_type = 'MORTGAGE' then outstanding_principal end) as mortgage_amount,
        sum(case when status = 'ACTIVE' and loan_type = 'CONSUMER' then outstanding_principal end) as consumer_amount,
        sum(case when status = 'ACTIVE' and loan_type = 'BUSINESS' then outstanding_principal end) as business_amount,
        sum(case when status = 'ACTIVE' and loan_type = 'AUTO' then outstanding_principal end) as auto_amount,
        sum(case when status = 'ACTIVE' and loan_type = 'AGRICULTURE' then outstanding_principal end)
            as agriculture_amount,
        sum(case when status <> 'SETTLED' then overdue_amount end) as overdue_amount,
        sum(overdue_count_365d) as overdue_count_365d,
        count(case when status <> 'SETTLED' and overdue_amount is null then 1 end) as unknown_amount_count,
        count(case when overdue_count_365d is null then 1 end) as unknown_count_count
    from {{ ref('int_loan__arrears') }}
    group by customer_id
),

-- The worst class of a customer's loans, and their longest arrears: an exposure less late never hides one more late.
-- Nor does one that is known hide an unknown one: the longest arrears are known if all are, and 正常 is the worst only
-- if every class is known; a class that is worse stands.
loan_classes as (
    select
        customer_id,
        case
            when count(*) = count(severity) or max(case when risk_class <> 'normal' then 1 end) = 1 then max(severity)
        end as severity,
        case when count(*) = count(days_past_due) then max(days_past_due) end as days_past_due
    from {{ ref('int_loan__risk_classes') }}
    group by customer_id
),

-- The same of their cards, which rest on no source of loans.
card_classes as (
    select
        customer_id,
        case
            when count(*) = count(severity) or max(case when risk_class <> 'normal' then 1 end) = 1 then max(severity)
        end as severity,
        case when count(*) = count(days_past_due) then max(days_past_due) end as days_past_due
    from {{ ref('int_card__risk_classes') }}
    group by customer_id
),

class_names as (
    select distinct
        scale,
        severity,
        risk_class
    from {{ ref('risk_class_scales') }}
),

-- Limits in force on the date.
limits as (
    select
        customer_id,
        sum(granted_amount) as granted_amount,
        sum(used_amount) as used_amount
    from {{ ref('int_limits__by_customer') }}
    where is_in_force
    group by customer_id
),

-- The latest bureau report of each customer; two of one day: the higher key.
ranked_reports as (
    select
        *,
        row_number() over (partition by customer_id order by reported_date desc, report_id desc) as recency_rank
    from {{ ref('int_credit_reports__by_customer') }}
),

credit as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- Debt at the bank.
        {{ measured('loans.active_count', 'bigint', 'spine.covers_loans') }} as active_loan_count,
        {{ measured('loans.outstanding_amount', covers='spine.covers_loans') }} as loan_outstanding_amount,
        {{ measured('loans.mortgage_amount', covers='spine.covers_loans') }} as mortgage_outstanding_amount,
        {{ measured('loans.consumer_amount', covers='spine.covers_loans') }} as consumer_loan_outstanding_amount,
        {{ measured('loans.business_amount', covers='spine.covers_loans') }} as business_loan_outstanding_amount,
        {{ measured('loans.auto_amount', covers='spine.covers_loans') }} as auto_loan_outstanding_amount,
        {{ measured('loans.agriculture_amount', covers='spine.covers_loans') }} as agriculture_loan_outstanding_amount,
        {{ measured('limits.granted_amount', covers='spine.covers_limits') }} as credit_limit_amount,
        {{ measured('limits.used_amount', covers='spine.covers_limits') }} as credit_limit_used_amount,
        cast(limits.used_amount as double) / nullif(limits.granted_amount, 0) as credit_limit_utilisation,

        -- Arrears and asset quality.
        loan_classes.days_past_due as loan_days_past_due_max,
        card_classes.days_past_due as card_days_past_due_max,
        case
            when coalesce(loans.unknown_amount_count, 0) = 0
                then {{ measured('loans.overdue_amount', covers='spine.covers_arrears') }}
        end as loan_overdue_amount,
        case
            when coalesce(loans.unknown_count_count, 0) = 0
                then {{ measured('loans.overdue_count_365d', 'bigint', 'spine.covers_arrears') }}
        end as loan_overdue_count_365d,
        loan_class_names.risk_class as loan_risk_class_worst,
        card_class_names.risk_class as card_risk_class_worst,
        case when spine.is_core_customer and spine.covers_loans then coalesce(loans.written_off_count, 0) > 0 end
            as has_written_off_loan,

        -- The bureau's view.
        reports.credit_score as bureau_credit_score,
        {{ days_since('reports.reported_date') }}
            as bureau_report_age_days,
        reports.inquiry_count_6m as bureau_inquiry_count,
        reports.overdue_count_24m as bureau_overdue_count,
        cast(reports.external_debt as decimal(28, 2)) as external_debt_amount
    from customers as spine
    left join loans
        on spine.customer_id = loans.customer_id
    left join loan_classes
        on spine.customer_id = loan_classes.customer_id
    left join class_names as loan_class_names
        on
            loan_classes.severity = loan_class_names.severity
            and loan_class_names.scale = 'loan'
    left join card_classes
        on spine.customer_id = card_classes.customer_id
    left join class_names as card_class_names
        on
            card_classes.severity = card_class_names.severity
            and card_class_names.scale = 'card'
    left join limits
        on spine.customer_id = limits.customer_id
    left join ranked_reports as reports
        on
            spine.customer_id = reports.customer_id
            and reports.recency_rank = 1
)

select * from credit
