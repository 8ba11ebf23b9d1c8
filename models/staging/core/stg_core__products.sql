select
    product_id,
    product_name,
    product_category,
    issuer_risk_rating,
    seller_risk_rating,
    term_days,
    launched_date,
    delisted_date,
    loaded_at,
    dt
from {{ source('core', 'products') }}
where dt <= {{ as_of_date() }}
