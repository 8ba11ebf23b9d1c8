select
    contact_id,
    customer_id,
    name_hash,
    name_masked,
    mobile_hash,
    mobile_masked,
    id_no_hash,
    birth_date,
    gender,
    city_code,
    occupation_code,
    owns_home,
    owns_car,
    has_wecom_contact,
    lead_source,
    created_date,
    loaded_at,
    dt,
    known_from
from {{ ref('base_crm__contacts') }}
where quarantine_reason is null
