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
from {{ ref('base_core__products') }}
where quarantine_reason is null
