-- Whom a gate kept out of an audience although its condition finds them, and which gate: for compliance to see that the
-- gates work, and for the reason when somebody leaves. Never a list to contact; only models about audiences may read
-- it.
--
-- A view: whom audience_screening removes.

{{ config(materialized='view') }}

with

audience_removals as (
    select
        audience,
        customer_id,
        as_of_date,
        removed_by
    from {{ ref('audience_screening') }}
    where removed_by is not null
)

select * from audience_removals
