select
    report_id,
    customer_id,
    reported_date,
    credit_score,
    external_debt,
    overdue_count_24m,
    inquiry_count_6m,
    loaded_at,
    dt
from {{ ref('base_bureau__credit_reports') }}
where quarantine_reason is null
