select
    order_id,
    customer_id,
    product_id,
    order_date,
    order_type,
    amount,
    status,
    channel,
    loaded_at,
    dt
from {{ ref('base_wealth__orders') }}
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
