-- Which person each record is about. Rules in order: a contact that carries a core customer number is that
-- customer; the same identity number is the same person; a record without a usable one belongs where its mobile,
-- name and birth date together lead, if they lead to one person only. A mobile alone never merges (families share
-- one), and two identity numbers are never merged.

with

records as (
    select * from {{ ref('int_customer__records') }}
),

core_numbers as (
    select source_key as core_number
    from records
    where source_system = 'core'
),

-- What each record says of itself: whose identity number it has, its mobile, name and birth date, and under which
-- core customer number it stands (rule customer_number).
told as (
    select
        records.source_system,
        records.source_key,
        records.since_date,
        records.known_from,
        case records.source_system
            when 'core' then records.source_key
            else core_numbers.core_number
        end as core_number,
        holders.holder_key,
        records.mobile_hash || records.name_hash || cast(records.birth_date as string) as description
    from records
    left join core_numbers
        on records.core_customer_id = core_numbers.core_number
    left join {{ ref('int_customer__number_holders') }} as holders
        on
            records.source_system = holders.source_system
            and records.source_key = holders.source_key
),

-- What stands under one core customer number counts as one record. The core system is asked first, then what its
-- contacts agree on.
told_by_core_number as (
    select
        core_number,
        coalesce(
            max(case when source_system = 'core' then holder_key end),
            case when count(distinct holder_key) = 1 then min(holder_key) end
        ) as holder_key,
        coalesce(
            max(case when source_system = 'core' then description end),
            min(description)
        ) as description
    from told
    where core_number is not null
    group by core_number
),

known as (
    select
        told.source_system,
        told.source_key,
        told.since_date,
        told.known_from,
        told.core_number,
        told.holder_key as own_holder_key,
        told.description as own_description,
        case when told.core_number is null then told.holder_key else together.holder_key end as holder_key,
        case when told.core_number is null then told.description else together.description end as description
    from told
    left join told_by_core_number as together
        on told.core_number = together.core_number
),

-- To how many different holders of an identity number a mobile, name and birth date lead, and to which when it is
-- one.
holders_by_description as (
    select
        own_description as description,
        count(distinct holder_key) as holders,
        min(holder_key) as holder_key
    from known
    where own_description is not null
    group by own_description
),

grouped as (
    select
        known.*,
        case
            -- Rule id_hash: the same identity number.
            when known.holder_key is not null then known.holder_key
            -- Rule mobile_name_birth: the one holder they lead to …
            when found.holders = 1 then found.holder_key
            -- … or, where no record has an identity number, each other.
            when found.holders = 0 then 'person:' || known.description
            -- They lead to several persons, or one of the three is missing: a person of its own.
            when known.core_number is not null then 'record:core:' || known.core_number
            else 'record:crm:' || known.source_key
        end as person_key
    from known
    left join holders_by_description as found
        on known.description = found.description
),

-- The record that names the person: the core customer of longest standing, else the earliest contact.
named as (
    select
        *,
        first_value(source_system) over person as naming_system,
        first_value(source_key) over person as naming_key,
        first_value(holder_key) over person as naming_holder_key
    from grouped
    window
        person as (
            partition by person_key
            order by case source_system when 'core' then 0 else 1 end, since_date, source_key
            rows between unbounded preceding and unbounded following
        )
),

matched as (
    select
        source_system,
        source_key,
        case naming_system when 'core' then naming_key else 'crm:' || naming_key end as customer_id,
        case
            when source_system = naming_system and source_key = naming_key then 'self'
            when source_system = 'crm' and core_number is not null then 'customer_number'
            when own_holder_key = naming_holder_key then 'id_hash'
            -- The identity number came from a contact under its customer number.
            when holder_key = naming_holder_key then 'customer_number'
            else 'mobile_name_birth'
        end as match_rule,
        known_from
    from named
),

identity as (
    select
        matched.source_system,
        matched.source_key,
        matched.customer_id,
        matched.match_rule,
        rules.confidence,
        matched.known_from
    from matched
    inner join {{ ref('identity_rules') }} as rules on matched.match_rule = rules.match_rule
)

select * from identity
