select customer_id
from {{ ref('customer_tags') }}
where is_graduate_overseas_shopper
