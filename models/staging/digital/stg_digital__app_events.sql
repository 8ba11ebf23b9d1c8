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
from {{ ref('base_digital__app_events') }}
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
