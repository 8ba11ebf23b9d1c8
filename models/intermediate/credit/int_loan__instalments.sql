-- What each instalment still lacks, and whether it was late: one row an instalment. What lies within the tolerance of
-- seed arrears_tolerances is nothing: an instalment that lacks no more is paid, today and on each day before.
{% set is_tolerated = 'versions.due_amount - versions.paid_amount <= doubtful.unpaid_to' %}

with

tolerance as (
    select max(case when item = 'instalment' then unpaid_to end) as unpaid_to
    from {{ ref('arrears_tolerances') }}
    where {{ in_force() }}
),

-- The difference of two amounts may need a digit more than each.
instalments as (
    select
        repayments.loan_id,
        repayments.instalment_no,
        repayments.due_date,
        repayments.paid_date,
        repayments.due_date < {{ as_of_date() }} as is_due,
        cast(repayments.due_amount as decimal(28, 2)) - cast(repayments.paid_amount as decimal(28, 2)) as unpaid_amount,
        tolerance.unpaid_to
    from {{ ref('stg_lending__repayments') }} as repayments
    cross join tolerance
),

-- Instalments that were paid late, or of which a rest within the tolerance is left: the batches say whether more was
-- missing after the due date, and whether what was paid last was such a rest. They are few, so that few versions are
-- read.
doubtful as (
    select
        loan_id,
        instalment_no,
        due_date,
        paid_date,
        unpaid_to
    from instalments
    where
        is_due
        and unpaid_amount <= unpaid_to
        and (paid_date > due_date or (paid_date is null and unpaid_amount > 0))
),

told as (
    select
        doubtful.loan_id,
        doubtful.instalment_no,
        max(case when versions.dt < doubtful.paid_date and {{ is_tolerated }} then 1 else 0 end) = 1
            as was_rest_paid_last,
        max(case when versions.dt > doubtful.due_date and not ({{ is_tolerated }}) then 1 else 0 end) = 1
            as was_short_after
    from doubtful
    inner join {{ ref('base_lending__repayments') }} as versions
        on
            doubtful.loan_id = versions.loan_id
            and doubtful.instalment_no = versions.instalment_no
    where versions.fault is null
    group by doubtful.loan_id, doubtful.instalment_no
),

-- The last trace of each loan's life where the day of its settlement is not known.
last_payments as (
    select
        loan_id,
        max(paid_date) as paid_date
    from instalments
    group by loan_id
),

-- A settled loan owes nothing, and what its plan says for the day of the settlement and later was never due.
judged as (
    select
        instalments.loan_id,
        instalments.instalment_no,
        instalments.due_date,
        instalments.is_due
        and (
            loans.status <> 'SETTLED'
            or instalments.due_date < coalesce(settlements.settled_date, last_payments.paid_date)
        ) as was_due,
        loans.status = 'SETTLED' as is_settled,
        instalments.unpaid_amount,
        instalments.unpaid_amount > instalments.unpaid_to as is_short,
        instalments.paid_date > instalments.due_date as is_paid_late,
        coalesce(told.was_rest_paid_last, false) as was_rest_paid_last,
        coalesce(told.was_short_after, false) as was_short_after
    from instalments
    inner join {{ ref('stg_lending__loans') }} as loans
        on instalments.loan_id = loans.loan_id
    left join {{ ref('int_loan__settlements') }} as settlements
        on instalments.loan_id = settlements.loan_id
    left join last_payments
        on instalments.loan_id = last_payments.loan_id
    left join told
        on
            instalments.loan_id = told.loan_id
            and instalments.instalment_no = told.instalment_no
),

loan_instalments as (
    select
        loan_id,
        instalment_no,
        due_date,
        case when was_due and is_short and not is_settled then unpaid_amount end as overdue_amount,
        coalesce(
            was_due
            and case
                when is_short then is_settled
                else was_short_after or (is_paid_late and not was_rest_paid_last)
            end,
            false
        ) as was_late
    from judged
)

select * from loan_instalments
