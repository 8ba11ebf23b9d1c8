-- Where the pyramid is off its plan: share of customers and of profit by tier against the target, in percentage points.
select
    name_zh as tier_name,
    customers,
    round(100 * customer_share, 2) as customer_percent,
    round(100 * (customer_share - target_customer_share), 2) as off_target_customers,
    round(100 * profit_share, 2) as profit_percent,
    round(100 * (profit_share - target_profit_share), 2) as off_target_profit,
    round(100 * single_product_ratio, 1) as single_product_percent
from {{ ref('pyramid_benchmark') }}
order by tier_rank desc
