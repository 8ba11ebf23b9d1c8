-- The closing balance of a day is the cumulative signed flow since the account was opened. The balance beside a
-- transaction is of no use for it: trans_id is not in time order within a day.
with daily_flows as (
    select
        account_id,
        date,
        sum(cast(case when type = 'PRIJEM' then amount else -amount end as decimal(18, 2))) as flow
    from trans_whole_bank_1993_1994q1
    where date <= date '1994-03-30'
    group by account_id, date
)

select
    'account-' || account_id as account_id,
    date as balance_date,
    cast(sum(flow) over (partition by account_id order by date) as decimal(18, 2)) as balance,
    date + interval 26 hour as loaded_at,
    date as dt
from daily_flows
