-- Credit limits with the golden customer to whom they are granted; a view.

{{ config(materialized='view') }}

with

limits as (
    select
        limits.limit_id,
        identities.customer_id,
        limits.granted_amount,
        limits.used_amount,
        -- In force on the business date, its last day included.
        coalesce(limits.valid_from <= {{ as_of_date() }}, true)
        and (limits.valid_to is null or limits.valid_to >= {{ as_of_date() }}) as is_in_force
    from {{ ref('stg_lending__limits') }} as limits
    inner join {{ ref('int_customer__identity') }} as identities
        on
            limits.customer_id = identities.source_key
            and identities.source_system = 'core'
)

select * from limits
