-- The business dates whose run was completed: everything built, and no check that fails a build failed.
--
-- The model only holds the ledger. The row of a date is written at the end of a build that went well as a whole
-- (macro record_business_date), for only then is it known that it did.

{{ config(materialized='incremental') }}

with

business_dates as (
    select
        cast(null as date) as as_of_date,
        cast(null as date) as previous_date,
        cast(null as bigint) as customers,
        cast(null as bigint) as tag_changes,
        cast(null as string) as batch_digest
    where 1 = 0
)

select * from business_dates
