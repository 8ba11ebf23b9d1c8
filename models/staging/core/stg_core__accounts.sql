select
    account_id,
    customer_id,
    product_id,
    currency,
    opened_date,
    closed_date,
    maturity_date,
    status,
    branch_id,
    loaded_at,
    dt
from {{ source('core', 'accounts') }}
where dt <= {{ as_of_date() }}
