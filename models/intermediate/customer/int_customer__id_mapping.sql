-- Which customer each identifier stands for, and since when: identity numbers, mobiles, system keys, cards and
-- devices.

with

identities as (
    select * from {{ ref('int_customer__identity') }}
),

-- One row per identifier and customer: from the first day it was theirs to the last, open while any record still
-- has it.
mapped as (
    select
        held.id_type,
        held.id_value,
        identities.customer_id,
        max(identities.confidence) as confidence,
        min(held.valid_from) as valid_from,
        case when count(held.valid_to) = count(*) then max(held.valid_to) end as valid_to
    from {{ ref('int_customer__held_identifiers') }} as held
    inner join identities
        on
            held.source_system = identities.source_system
            and held.source_key = identities.source_key
    group by held.id_type, held.id_value, identities.customer_id
),

of_several as (
    select
        id_type,
        id_value
    from mapped
    group by id_type, id_value
    having count(*) > 1
),

-- Of each customer who has or had one of those: how many have it today, and who had it before and after.
compared as (
    select
        mapped.id_type,
        mapped.id_value,
        mapped.customer_id,
        mapped.valid_to is null
        and count(case when mapped.valid_to is null then 1 end) over (
            partition by mapped.id_type, mapped.id_value
        ) > 1 as is_shared_today,
        coalesce(max(coalesce(mapped.valid_to, {{ next_day() }})) over (
            partition by mapped.id_type, mapped.id_value
            order by mapped.valid_from, mapped.customer_id
            rows between unbounded preceding and 1 preceding
        ) > mapped.valid_from, false) as is_met_by_earlier,
        coalesce(min(mapped.valid_from) over (
            partition by mapped.id_type, mapped.id_value
            order by mapped.valid_from, mapped.customer_id
            rows between 1 following and unbounded following
        ) < mapped.valid_to, false) as is_met_by_later
    from mapped
    inner join of_several
        on
            mapped.id_type = of_several.id_type
            and mapped.id_value = of_several.id_value
),

-- An identifier that several customers have at a time identifies none of them then: a family's mobile. Who has it
-- today shares it with those who have it today; a customer of the past, with whoever had it in their time.
id_mapping as (
    select
        mapped.id_type,
        mapped.id_value,
        mapped.customer_id,
        mapped.confidence,
        mapped.valid_from,
        mapped.valid_to,
        coalesce(
            case
                when mapped.valid_to is null then compared.is_shared_today
                else compared.is_met_by_earlier or compared.is_met_by_later
            end,
            false
        ) as is_shared
    from mapped
    left join compared
        on
            mapped.id_type = compared.id_type
            and mapped.id_value = compared.id_value
            and mapped.customer_id = compared.customer_id
)

select * from id_mapping
