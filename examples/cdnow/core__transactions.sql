-- One posting for each purchase. The data has no key, and equal rows are purchases of their own (a customer bought the same
-- for the same price twice that day): the number within the day, over all columns, is the key. Equal rows may change places.
with numbered as (
    select *, row_number() over (partition by date order by customer_id, cds, amt) as number
    from purchases
)

select
    'P' || number as transaction_id,
    'A' || customer_id as account_id,
    date as transaction_date,
    null as transaction_at,
    'OUT' as direction,
    amt::decimal(18, 2) as amount,
    'PAYMENT' as transaction_type,
    'WEB' as channel,
    null as counterparty_account,
    null as counterparty_bank,
    date + interval 26 hour as loaded_at,
    date as dt
from numbered
