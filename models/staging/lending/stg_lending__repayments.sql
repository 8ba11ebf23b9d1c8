select
    loan_id,
    instalment_no,
    due_date,
    due_amount,
    paid_amount,
    paid_date,
    loaded_at,
    dt
from {{ source('lending', 'repayments') }}
where dt <= {{ as_of_date() }}
