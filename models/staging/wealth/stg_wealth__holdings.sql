select
    customer_id,
    product_id,
    holding_date,
    market_value,
    loaded_at,
    dt
from {{ ref('base_wealth__holdings') }} as base
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
    and not {{ is_revised(ref('base_wealth__holdings'), key=['customer_id', 'product_id', 'holding_date']) }}
