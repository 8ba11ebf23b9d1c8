-- An account that is CLOSED without a date has ended with the batch that first said so.
with

closings as (
    {{ closings(ref('base_core__accounts'), 'account_id') }}
)

select
    core_accounts.account_id,
    core_accounts.customer_id,
    core_accounts.product_id,
    core_accounts.currency,
    core_accounts.opened_date,
    coalesce(core_accounts.closed_date, closings.closed_on) as closed_date,
    core_accounts.maturity_date,
    core_accounts.status,
    core_accounts.branch_id,
    core_accounts.loaded_at,
    core_accounts.dt
from {{ ref('base_core__accounts') }} as core_accounts
left join closings
    on core_accounts.account_id = closings.account_id
where core_accounts.quarantine_reason is null
