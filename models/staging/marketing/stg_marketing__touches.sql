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
from {{ source('marketing', 'touches') }}
where dt <= {{ as_of_date() }}
