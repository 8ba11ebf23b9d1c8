select
    currency,
    rate_date,
    mid_rate,
    loaded_at,
    dt
from {{ ref('base_core__exchange_rates') }}
where quarantine_reason is null
