select
    loan_id,
    instalment_no,
    due_date,
    due_amount,
    paid_amount,
    paid_date,
    loaded_at,
    dt
from {{ ref('base_lending__repayments') }}
where quarantine_reason is null
