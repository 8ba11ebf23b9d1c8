select
    limit_id,
    customer_id,
    limit_type,
    granted_amount,
    used_amount,
    valid_from,
    valid_to,
    loaded_at,
    dt
from {{ ref('base_lending__limits') }}
where quarantine_reason is null
