select customer_id
from {{ ref('customer_tags') }}
where is_wealth_promotion_target
