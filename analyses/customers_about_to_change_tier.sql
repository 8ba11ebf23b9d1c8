-- Whom to call today: customers whose AUM of the day is in another tier than their monthly average, largest move first.
select
    customer_id,
    name_masked,
    manager_name_masked,
    aum_tier_name,
    aum_tier_spot_name,
    aum_month_avg,
    aum_spot,
    aum_change_30d
from {{ ref('customer_360') }}
where aum_tier_name <> aum_tier_spot_name
order by abs(aum_change_30d) desc, customer_id
limit 50
