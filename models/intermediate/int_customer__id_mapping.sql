-- Which customer each identifier stands for, and since when: identity numbers, mobiles, system keys, cards and devices.

with

identities as (
    select * from {{ ref('int_customer__identity') }}
),

-- Every valid version of a record, with the day the next one replaced it.
core_versions as (
    select
        'core' as source_system,
        customer_id as source_key,
        id_no_hash,
        mobile_hash,
        dt,
        quarantine_reason is null as is_current,
        lead(dt) over (partition by customer_id order by dt, loaded_at) as replaced_on
    from {{ ref('base_core__customers') }}
    where fault is null
),

crm_versions as (
    select
        'crm' as source_system,
        contact_id as source_key,
        id_no_hash,
        mobile_hash,
        dt,
        quarantine_reason is null as is_current,
        lead(dt) over (partition by contact_id order by dt, loaded_at) as replaced_on
    from {{ ref('base_crm__contacts') }}
    where fault is null
),

versions as (
    select * from core_versions
    union all
    select * from crm_versions
),

-- Identifiers that came with a version hold as long as it does.
held_identifiers as (
    select
        source_system,
        source_key,
        'id_no' as id_type,
        id_no_hash as id_value,
        dt as valid_from,
        case when not is_current then replaced_on end as valid_to
    from versions
    where id_no_hash is not null

    union all

    select
        source_system,
        source_key,
        'mobile' as id_type,
        mobile_hash as id_value,
        dt as valid_from,
        case when not is_current then replaced_on end as valid_to
    from versions
    where mobile_hash is not null

    union all

    select
        source_system,
        source_key,
        case source_system when 'core' then 'core_customer' else 'crm_contact' end as id_type,
        source_key as id_value,
        known_from as valid_from,
        cast(null as date) as valid_to
    from identities

    union all

    select
        'core' as source_system,
        customer_id as source_key,
        'card' as id_type,
        card_id as id_value,
        coalesce(issued_date, dt) as valid_from,
        closed_date as valid_to
    from {{ ref('stg_card__cards') }}

    union all

    select
        'core' as source_system,
        customer_id as source_key,
        'device' as id_type,
        device_id as id_value,
        coalesce(first_seen_date, dt) as valid_from,
        cast(null as date) as valid_to
    from {{ ref('stg_digital__devices') }}
),

-- One row per identifier and customer: from the first day it was his to the last, open while any record still has it.
mapped as (
    select
        held.id_type,
        held.id_value,
        identities.customer_id,
        max(identities.confidence) as confidence,
        min(held.valid_from) as valid_from,
        case when count(held.valid_to) = count(*) then max(held.valid_to) end as valid_to
    from held_identifiers as held
    inner join identities
        on
            held.source_system = identities.source_system
            and held.source_key = identities.source_key
    group by held.id_type, held.id_value, identities.customer_id
),

-- An identifier of several customers identifies none of them: a family's mobile, a tablet in the living room.
id_mapping as (
    select
        id_type,
        id_value,
        customer_id,
        confidence,
        valid_from,
        valid_to,
        count(*) over (partition by id_type, id_value) > 1 as is_shared
    from mapped
)

select * from id_mapping
