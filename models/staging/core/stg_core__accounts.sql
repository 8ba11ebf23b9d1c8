select
    account_id,
    customer_id,
    product_id,
    currency,
    opened_date,
    closed_date,
    maturity_date,
    status,
    branch_id,
    loaded_at,
    dt
from {{ ref('base_core__accounts') }}
where quarantine_reason is null
