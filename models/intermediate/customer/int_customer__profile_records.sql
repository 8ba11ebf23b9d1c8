-- The records of each person in core and CRM, in the order in which they are asked for an attribute: core customers
-- before CRM contacts, and of each the record that was delivered latest. Home, car, WeCom and lead source are kept by
-- CRM only.

{{ config(materialized='view') }}

with

core_records as (
    select
        identities.customer_id,
        'core.customers' as source_table,
        0 as system_rank,
        customers.customer_id as core_customer_id,
        cast(null as string) as contact_id,
        customers.name_masked,
        customers.mobile_hash,
        customers.mobile_masked,
        customers.gender,
        customers.birth_date,
        customers.registered_province_code,
        customers.city_code,
        customers.occupation_code,
        customers.education_code,
        customers.marital_status_code,
        customers.annual_income,
        customers.branch_id,
        customers.manager_id,
        cast(null as boolean) as owns_home,
        cast(null as boolean) as owns_car,
        cast(null as boolean) as has_wecom_contact,
        cast(null as string) as lead_source,
        customers.dt,
        customers.loaded_at,
        identities.source_key
    from {{ ref('stg_core__customers') }} as customers
    inner join {{ ref('int_customer__identity') }} as identities
        on
            customers.customer_id = identities.source_key
            and identities.source_system = 'core'
),

crm_records as (
    select
        identities.customer_id,
        'crm.contacts' as source_table,
        1 as system_rank,
        cast(null as string) as core_customer_id,
        contacts.contact_id,
        contacts.name_masked,
        contacts.mobile_hash,
        contacts.mobile_masked,
        contacts.gender,
        contacts.birth_date,
        cast(null as string) as registered_province_code,
        contacts.city_code,
        contacts.occupation_code,
        cast(null as string) as education_code,
        cast(null as string) as marital_status_code,
        cast(null as decimal(18, 2)) as annual_income,
        cast(null as string) as branch_id,
        cast(null as string) as manager_id,
        contacts.owns_home,
        contacts.owns_car,
        contacts.has_wecom_contact,
        contacts.lead_source,
        contacts.dt,
        contacts.loaded_at,
        identities.source_key
    from {{ ref('stg_crm__contacts') }} as contacts
    inner join {{ ref('int_customer__identity') }} as identities
        on
            contacts.contact_id = identities.source_key
            and identities.source_system = 'crm'
),

records as (
    select * from core_records
    union all
    select * from crm_records
),

profile_records as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by system_rank asc, dt desc, loaded_at desc, source_key asc
        ) as rank
    from records
)

select * from profile_records
