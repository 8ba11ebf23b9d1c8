select
    cost_id,
    campaign_id,
    cost_date,
    channel,
    amount,
    loaded_at,
    dt
from {{ source('marketing', 'costs') }}
where dt <= {{ as_of_date() }}
