-- One experiment of three arms is two campaigns of two, with the same controls.
select
    campaign_id,
    arm as campaign_name,
    'CONVERSION' as goal,
    'SHOP' as product_id,
    date '2008-03-01' as start_date,
    date '2008-03-14' as end_date,
    0.5 as control_share,
    14 as conversion_window_days,
    timestamp '2008-03-01 02:00:00' as loaded_at,
    date '2008-02-29' as dt
from (values ('MENS', 'Mens E-Mail'), ('WOMENS', 'Womens E-Mail')) as campaigns (campaign_id, arm)
