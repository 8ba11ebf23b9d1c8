-- A visit of the web site is a login; the counts do not say on which of the fourteen days it was.
select
    'V' || number as event_id,
    'H' || number as customer_id,
    'D' || number as device_id,
    date '2008-03-07' as event_date,
    timestamp '2008-03-07 12:00:00' as event_at,
    'login' as event_type,
    null as page,
    timestamp '2008-04-01 02:00:00' as loaded_at,
    date '2008-03-31' as dt
from arms
cross join generate_series(arms.first_number::int, arms.first_number::int + arms.visits::int - 1) as numbers (number)
