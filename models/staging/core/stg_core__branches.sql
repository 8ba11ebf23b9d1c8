select
    branch_id,
    branch_name,
    city_code,
    branch_type,
    loaded_at,
    dt
from {{ ref('base_core__branches') }}
where quarantine_reason is null
