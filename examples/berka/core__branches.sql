-- A district stands for the branch that serves it.
select
    'district-' || district_id as branch_id,
    "A2" as branch_name,
    cast(null as varchar) as city_code,
    cast(null as varchar) as branch_type,
    timestamp '1993-01-02 02:00:00' as loaded_at,
    date '1993-01-01' as dt
from district
