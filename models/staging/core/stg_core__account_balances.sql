select
    account_id,
    balance_date,
    balance,
    loaded_at,
    dt
from {{ source('core', 'account_balances') }}
where dt <= {{ as_of_date() }}
