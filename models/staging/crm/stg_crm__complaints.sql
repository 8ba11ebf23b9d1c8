select
    complaint_id,
    contact_id,
    complained_date,
    category,
    resolved_date,
    loaded_at,
    dt
from {{ source('crm', 'complaints') }}
where dt <= {{ as_of_date() }}
