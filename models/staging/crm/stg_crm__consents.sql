select
    consent_id,
    contact_id,
    purpose,
    channel,
    given_at,
    withdrawn_at,
    loaded_at,
    dt
from {{ ref('base_crm__consents') }}
where quarantine_reason is null
