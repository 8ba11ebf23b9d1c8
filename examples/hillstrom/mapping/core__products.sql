-- What the e-mails offered. The contract knows no goods: an order of this product stands for a purchase at the shop.
select
    'SHOP' as product_id,
    'Merchandise' as product_name,
    'FUND' as product_category,
    null as issuer_risk_rating,
    null as seller_risk_rating,
    null as term_days,
    null as launched_date,
    null as delisted_date,
    timestamp '2008-03-01 02:00:00' as loaded_at,
    date '2008-02-29' as dt
