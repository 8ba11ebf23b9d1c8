select
    account_id,
    balance_date,
    balance,
    loaded_at,
    dt
from {{ ref('base_core__account_balances') }} as base
where
    quarantine_reason is null
    and dt <= {{ as_of_date() }}
    and not {{ is_revised(ref('base_core__account_balances'), key=['account_id', 'balance_date']) }}
