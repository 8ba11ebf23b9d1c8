-- Which identifiers each source record has, and had, from when to when: identity numbers, mobiles, system keys,
-- cards and devices. What identifies nobody (int_customer__unusable_identifiers) is left out.

{{ config(materialized='view') }}

with

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

-- Numbers and mobiles that came with a version hold as long as it does.
personal as (
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
),

usable as (
    select personal.*
    from personal
    left join {{ ref('int_customer__unusable_identifiers') }} as unusable
        on
            personal.id_type = unusable.id_type
            and personal.id_value = unusable.id_value
    where unusable.id_value is null
),

held_identifiers as (
    select * from usable

    union all

    select
        source_system,
        source_key,
        case source_system when 'core' then 'core_customer' else 'crm_contact' end as id_type,
        source_key as id_value,
        known_from as valid_from,
        cast(null as date) as valid_to
    from {{ ref('int_customer__identity') }}

    union all

    -- A card is another's from the day on which the number was issued to them.
    select
        'core' as source_system,
        core_customer_id as source_key,
        'card' as id_type,
        card_id as id_value,
        coalesce(issued_date, dt) as valid_from,
        case
            when valid_to > {{ as_of_date() }} then closed_date
            else least(valid_to, coalesce(closed_date, valid_to))
        end as valid_to
    from {{ ref('int_card__owners') }}

    union all

    select
        'core' as source_system,
        core_customer_id as source_key,
        'device' as id_type,
        device_id as id_value,
        valid_from,
        case when valid_to <= {{ as_of_date() }} then valid_to end as valid_to
    from {{ ref('int_device__owners') }}
)

select * from held_identifiers
