select
    campaign_id,
    customer_id,
    arm,
    assigned_date,
    loaded_at,
    dt
from {{ ref('base_marketing__assignments') }}
where quarantine_reason is null
