-- The owner holds the account; a disponent may use it but owns nothing in it.
select
    'account-' || account.account_id as account_id,
    'client-' || disp.client_id as customer_id,
    'current-account' as product_id,
    'CZK' as currency,
    account.date as opened_date,
    cast(null as date) as closed_date,
    cast(null as date) as maturity_date,
    'ACTIVE' as status,
    'district-' || account.district_id as branch_id,
    account.date + interval 26 hour as loaded_at,
    account.date as dt
from account
inner join disp on account.account_id = disp.account_id and disp.type = 'OWNER'
