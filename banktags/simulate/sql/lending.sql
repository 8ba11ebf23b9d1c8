-- Loans, their instalments and credit limits. Loan size follows assets, so that lending profit spreads over the tiers as deposit
-- profit does. About one borrower in sixteen is overdue (one in thirty of the wealthier), with days past due from a few days to more than a year.

create table loan as
with borrower as (
    select
        n, tier, assets, opened_date, b,
        case
            when tier <= 2 then pick(['MORTGAGE', 'BUSINESS', 'BUSINESS', 'CONSUMER'], n, 'loan type')
            when tier <= 4 then pick(['MORTGAGE', 'CONSUMER', 'CONSUMER', 'BUSINESS', 'AUTO'], n, 'loan type')
            when occupation_code = '05' then 'AGRICULTURE'
            else pick(['CONSUMER', 'CONSUMER', 'CONSUMER', 'AUTO', 'BUSINESS'], n, 'loan type')
        end as loan_type
    from person
    where
        stage in ('mature', 'growing', 'declining', 'joiner') and n >= 2 and not is_second and single_product is null
        and age between 21 and 66 and assets > 30000 and u(n, 'borrows') < case tier when 5 then 0.14 else 0.16 end
),
termed as (
    select
        *,
        case loan_type when 'MORTGAGE' then 240 when 'AUTO' then 36 else pick([12, 24, 36], n, 'loan term') end as term,
        greatest(300000, cast(round(assets * (0.4 + 0.9 * u(n, 'loan size')), -5) as bigint)) as principal_cents,
        1 + u_int(n, 'due day', 28) as due_day,
        round(case loan_type when 'MORTGAGE' then 0.035 when 'AUTO' then 0.045 when 'BUSINESS' then 0.042 when 'AGRICULTURE' then 0.04 else 0.06 end + 0.01 * u(n, 'loan rate'), 4) as annual_rate,
        case when u(n, 'overdue') < case when tier <= 3 then 0.03 else 0.06 end then pick([2, 3, 5, 7, 7, 8, 12, 20, 35, 45, 60, 75, 88, 90, 91, 120, 200, 269, 271, 300, 365, 420], n, 'overdue days') end as overdue_days
    from borrower
),
-- Interest each month and the principal at the end: of these the end has come, and the principal has not.
candidate as (
    select *, tier >= 3 and overdue_days is null and opened_date < date '{{ end }}' - 620 as may_mature
    from termed
),
marked as (
    select *, may_mature and row_number() over (partition by may_mature order by draw(n, 'matured unpaid'), n) <= greatest(2, cast({{ matured_unpaid_share }} * count(*) over () as bigint)) as is_matured_unpaid
    from candidate
),
granted as (
    select
        * replace (case when is_matured_unpaid then 12 else term end as term, case when is_matured_unpaid then 'BUSINESS' else loan_type end as loan_type),
        case
            when is_matured_unpaid then cast(date '{{ end }}' - pick([5, 20, 45, 80, 100, 150, 200], n, 'matured on') - to_months(12) as date)
            when u(n, 'new loan') < 0.18 * {{ years }} and greatest(date '{{ start }}', opened_date) + 20 < date '{{ end }}' - 5 and overdue_days is null
                then greatest(date '{{ start }}', opened_date) + 15 + cast(u_int(n, 'granted', date '{{ end }}' - 5 - greatest(date '{{ start }}', opened_date) - 15) as integer)
            when opened_date < date '{{ start }}' - 20
                then date '{{ start }}' - 1 - cast(u_int(n, 'granted', least(date '{{ start }}' - opened_date - 5, (term - least(term - 1, 10)) * 30 + 30)) as integer)
        end as granted_date
    from marked
)
select
    n, tier, b, is_matured_unpaid, loan_type, term, principal_cents, annual_rate, granted_date, overdue_days,
    'L' || cast(100000000 + n as varchar) as loan_id,
    'LN0' || case loan_type when 'MORTGAGE' then '1' when 'CONSUMER' then '2' when 'BUSINESS' then '3' when 'AUTO' then '4' else '5' end as product_id,
    case when is_matured_unpaid then granted_date + to_months(1) else date_trunc('month', granted_date) + to_months(1) + to_days(cast(due_day - 1 as integer)) end as first_due_at,
    case when is_matured_unpaid then 0 else cast(principal_cents // term as bigint) end as principal_part,
    -- Equal principal parts with simple interest on the whole, a flat instalment.
    cast(case when is_matured_unpaid then principal_cents * annual_rate / 12 else principal_cents // term + principal_cents * annual_rate / 12 * 0.55 end as bigint) as instalment_cents
from granted
where granted_date is not null
order by n;

create table instalment as
with scheduled as (
    select loan.n, loan.loan_id, loan.granted_date, loan.overdue_days, loan.instalment_cents, loan.principal_cents, loan.principal_part, loan.term,
        no.no, cast(loan.first_due_at + to_months(cast(no.no - 1 as integer)) as date) as due_date
    from loan
    cross join lateral (select unnest(range(1, loan.term + 1)) as no) as no
),
recent as (
    select * from scheduled where due_date between date '{{ start }}' - 450 and date '{{ end }}' + 20
),
-- The first unpaid instalment is the one whose due date comes nearest to the planned days past due; it is dated so exactly.
unpaid as (
    select n, min(no) as first_unpaid_no
    from recent
    where overdue_days is not null and due_date >= date '{{ end }}' - overdue_days
    group by n
)
select
    recent.* exclude (due_date),
    case when recent.no = unpaid.first_unpaid_no then date '{{ end }}' - recent.overdue_days else recent.due_date end as due_date,
    case
        when recent.no >= unpaid.first_unpaid_no then null
        when recent.due_date > date '{{ end }}' then null
        when u(recent.n * 1000 + recent.no, 'late payer') < 0.04 then recent.due_date + 1 + cast(u_int(recent.n * 1000 + recent.no, 'days late', 6) as integer)
        else recent.due_date
    end as paid_date,
    unpaid.first_unpaid_no
from recent
left join unpaid using (n)
order by recent.n, recent.no;

create temp view repayments as
with delivery as (
    -- Known unpaid from twenty days before it is due, and again when paid.
    select *, greatest(date '{{ start }}', granted_date, due_date - 20) as dt, paid_date <= greatest(date '{{ start }}', granted_date, due_date - 20) as is_paid
    from instalment
    union all
    select *, paid_date as dt, true as is_paid
    from instalment
    where paid_date > greatest(date '{{ start }}', granted_date, due_date - 20)
)
select
    loan_id,
    cast(no as integer) as instalment_no,
    due_date,
    yuan(instalment_cents) as due_amount,
    yuan(case when is_paid then instalment_cents else 0 end) as paid_amount,
    case when is_paid then paid_date end as paid_date,
    dt
from delivery
where dt <= date '{{ end }}' and (due_date < granted_date) is not true
order by dt, n, no;

create temp view loans as
with version as (
    select loan.*, greatest(date '{{ start }}', granted_date) as dt from loan
    union
    select loan.*, instalment.paid_date as dt
    from loan
    inner join instalment using (n)
    where instalment.paid_date between greatest(date '{{ start }}', loan.granted_date) + 1 and date '{{ end }}'
    union
    -- Written off after a year.
    select loan.*, date '{{ end }}' - loan.overdue_days + 360 as dt
    from loan
    where loan.overdue_days >= 365 and date '{{ end }}' - loan.overdue_days + 360 > date '{{ start }}'
),
repaid as (
    select version.n, version.dt,
        -- Instalments older than the schedule kept here were paid.
        max(case when instalment.paid_date <= version.dt then instalment.no end) as last_paid_no,
        min(instalment.no) - 1 as before_schedule
    from version
    left join instalment using (n)
    group by all
)
select
    version.loan_id,
    customer_key(version.n) as customer_id,
    version.product_id,
    version.loan_type,
    yuan(version.principal_cents) as principal,
    yuan(case when not version.is_matured_unpaid and coalesce(repaid.last_paid_no, repaid.before_schedule, 0) >= version.term then 0
        else version.principal_cents - version.principal_part * coalesce(repaid.last_paid_no, repaid.before_schedule, 0) end) as outstanding_principal,
    version.annual_rate,
    version.granted_date,
    cast(version.first_due_at + to_months(cast(version.term - 1 as integer)) as date) as maturity_date,
    case
        when not version.is_matured_unpaid and coalesce(repaid.last_paid_no, repaid.before_schedule, 0) >= version.term then 'SETTLED'
        when version.overdue_days >= 365 and version.dt >= date '{{ end }}' - version.overdue_days + 360 then 'WRITTEN_OFF'
        else 'ACTIVE'
    end as status,
    version.dt
from version
inner join repaid using (n, dt)
order by version.dt, version.n;

create table truth.matured_unpaid as
select loan_id, customer_key(n) as customer_id, cast(first_due_at + to_months(cast(term - 1 as integer)) as date) as maturity_date
from loan
where is_matured_unpaid;

create temp view limits as
select
    'Q' || cast(100000000 + n as varchar) || '1' as limit_id,
    customer_key(n) as customer_id,
    'CREDIT_CARD' as limit_type,
    yuan(limit_cents) as granted_amount,
    yuan(spend_cents) as used_amount,
    issued_date as valid_from,
    cast(null as date) as valid_to,
    greatest(date '{{ start }}', issued_date) as dt
from credit_card
union all
select
    'Q' || cast(100000000 + n as varchar) || '2',
    customer_key(n),
    case when loan_type = 'BUSINESS' then 'BUSINESS' else 'CONSUMER' end,
    yuan(principal_cents * 2),
    yuan(principal_cents),
    granted_date,
    cast(granted_date + to_years(3) as date),
    greatest(date '{{ start }}', granted_date)
from loan
where loan_type in ('BUSINESS', 'CONSUMER')
order by dt, limit_id;
