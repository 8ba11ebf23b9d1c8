select
    campaign_id,
    customer_id,
    arm,
    assigned_date,
    loaded_at,
    dt
from {{ source('marketing', 'assignments') }}
where dt <= {{ as_of_date() }}
