select
    card_id,
    '****' || right(card_no, 4) as card_no_masked,
    customer_id,
    account_id,
    card_type,
    card_level,
    issued_date,
    activated_date,
    closed_date,
    credit_limit,
    statement_balance,
    days_past_due,
    loaded_at,
    dt
from {{ source('card', 'cards') }}
where dt <= {{ as_of_date() }}
