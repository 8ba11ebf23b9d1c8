-- A loan as it was known on each day that its balance changed: when granted, and after each repayment (k_symbol UVER).
-- The status column says how the loan ended years later (A to D), which nobody knew then: it is not used.
with repaid as (
    select
        loan.loan_id,
        trans.date,
        sum(cast(trans.amount as decimal(18, 2))) as amount
    from loan
    inner join trans_whole_bank_1993_1994q1 as trans
        on loan.account_id = trans.account_id and trans.k_symbol = 'UVER' and trans.date > loan.date
    where trans.date <= date '1994-03-30'
    group by loan.loan_id, trans.date
),

versions as (
    select
        loan_id,
        date as dt,
        cast(0 as decimal(18, 2)) as repaid
    from loan
    union all
    select
        loan_id,
        date as dt,
        sum(amount) over (partition by loan_id order by date) as repaid
    from repaid
)

select
    'loan-' || loan.loan_id as loan_id,
    'client-' || disp.client_id as customer_id,
    'loan' as product_id,
    'CONSUMER' as loan_type,
    cast(loan.amount as decimal(18, 2)) as principal,
    cast(greatest(loan.amount - versions.repaid, 0) as decimal(18, 2)) as outstanding_principal,
    cast(null as double) as annual_rate,
    loan.date as granted_date,
    cast(loan.date + to_months(cast(loan.duration as integer)) as date) as maturity_date,
    case when versions.repaid < loan.amount then 'ACTIVE' else 'SETTLED' end as status,
    versions.dt + interval 26 hour as loaded_at,
    versions.dt
from versions
inner join loan on versions.loan_id = loan.loan_id
inner join disp on loan.account_id = disp.account_id and disp.type = 'OWNER'
