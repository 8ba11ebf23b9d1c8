select customer_id
from {{ ref('customer_tags') }}
where is_dormant_customer
