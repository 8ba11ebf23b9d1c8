select
    touch_id,
    campaign_id,
    customer_id,
    touch_date,
    touch_at,
    channel,
    touch_status,
    loaded_at,
    dt
from {{ ref('base_marketing__touches') }}
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
