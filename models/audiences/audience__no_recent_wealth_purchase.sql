select customer_id
from {{ ref('customer_tags') }}
where
    relationship_status = 'active'
    and has_no_wealth_purchase_90d
    and aum_tier in ('potential', 'vip', 'wealth', 'private_banking')
