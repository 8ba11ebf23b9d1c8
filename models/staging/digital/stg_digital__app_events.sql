select
    event_id,
    customer_id,
    device_id,
    event_date,
    event_at,
    event_type,
    page,
    loaded_at,
    dt
from {{ source('digital', 'app_events') }}
where dt <= {{ as_of_date() }}
