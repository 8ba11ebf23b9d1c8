select
    complaint_id,
    contact_id,
    complained_date,
    category,
    resolved_date,
    loaded_at,
    dt
from {{ ref('base_crm__complaints') }}
where quarantine_reason is null
