select customer_id
from {{ ref('customer_tags') }}
where
    is_white_collar_customer
    and not is_credit_card_holder
