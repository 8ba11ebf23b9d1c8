select
    query_id,
    tag_code,
    user_role,
    department,
    queried_date,
    purpose,
    loaded_at,
    dt
from {{ ref('base_governance__query_log') }}
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
