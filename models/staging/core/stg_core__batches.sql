select
    batch_id,
    business_date,
    system_name,
    table_name,
    row_count,
    rejected_count,
    content_hash,
    loaded_at,
    dt
from {{ ref('base_core__batches') }}
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
