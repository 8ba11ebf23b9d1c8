select
    customer_id,
    product_id,
    holding_date,
    market_value,
    loaded_at,
    dt
from {{ source('wealth', 'holdings') }}
where dt <= {{ as_of_date() }}
