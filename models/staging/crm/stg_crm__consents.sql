select
    consent_id,
    contact_id,
    purpose,
    channel,
    given_at,
    withdrawn_at,
    loaded_at,
    dt
from {{ source('crm', 'consents') }}
where dt <= {{ as_of_date() }}
