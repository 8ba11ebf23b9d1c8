select customer_id
from {{ ref('customer_tags') }}
where is_new_card_target
