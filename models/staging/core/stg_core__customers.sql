-- A customer who is CLOSED without a date has left with the batch that first said so.
with

closings as (
    {{ closings(ref('base_core__customers'), 'customer_id') }}
)

select
    customers.customer_id,
    customers.name_hash,
    customers.name_masked,
    customers.id_type,
    customers.id_no_hash,
    customers.registered_province_code,
    customers.gender,
    customers.birth_date,
    customers.mobile_hash,
    customers.mobile_masked,
    customers.city_code,
    customers.occupation_code,
    customers.education_code,
    customers.marital_status_code,
    customers.annual_income,
    customers.opened_date,
    coalesce(customers.closed_date, closings.closed_on) as closed_date,
    customers.status,
    customers.deceased_date,
    customers.is_frozen_by_order,
    customers.is_staff,
    customers.branch_id,
    customers.manager_id,
    customers.loaded_at,
    customers.dt,
    customers.known_from
from {{ ref('base_core__customers') }} as customers
left join closings
    on customers.customer_id = closings.customer_id
where customers.quarantine_reason is null
