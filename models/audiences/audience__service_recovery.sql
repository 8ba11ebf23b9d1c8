select customer_id
from {{ ref('customer_tags') }}
where is_service_recovery_target
