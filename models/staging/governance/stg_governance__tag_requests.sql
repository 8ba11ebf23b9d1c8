select
    request_id,
    tag_code,
    requested_by,
    department,
    requested_date,
    request_status,
    loaded_at,
    dt
from {{ source('governance', 'tag_requests') }}
where dt <= {{ as_of_date() }}
