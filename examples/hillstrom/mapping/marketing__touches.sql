-- One message to each customer of the two arms that got one. The contract has no channel e-mail: APP stands for it.
select
    'T' || number as touch_id,
    case arms.arm when 'Mens E-Mail' then 'MENS' else 'WOMENS' end as campaign_id,
    'H' || number as customer_id,
    date '2008-03-01' as touch_date,
    null as touch_at,
    'APP' as channel,
    'sent' as touch_status,
    timestamp '2008-03-02 02:00:00' as loaded_at,
    date '2008-03-01' as dt
from arms
cross join generate_series(arms.first_number::int, arms.first_number::int + arms.customers::int - 1) as numbers (number)
where arms.arm <> 'No E-Mail'
