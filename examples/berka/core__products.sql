-- The bank's data name no products; these are what its tables are about.
select
    product_id,
    product_name,
    product_category,
    cast(null as varchar) as issuer_risk_rating,
    cast(null as varchar) as seller_risk_rating,
    cast(null as integer) as term_days,
    date '1993-01-01' as launched_date,
    cast(null as date) as delisted_date,
    timestamp '1993-01-02 02:00:00' as loaded_at,
    date '1993-01-01' as dt
from (
    values
    ('current-account', 'Current account', 'DEMAND_DEPOSIT'),
    ('loan', 'Loan', 'LOAN')
) as products (product_id, product_name, product_category)
