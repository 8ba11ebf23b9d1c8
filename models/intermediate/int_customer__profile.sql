-- What is known about each person, one value an attribute: the first one known, core customers before CRM contacts, and
-- of each the record that was delivered latest. Home, car, WeCom and lead source are kept by CRM only.

with

core_records as (
    select
        identities.customer_id,
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

-- The order in which the records of a person are asked for each attribute.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by system_rank asc, dt desc, loaded_at desc, source_key asc
        ) as rank
    from records
),

profile as (
    select
        customer_id,
        {{ first_known('core_customer_id', 'rank') }} as core_customer_id,
        {{ first_known('contact_id', 'rank') }} as contact_id,
        {{ first_known('name_masked', 'rank') }} as name_masked,
        {{ first_known('mobile_hash', 'rank') }} as mobile_hash,
        {{ first_known('mobile_masked', 'rank') }} as mobile_masked,
        {{ first_known('gender', 'rank') }} as gender,
        {{ first_known('birth_date', 'rank') }} as birth_date,
        {{ first_known('registered_province_code', 'rank') }} as registered_province_code,
        {{ first_known('city_code', 'rank') }} as city_code,
        {{ first_known('occupation_code', 'rank') }} as occupation_code,
        {{ first_known('education_code', 'rank') }} as education_code,
        {{ first_known('marital_status_code', 'rank') }} as marital_status_code,
        {{ first_known('annual_income', 'rank') }} as annual_income,
        {{ first_known('branch_id', 'rank') }} as branch_id,
        {{ first_known('manager_id', 'rank') }} as manager_id,
        {{ first_known('owns_home', 'rank') }} as owns_home,
        {{ first_known('owns_car', 'rank') }} as owns_car,
        {{ first_known('has_wecom_contact', 'rank') }} as has_wecom_contact,
        {{ first_known('lead_source', 'rank') }} as lead_source
    from ranked
    group by customer_id
)

select * from profile
