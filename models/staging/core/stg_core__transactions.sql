select
    transaction_id,
    account_id,
    transaction_date,
    transaction_at,
    direction,
    amount,
    transaction_type,
    channel,
    {{ keyed_hash('counterparty_account') }} as counterparty_account_hash,
    counterparty_bank,
    loaded_at,
    dt
from {{ source('core', 'transactions') }}
where dt <= {{ as_of_date() }}
