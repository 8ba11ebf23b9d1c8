select
    card_id,
    card_no_masked,
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
from {{ ref('base_card__cards') }}
where quarantine_reason is null
