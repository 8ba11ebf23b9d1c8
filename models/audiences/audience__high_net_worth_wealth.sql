select customer_id
from {{ ref('customer_tags') }}
where is_high_net_worth_wealth_target
