select customer_id
from {{ ref('customer_tags') }}
where is_credit_warning_target
