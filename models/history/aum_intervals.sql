-- What each customer held, as intervals: the balances of their accounts and holdings without the accounts' numbers.
-- Several intervals of a component may overlap; what was held on a day is their sum, as in aum_daily. A view, which
-- readers get as a table (banktags/publish), for the numbers stay where they are.

{{ config(materialized='view') }}

with

aum_intervals as (
    select
        customer_id,
        aum_component,
        in_aum,
        valid_from,
        valid_to,
        balance
    from {{ ref('int_aum__intervals') }}
)

select * from aum_intervals
