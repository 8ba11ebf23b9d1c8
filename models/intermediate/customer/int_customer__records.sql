-- What identifies a person in each system: one row per core customer and CRM contact, latest valid version. An
-- identifier that identifies nobody (int_customer__unusable_identifiers) is none.

with

core_records as (
    select
        'core' as source_system,
        customer_id as source_key,
        cast(null as string) as core_customer_id,
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
        customer_id as core_customer_id,
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

delivered as (
    select * from core_records
    union all
    select * from crm_records
),

{% set identifiers = {
    'core_customer_id': 'core_customer', 'name_hash': 'name', 'id_no_hash': 'id_no', 'mobile_hash': 'mobile',
} %}

{% for column, id_type in identifiers.items() %}
    unusable_{{ id_type }} as (
        select id_value
        from {{ ref('int_customer__unusable_identifiers') }}
        where id_type = '{{ id_type }}'
    ),

{% endfor %}
records as (
    select
        delivered.source_system,
        delivered.source_key,
        {% for column, id_type in identifiers.items() %}
            case when unusable_{{ id_type }}.id_value is null then delivered.{{ column }} end as {{ column }},
        {% endfor %}
        delivered.birth_date,
        delivered.gender,
        delivered.since_date,
        delivered.known_from,
        delivered.loaded_at,
        delivered.dt
    from delivered
    {% for column, id_type in identifiers.items() %}
        left join unusable_{{ id_type }}
            on delivered.{{ column }} = unusable_{{ id_type }}.id_value
    {% endfor %}
)

select * from records
