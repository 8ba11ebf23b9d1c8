select
    assessment_id,
    contact_id,
    assessed_date,
    valid_to,
    risk_level,
    investment_goal,
    loaded_at,
    dt
from {{ ref('base_crm__risk_assessments') }}
where quarantine_reason is null
