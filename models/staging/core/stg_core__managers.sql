select
    manager_id,
    manager_name_masked,
    branch_id,
    role,
    is_active,
    loaded_at,
    dt
from {{ ref('base_core__managers') }}
where quarantine_reason is null
