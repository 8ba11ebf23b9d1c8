select
    'core' as source_system,
    customer_id as source_key,
    customer_id,
    'self' as match_rule,
    cast(1 as double) as confidence,
    dt as known_from
from {{ ref('stg_core__customers') }}
