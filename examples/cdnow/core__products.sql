-- The one product: an account that purchases are posted on, known since the first day of the data.
select
    'SHOP' as product_id,
    'CDNOW purchases' as product_name,
    'DEMAND_DEPOSIT' as product_category,
    null as issuer_risk_rating,
    null as seller_risk_rating,
    null as term_days,
    null as launched_date,
    null as delisted_date,
    date '1997-01-01' + interval 26 hour as loaded_at,
    date '1997-01-01' as dt
