select
    assessment_id,
    contact_id,
    assessed_date,
    valid_to,
    risk_level,
    investment_goal,
    loaded_at,
    dt
from {{ source('crm', 'risk_assessments') }}
where dt <= {{ as_of_date() }}
