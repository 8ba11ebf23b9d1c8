-- The accounts of each customer on the business date: how many are open, the first ever opened, and the next time
-- deposit to fall due. An account counts as closed from its closing date on, or when its number is another's; one whose
-- opening is unknown is open till then.

with

accounts as (
    select
        account_id,
        customer_id,
        opened_date,
        maturity_date,
        status,
        valid_to > {{ as_of_date() }} as is_owned,
        (closed_date is null or closed_date > {{ as_of_date() }}) and valid_to > {{ as_of_date() }} as is_open
    from {{ ref('int_accounts__owners') }}
    where coalesce(opened_date <= {{ as_of_date() }}, true)
),

-- What matures after the business date, by day; what matures on the day itself is due already.
maturities as (
    select
        accounts.customer_id,
        accounts.maturity_date,
        sum(intervals.balance) as balance
    from accounts
    inner join {{ ref('int_aum__intervals') }} as intervals
        on accounts.account_id = intervals.unit_key
    where
        accounts.is_owned
        and intervals.product_category = 'TIME_DEPOSIT'
        and intervals.valid_to > {{ as_of_date() }}
        and accounts.maturity_date > {{ as_of_date() }}
    group by accounts.customer_id, accounts.maturity_date
),

next_maturities as (
    select
        customer_id,
        min(maturity_date) as next_maturity_date
    from maturities
    group by customer_id
),

account_counts as (
    select
        customer_id,
        count(case when is_open then 1 end) as open_account_count,
        count(case when is_open and status = 'FROZEN' then 1 end) as frozen_account_count,
        count(case when is_open and status = 'DORMANT' then 1 end) as dormant_account_count,
        min(opened_date) as first_opened_date
    from accounts
    group by customer_id
),

customers as (
    select
        account_counts.customer_id,
        account_counts.open_account_count,
        account_counts.frozen_account_count,
        account_counts.dormant_account_count,
        account_counts.first_opened_date,
        maturities.maturity_date as next_maturity_date,
        maturities.balance as next_maturity_amount
    from account_counts
    left join next_maturities
        on account_counts.customer_id = next_maturities.customer_id
    left join maturities
        on
            next_maturities.customer_id = maturities.customer_id
            and next_maturities.next_maturity_date = maturities.maturity_date
)

select * from customers
