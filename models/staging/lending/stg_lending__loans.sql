select
    loan_id,
    customer_id,
    product_id,
    loan_type,
    principal,
    outstanding_principal,
    annual_rate,
    granted_date,
    maturity_date,
    status,
    loaded_at,
    dt
from {{ ref('base_lending__loans') }}
where quarantine_reason is null
