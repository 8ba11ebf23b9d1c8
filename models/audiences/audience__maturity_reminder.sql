select customer_id
from {{ ref('customer_tags') }}
where has_large_maturity_ahead
