-- Purchases are postings, and a posting needs an account: one for each customer, opened with the first purchase.
with first_purchases as (
    select customer_id, min(date) as opened_date
    from purchases
    group by customer_id
)

select
    'A' || customer_id as account_id,
    customer_id::varchar as customer_id,
    'SHOP' as product_id,
    'USD' as currency,
    opened_date,
    null as closed_date,
    null as maturity_date,
    'ACTIVE' as status,
    null as branch_id,
    opened_date + interval 26 hour as loaded_at,
    opened_date as dt
from first_purchases
