select
    card_transaction_id,
    card_id,
    transaction_date,
    transaction_at,
    transaction_type,
    amount,
    mcc,
    merchant_country,
    is_online,
    instalments,
    loaded_at,
    dt
from {{ ref('base_card__card_transactions') }}
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
