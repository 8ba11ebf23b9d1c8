with

revisions as (
    {{ revisions(ref('base_core__account_balances'), key=['account_id', 'balance_date']) }}
)

select
    states.account_id,
    states.balance_date,
    states.balance,
    states.loaded_at,
    states.dt
from {{ ref('base_core__account_balances') }} as states
left join revisions
    on
        states.account_id = revisions.account_id
        and states.balance_date = revisions.balance_date
where
    states.quarantine_reason is null
    and states.dt <= {{ as_of_date() }}
    and coalesce(states.dt >= revisions.revised_on, true)
