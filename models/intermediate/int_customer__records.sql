-- What identifies a person in each system: one row per core customer and CRM contact, latest valid version.

with

core_records as (
    select
        'core' as source_system,
        customer_id as source_key,
        name_hash,
        id_no_hash,
        mobile_hash,
        birth_date,
        gender,
        coalesce(opened_date, known_from) as since_date,
        known_from,
        loaded_at,
        dt
    from {{ ref('stg_core__customers') }}
),

crm_records as (
    select
        'crm' as source_system,
        contact_id as source_key,
        name_hash,
        id_no_hash,
        mobile_hash,
        birth_date,
        gender,
        coalesce(created_date, known_from) as since_date,
        known_from,
        loaded_at,
        dt
    from {{ ref('stg_crm__contacts') }}
),

records as (
    select * from core_records
    union all
    select * from crm_records
)

select * from records
