select
    limit_id,
    customer_id,
    limit_type,
    granted_amount,
    used_amount,
    valid_from,
    valid_to,
    loaded_at,
    dt
from {{ source('lending', 'limits') }}
where dt <= {{ as_of_date() }}
