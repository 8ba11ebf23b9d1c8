-- One customer a number, arm after arm. Nothing else is known of them.
select
    'H' || number as customer_id,
    null as name,
    null as id_type,
    null as id_no,
    null as gender,
    null as birth_date,
    null as mobile,
    null as city_code,
    null as occupation_code,
    null as education_code,
    null as marital_status_code,
    null as annual_income,
    date '2007-03-01' as opened_date,
    null as closed_date,
    'ACTIVE' as status,
    null as branch_id,
    null as manager_id,
    timestamp '2008-03-01 02:00:00' as loaded_at,
    date '2008-02-29' as dt
from arms
cross join generate_series(first_number::int, first_number::int + customers::int - 1) as numbers (number)
