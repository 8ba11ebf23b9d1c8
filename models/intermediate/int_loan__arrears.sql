-- How late each loan is on the date: one row per loan. An instalment is overdue from the day after its due date for as
-- long as any part of it is unpaid; the oldest such instalment says how many days the loan is past due. A loan whose
-- instalments are not on record from the first one on may be later than is seen: how late is unknown.
with

-- Instalments with the part of those that have fallen due that is still unpaid. The difference of two amounts may need
-- a digit more than each.
instalments as (
    select
        loan_id,
        instalment_no,
        due_date,
        case
            when due_date < {{ as_of_date() }}
                then greatest(cast(due_amount as decimal(28, 2)) - cast(paid_amount as decimal(28, 2)), 0)
        end as unpaid_amount,
        case when due_date < {{ as_of_date() }} then paid_date end as paid_date
    from {{ ref('stg_lending__repayments') }}
),

schedules as (
    select
        loan_id,
        min(instalment_no) as first_instalment_no,
        min(case when unpaid_amount > 0 then due_date end) as oldest_unpaid_due_date,
        sum(unpaid_amount) as overdue_amount,
        count(case
            when
                due_date < {{ as_of_date() }}
                and {{ in_last_days('due_date', 365) }}
                and (unpaid_amount > 0 or paid_date > due_date) then 1
        end) as overdue_count_365d
    from instalments
    group by loan_id
),

-- What the record shows, and whether it is the whole of it: from the granting of the loan on, or from the first
-- instalment on. Of the last year it is whole, too, where it reaches back over it, and where the loan ended before it.
seen_loans as (
    select
        loans.loan_id,
        identities.customer_id,
        loans.loan_type,
        loans.status,
        loans.outstanding_principal,
        cast(
            coalesce({{ dbt.datediff('schedules.oldest_unpaid_due_date', as_of_date(), 'day') }}, 0) as int
        ) as days_past_due_seen,
        coalesce(schedules.overdue_amount, 0) as overdue_amount_seen,
        coalesce(schedules.overdue_count_365d, 0) as overdue_count_seen,
        coalesce(
            schedules.first_instalment_no <= 1
            or (
                schedules.first_instalment_no is not null
                and covered.lending__repayments <= coalesce(loans.granted_date, cast('0001-01-01' as date))
            ),
            false
        ) as is_known,
        coalesce(
            (
                schedules.first_instalment_no is not null
                and covered.lending__repayments <= greatest(loans.granted_date, {{ days_ago(364) }})
            )
            or (loans.status = 'SETTLED' and loans.maturity_date < {{ days_ago(364) }}),
            false
        ) as is_year_known
    from {{ ref('stg_lending__loans') }} as loans
    inner join {{ ref('int_customer__identity') }} as identities
        on
            loans.customer_id = identities.source_key
            and identities.source_system = 'core'
    left join schedules
        on loans.loan_id = schedules.loan_id
    left join {{ ref('int_source__covered_from') }} as covered on true
),

arrears as (
    select
        loan_id,
        customer_id,
        loan_type,
        status,
        outstanding_principal,
        case when is_known then days_past_due_seen end as days_past_due,
        days_past_due_seen,
        case when is_known then cast(overdue_amount_seen as decimal(28, 2)) end as overdue_amount,
        case when is_known or is_year_known then overdue_count_seen end as overdue_count_365d
    from seen_loans
)

select * from arrears
