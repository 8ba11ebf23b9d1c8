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
from {{ source('wealth', 'orders') }}
where dt <= {{ as_of_date() }}
