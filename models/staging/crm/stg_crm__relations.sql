select
    relation_id,
    from_contact_id,
    to_contact_id,
    relation_type,
    since_date,
    until_date,
    loaded_at,
    dt
from {{ ref('base_crm__relations') }}
where quarantine_reason is null
