-- The business dates that history was taken on, in order. A run of an earlier date looks at the past and adds none.
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false

{{ config(materialized='incremental') }}

with

observed_dates as (
    select
        {{ as_of_date() }} as as_of_date,
        {{ '(select max(as_of_date) from ' ~ this ~ ')' if is_incremental() else 'cast(null as date)' }}
            as previous_date
)

select *
from observed_dates
{% if is_incremental() %}
where
    not exists (
        select 1
        from {{ this }} as dates
        where dates.as_of_date >= {{ as_of_date() }}
    )
{% endif %}
