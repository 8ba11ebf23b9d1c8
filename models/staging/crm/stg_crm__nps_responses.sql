select
    response_id,
    contact_id,
    responded_date,
    score,
    survey_channel,
    loaded_at,
    dt
from {{ source('crm', 'nps_responses') }}
where dt <= {{ as_of_date() }}
