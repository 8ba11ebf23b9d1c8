-- A purchase is an order by somebody who visited. Amounts are not among the counts: each is 1.
select
    'O' || number as order_id,
    'H' || number as customer_id,
    'SHOP' as product_id,
    date '2008-03-07' as order_date,
    'PURCHASE' as order_type,
    1.00 as amount,
    'CONFIRMED' as status,
    null as channel,
    timestamp '2008-04-01 02:00:00' as loaded_at,
    date '2008-03-31' as dt
from arms
cross join generate_series(arms.first_number::int, arms.first_number::int + arms.conversions::int - 1) as numbers (number)
