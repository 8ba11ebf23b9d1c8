select
    entry_id,
    contact_id,
    customer_id,
    mobile_hash,
    channel,
    purpose,
    listed_from,
    listed_until,
    loaded_at,
    dt
from {{ ref('base_crm__do_not_contact') }}
where quarantine_reason is null
