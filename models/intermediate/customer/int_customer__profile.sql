-- What is known about each person, one value an attribute: the first one known, in the order of the person's records.

with

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
    from {{ ref('int_customer__profile_records') }}
    group by customer_id
)

select * from profile
