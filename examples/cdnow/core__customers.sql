-- A customer is known from the day of the first purchase. The data says nothing else about the person.
with first_purchases as (
    select customer_id, min(date) as opened_date
    from purchases
    group by customer_id
)

select
    customer_id::varchar as customer_id,
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
    opened_date,
    null as closed_date,
    'ACTIVE' as status,
    null as branch_id,
    null as manager_id,
    opened_date + interval 26 hour as loaded_at,
    opened_date as dt
from first_purchases
