select
    query_id,
    tag_code,
    user_role,
    department,
    queried_date,
    purpose,
    loaded_at,
    dt
from {{ source('governance', 'query_log') }}
where dt <= {{ as_of_date() }}
