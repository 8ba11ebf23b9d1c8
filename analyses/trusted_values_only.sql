-- Customers whose C4 or C5 rests on a risk assessment that is still trusted: filter customer_tags_long by confidence.
select
    risk.customer_id,
    risk.tag_value as risk_level,
    risk.confidence
from {{ ref('customer_tags_long') }} as risk
where
    risk.tag_code = 'risk_level'
    and risk.tag_value in ('C4', 'C5')
    and risk.confidence >= 0.8
order by risk.confidence desc, risk.customer_id asc
