select
    response_id,
    contact_id,
    responded_date,
    score,
    survey_channel,
    loaded_at,
    dt
from {{ ref('base_crm__nps_responses') }}
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
