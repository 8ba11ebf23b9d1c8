select customer_id
from {{ ref('customer_tags') }}
where is_card_instalment_target
