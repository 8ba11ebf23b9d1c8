-- cpxx (产品信息).
select
    CPDM as product_id,
    CPMC as product_name,
    case CPLB when 'HQ' then 'DEMAND_DEPOSIT' when 'DQ' then 'TIME_DEPOSIT' end as product_category,
    null as issuer_risk_rating,
    null as seller_risk_rating,
    QX as term_days,
    null as launched_date,
    null as delisted_date
from cpxx
