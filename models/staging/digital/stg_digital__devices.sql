select
    device_id,
    customer_id,
    os,
    first_seen_date,
    is_push_enabled,
    loaded_at,
    dt
from {{ source('digital', 'devices') }}
where dt <= {{ as_of_date() }}
