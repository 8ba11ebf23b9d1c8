-- How late each loan is on the date: one row per loan. An instalment is overdue from the day after its due date for as
-- long as any part of it is unpaid; the oldest such instalment says how many days the loan is past due.
with

-- Instalments that have fallen due, with the part still unpaid.
due_instalments as (
    select
        loan_id,
        due_date,
        greatest(due_amount - paid_amount, 0) as unpaid_amount,
        paid_date
    from {{ ref('stg_lending__repayments') }}
    where due_date < {{ as_of_date() }}
),

overdue as (
    select
        loan_id,
        min(case when unpaid_amount > 0 then due_date end) as oldest_unpaid_due_date,
        sum(unpaid_amount) as overdue_amount,
        count(case
            when {{ in_last_days('due_date', 365) }} and (unpaid_amount > 0 or paid_date > due_date) then 1
        end) as overdue_count_365d
    from due_instalments
    group by loan_id
),

arrears as (
    select
        loans.loan_id,
        identities.customer_id,
        loans.loan_type,
        loans.status,
        loans.outstanding_principal,
        cast(
            coalesce({{ dbt.datediff('overdue.oldest_unpaid_due_date', as_of_date(), 'day') }}, 0) as int
        ) as days_past_due,
        cast(coalesce(overdue.overdue_amount, 0) as decimal(18, 2)) as overdue_amount,
        coalesce(overdue.overdue_count_365d, 0) as overdue_count_365d
    from {{ ref('stg_lending__loans') }} as loans
    inner join {{ ref('int_customer__identity') }} as identities
        on
            loans.customer_id = identities.source_key
            and identities.source_system = 'core'
    left join overdue
        on loans.loan_id = overdue.loan_id
)

select * from arrears
