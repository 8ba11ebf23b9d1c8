select customer_id
from {{ ref('customer_tags') }}
where is_cross_sell_target
