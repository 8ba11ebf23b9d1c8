select
    device_id,
    customer_id,
    os,
    first_seen_date,
    is_push_enabled,
    loaded_at,
    dt
from {{ ref('base_digital__devices') }}
where quarantine_reason is null
