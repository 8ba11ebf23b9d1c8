-- Declarations of households from both sides, with the marks of who hangs together after the first rounds of joining.
-- Persons go by a hash here, so that no order of their ids makes the joining slow.
{% set rounds = 4 %}

with

declarations as (
    select
        customer_id,
        related_customer_id,
        least({{ sha256_hex('customer_id') }}, {{ sha256_hex('related_customer_id') }}) as household_mark
    from {{ ref('int_customer__relations') }}
    where relation_type = 'HOUSEHOLD'
),

-- Two who both declare it are joined once.
joined_0 as (
    select
        customer_id,
        related_customer_id,
        household_mark
    from declarations
    union distinct
    select
        related_customer_id as customer_id,
        customer_id as related_customer_id,
        household_mark
    from declarations
),

{{ join_households(rounds) }}

household_links as (
    select * from joined_{{ rounds }}
)

select * from household_links
