select
    branch_id,
    branch_name,
    city_code,
    branch_type,
    loaded_at,
    dt
from {{ source('core', 'branches') }}
where dt <= {{ as_of_date() }}
