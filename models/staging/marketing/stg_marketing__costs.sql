select
    cost_id,
    campaign_id,
    cost_date,
    channel,
    amount,
    loaded_at,
    dt
from {{ ref('base_marketing__costs') }}
where quarantine_reason is null
