select
    transaction_id,
    account_id,
    transaction_date,
    transaction_at,
    direction,
    amount,
    transaction_type,
    channel,
    counterparty_account_hash,
    counterparty_bank,
    reverses_transaction_id,
    loaded_at,
    dt
from {{ ref('base_core__transactions') }}
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
