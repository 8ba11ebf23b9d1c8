select
    campaign_id,
    campaign_name,
    goal,
    product_id,
    start_date,
    end_date,
    control_share,
    conversion_window_days,
    loaded_at,
    dt
from {{ ref('base_marketing__campaigns') }}
where quarantine_reason is null
