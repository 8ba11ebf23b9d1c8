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
from {{ source('core', 'batches') }}
where dt <= {{ as_of_date() }}
