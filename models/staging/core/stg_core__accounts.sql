-- An account that is CLOSED without a date has ended with the batch that first said so.
with

closings as (
    {{ closings(ref('base_core__accounts'), 'account_id') }}
)

select
    accounts.account_id,
    accounts.customer_id,
    accounts.product_id,
    accounts.currency,
    accounts.opened_date,
    coalesce(accounts.closed_date, closings.closed_on) as closed_date,
    accounts.maturity_date,
    accounts.status,
    accounts.branch_id,
    accounts.loaded_at,
    accounts.dt
from {{ ref('base_core__accounts') }} as accounts
left join closings
    on accounts.account_id = closings.account_id
where accounts.quarantine_reason is null
