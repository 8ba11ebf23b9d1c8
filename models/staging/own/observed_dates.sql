-- The business dates that history was taken on, in order. A run of an earlier date looks at the past and adds none.

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
{% if is_incremental() -%}
where not exists (select 1 from {{ this }} where as_of_date >= {{ as_of_date() }})
{%- endif %}
