select
    request_id,
    tag_code,
    requested_by,
    department,
    requested_date,
    request_status,
    loaded_at,
    dt
from {{ ref('base_governance__tag_requests') }}
where quarantine_reason is null
