select customer_id
from {{ ref('customer_tags') }}
where
    is_marketing_responsive_90d
    and app_login_activity_7d = 'active'
