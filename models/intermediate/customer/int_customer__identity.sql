-- Which person each record is about. Rules in order: a contact that carries a core customer number is that
-- customer, and so is one that is called by it and says the same name and mobile; the same identity number is the same
-- person; a record without a usable one belongs where its mobile, name and birth date together lead, if they lead to
-- one person only. A mobile alone never merges (families share one), nor do two identity numbers (DECISIONS 18).

with

records as (
    select * from {{ ref('int_customer__records') }}
),

core_numbers as (
    select
        source_key as core_number,
        name_hash,
        mobile_hash,
        birth_date,
        id_no_hash
    from records
    where source_system = 'core'
),

-- Contacts of a CRM that calls them by the customer number, and has no column to say so (rule contact_number). Another
-- CRM may count like core does: name and mobile are the same, and nothing that both know is different.
called_by_number as (
    select
        contacts.source_system,
        contacts.source_key,
        core_numbers.core_number
    from records as contacts
    inner join core_numbers
        on
            contacts.source_key = core_numbers.core_number
            and contacts.name_hash = core_numbers.name_hash
            and contacts.mobile_hash = core_numbers.mobile_hash
            and coalesce(contacts.birth_date = core_numbers.birth_date, true)
            and coalesce(contacts.id_no_hash = core_numbers.id_no_hash, true)
    where
        contacts.source_system = 'crm'
        and contacts.core_customer_id is null
),

-- What each record says of itself: whose identity number it has, its mobile, name and birth date, and under which
-- core customer number it stands (rules customer_number and contact_number).
told as (
    select
        records.source_system,
        records.source_key,
        records.since_date,
        records.known_from,
        case records.source_system
            when 'core' then records.source_key
            else coalesce(core_numbers.core_number, called_by_number.core_number)
        end as core_number,
        case
            when called_by_number.core_number is not null then 'contact_number'
            when core_numbers.core_number is not null then 'customer_number'
        end as number_rule,
        holders.holder_key,
        records.mobile_hash || records.name_hash || cast(records.birth_date as string) as description
    from records
    left join core_numbers
        on records.core_customer_id = core_numbers.core_number
    left join called_by_number
        on
            records.source_system = called_by_number.source_system
            and records.source_key = called_by_number.source_key
    left join {{ ref('int_customer__number_holders') }} as holders
        on
            records.source_system = holders.source_system
            and records.source_key = holders.source_key
),

-- What stands under one core customer number counts as one record, by the weakest rule that brought a contact there.
-- The core system is asked first, then what its contacts agree on.
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
        ) as description,
        min(number_rule) as number_rule
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
        coalesce(told.number_rule, together.number_rule) as number_rule,
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
            when source_system = 'crm' and core_number is not null then number_rule
            when own_holder_key = naming_holder_key then 'id_hash'
            -- The identity number came from a contact under its customer number.
            when holder_key = naming_holder_key then number_rule
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
