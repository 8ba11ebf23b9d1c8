-- How late each loan is on the date: one row per loan. An instalment is overdue from the day after its due date for as
-- long as more of it is unpaid than the tolerance, and so is the principal that is left when the loan has matured,
-- though no instalment says so (DECISIONS 87). The oldest tells the days past due (DECISIONS 14). A loan whose
-- instalments are not on record from the first one on may be later than is seen: how late is unknown.
with

tolerance as (
    select max(case when item = 'loan' then unpaid_to end) as unpaid_to
    from {{ ref('arrears_tolerances') }}
    where {{ in_force() }}
),

schedules as (
    select
        loan_id,
        min(instalment_no) as first_instalment_no,
        max(due_date) as last_due_date,
        min(case when overdue_amount is not null then due_date end) as oldest_unpaid_due_date,
        max(case when overdue_amount is not null then due_date end) as newest_unpaid_due_date,
        sum(overdue_amount) as overdue_amount,
        count(case when overdue_amount is not null and {{ in_last_days('due_date', 365) }} then 1 end)
            as overdue_count_365d,
        count(case when was_late and {{ in_last_days('due_date', 365) }} then 1 end) as late_count_365d
    from {{ ref('int_loan__instalments') }}
    group by loan_id
),

-- All that is left of a loan is due when it matures, or with its last instalment where the plan goes on beyond.
loans as (
    select
        loans.loan_id,
        loans.customer_id as core_customer_id,
        loans.loan_type,
        loans.status,
        loans.outstanding_principal,
        loans.granted_date,
        loans.maturity_date,
        settlements.settled_date,
        tolerance.unpaid_to,
        case when loans.maturity_date is not null then greatest(loans.maturity_date, schedules.last_due_date) end
            as due_in_full_date,
        coalesce(schedules.last_due_date >= loans.maturity_date, false) as has_instalment_at_maturity,
        coalesce(schedules.newest_unpaid_due_date >= loans.maturity_date, false) as has_overdue_instalment_at_maturity,
        schedules.first_instalment_no,
        schedules.oldest_unpaid_due_date,
        coalesce(schedules.overdue_amount, 0) as overdue_instalments,
        coalesce(schedules.overdue_count_365d, 0) as overdue_count_365d,
        coalesce(schedules.late_count_365d, 0) as late_count_365d
    from {{ ref('stg_lending__loans') }} as loans
    left join schedules
        on loans.loan_id = schedules.loan_id
    left join {{ ref('int_loan__settlements') }} as settlements
        on loans.loan_id = settlements.loan_id
    cross join tolerance
),

-- The principal that is left after that day, and whether it was so of a loan that is settled now.
matured as (
    select
        *,
        case
            when due_in_full_date < {{ as_of_date() }} and status <> 'SETTLED' and outstanding_principal > unpaid_to
                then cast(outstanding_principal as decimal(28, 2))
        end as overdue_principal,
        status = 'SETTLED' and settled_date > due_in_full_date as was_settled_late
    from loans
),

-- Unpaid instalments and the principal that is left tell of the same debt: the larger of the two is known to be
-- overdue. As a time overdue the principal counts beside the instalments, unless one that is due on the day, or all
-- that are overdue together, tell of it.
sums as (
    select
        *,
        greatest(overdue_instalments, overdue_principal) as unpaid_amount,
        least(oldest_unpaid_due_date, case when overdue_principal is not null then due_in_full_date end)
            as oldest_due_date,
        case
            when not {{ in_last_days('due_in_full_date', 365) }} then 0
            when overdue_principal > overdue_instalments and not has_overdue_instalment_at_maturity then 1
            when was_settled_late and not has_instalment_at_maturity then 1
            else 0
        end as principal_count_365d
    from matured
),

-- What the record shows, and whether it is the whole of it: from the granting of the loan on, or from the first
-- instalment on. A loan whose maturity is known and of which no instalment was delivered has no plan, and is due then;
-- one that is past it with principal left is at least so late, whatever else is not on record.
-- Of the last year the record is whole, too, where it reaches back over it, and where the loan ended before it. Who
-- owes no more than the tolerance of a loan is not overdue.
seen_loans as (
    select
        sums.loan_id,
        identities.customer_id,
        sums.loan_type,
        sums.status,
        sums.outstanding_principal,
        case
            when sums.unpaid_amount > sums.unpaid_to
                then {{ days_since('sums.oldest_due_date') }}
            else 0
        end as days_past_due_seen,
        case when sums.unpaid_amount > sums.unpaid_to then sums.unpaid_amount else 0 end as overdue_amount_seen,
        sums.late_count_365d
        + case when sums.unpaid_amount > sums.unpaid_to then sums.overdue_count_365d else 0 end
        + sums.principal_count_365d as overdue_count_seen,
        coalesce(
            sums.first_instalment_no <= 1
            or (
                sums.first_instalment_no is not null
                and covered.lending__repayments <= coalesce(sums.granted_date, cast('0001-01-01' as date))
            )
            or (sums.first_instalment_no is null and sums.overdue_principal is not null)
            or (
                sums.first_instalment_no is null
                and covered.lending__repayments <= case
                    when least(sums.maturity_date, sums.settled_date) <= {{ as_of_date() }}
                        then least(sums.maturity_date, sums.settled_date)
                    when sums.maturity_date is not null then sums.granted_date
                end
            ),
            false
        ) as is_known,
        coalesce(
            (
                sums.first_instalment_no is not null
                and covered.lending__repayments <= greatest(sums.granted_date, {{ days_ago(364) }})
            )
            or (
                sums.status = 'SETTLED'
                and coalesce(sums.settled_date, sums.maturity_date) < {{ days_ago(364) }}
            ),
            false
        ) as is_year_known
    from sums
    inner join {{ ref('int_customer__identity') }} as identities
        on
            sums.core_customer_id = identities.source_key
            and identities.source_system = 'core'
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
