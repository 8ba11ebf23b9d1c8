select
    customer_id,
    true as is_core_customer,
    status,
    opened_date,
    closed_date,
    dt as first_known_date,
    {{ as_of_date() }} as as_of_date
from {{ ref('stg_core__customers') }}
