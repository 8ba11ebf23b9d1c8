-- What the metrics are made of, once for all of them: a row a customer of the wide mart, with the tags that are
-- counted, the pace of the quarter and the loans whose class is known.

{{ config(materialized='view') }}

with

-- From how many activities a month on somebody is highly active: where F of RFM is high (DECISIONS 96).
frequency as (
    select min(case when is_high then value_from end) as high_from
    from {{ ref('rfm_bands') }}
    where
        axis = 'frequency'
        and measure = 'activity_monthly_avg_365d'
        and {{ in_force() }}
),

-- Answers of how many days make the NPS.
parameters as (
    select cast({{ parameter_value('nps_window_days') }} as int) as nps_window_days
    from {{ ref('campaign_parameters') }}
    where {{ in_force() }}
),

-- Which answers are those of promoters and of passives: as tag nps_category judges them.
thresholds as (
    select
        {{ threshold('nps_category', 'promoter_from') }} as promoter_from,
        {{ threshold('nps_category', 'passive_from') }} as passive_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- Activity of the calendar quarter that the business date lies in, up to that date.
quarter_activity as (
    select
        customer_id,
        count(*) as activity_count
    from {{ ref('int_transactions__customer') }}
    where
        is_activity
        and transaction_date >= {{ first_day_of('quarter') }}
        and transaction_date <= {{ as_of_date() }}
        and dt >= {{ first_day_of('quarter') }}
    group by customer_id
),

-- Whether the postings cover the quarter, or the customer's time with the bank where that is shorter.
customers as (
    select
        spine.customer_id,
        greatest(spine.opened_date, {{ first_day_of('quarter') }}) as counted_from,
        covered.core__accounts <= greatest(spine.opened_date, {{ first_day_of('quarter') }})
        and covered.core__transactions <= greatest(spine.opened_date, {{ first_day_of('quarter') }}) as covers_quarter
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
    where spine.is_core_customer
),

-- The quarter's pace a month. Less than a month counts as one, so that the first days of a quarter make nobody active.
quarter_paces as (
    select
        customers.customer_id,
        case
            when customers.covers_quarter
                then
                    coalesce(activity.activity_count, 0)
                    / greatest(
                        cast(1 as double), cast({{ days_since('customers.counted_from') }} + 1 as double) * 12 / 365
                    )
        end as activity_a_month
    from customers
    left join quarter_activity as activity
        on customers.customer_id = activity.customer_id
),

-- Principal outstanding of each customer's loans of which the class is known, and of those that perform no more.
-- What is written off is on nobody's books.
loans as (
    select
        arrears.customer_id,
        sum(arrears.outstanding_principal) as loan_amount,
        sum(
            case
                when classes.risk_class in ({{ non_performing_classes() }}) then arrears.outstanding_principal
                else 0
            end
        ) as npl_amount
    from {{ ref('int_loan__arrears') }} as arrears
    inner join {{ ref('int_loan__risk_classes') }} as classes
        on
            arrears.loan_id = classes.exposure_id
            and arrears.customer_id = classes.customer_id
    where
        arrears.status = 'ACTIVE'
        and arrears.outstanding_principal > 0
        and classes.risk_class is not null
    group by arrears.customer_id
),

int_metric__facts as (
    select
        tags.customer_id,
        tags.as_of_date,
        tags.relationship_status,
        tags.relationship_status = 'active' as is_active,
        tags.aum_tier,
        tags.lifecycle_stage,
        tags.branch_id,
        tags.transaction_activity_level,
        tags.app_login_activity_7d,
        tags.preferred_wealth_type,
        paces.activity_a_month,
        frequency.high_from,
        tags.aum_spot,
        tags.aum_month_avg,
        tags.aum_change_90d,
        tags.product_category_count,
        tags.is_non_performing_customer,
        loans.loan_amount,
        loans.npl_amount,
        case when tags.nps_recency_days < parameters.nps_window_days then tags.nps_score end as nps_score,
        thresholds.promoter_from,
        thresholds.passive_from
    from {{ ref('customer_tags') }} as tags
    cross join frequency
    cross join parameters
    cross join thresholds
    left join quarter_paces as paces
        on tags.customer_id = paces.customer_id
    left join loans
        on tags.customer_id = loans.customer_id
)

select * from int_metric__facts
