select
    manager_id,
    substr(manager_name, 1, 1) || '**' as manager_name_masked,
    branch_id,
    role,
    is_active,
    loaded_at,
    dt
from {{ source('core', 'managers') }}
where dt <= {{ as_of_date() }}
