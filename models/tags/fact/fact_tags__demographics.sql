-- Who the customer is, where they live and how they are with the bank: 人口, and 房产车产 of 资产.
with

-- Provinces by the first two digits of a region code.
provinces as (
    select distinct
        province_code,
        province_name
    from {{ ref('cities') }}
),

demographics as (
    select
        spine.customer_id,
        spine.as_of_date,
        profiles.gender,
        profiles.birth_date,
        {{ age_years('profiles.birth_date', 'spine.as_of_date') }} as age_years,
        cities.city_name as city,
        cities.province_name as province,
        cast(cities.city_tier as int) as city_tier,
        registered.province_name as registered_province,
        occupations.occupation,
        education_levels.education_level,
        case
            when profiles.marital_status_code in ('SINGLE', 'MARRIED', 'DIVORCED', 'WIDOWED')
                then lower(profiles.marital_status_code)
        end as marital_status,
        cast(profiles.annual_income as decimal(28, 2)) as annual_income_amount,
        profiles.owns_home as has_home,
        profiles.owns_car as has_car,
        case
            when not spine.is_core_customer then 'prospect'
            when spine.closed_date <= spine.as_of_date or spine.status = 'CLOSED' then 'closed'
            else 'active'
        end as relationship_status,
        standing.is_open_to_offers,
        {{ days_since('spine.opened_date') }}
            as tenure_days,
        profiles.branch_id,
        -- A bank that delivers no managers may have given the customer one.
        case
            when not spine.is_core_customer then null
            when profiles.manager_id is not null then true
            when {{ is_covered(['core.managers']) }} then false
        end as has_manager,
        case
            when profiles.lead_source in ('BRANCH', 'REFERRAL', 'ONLINE', 'EVENT', 'PAYROLL')
                then lower(profiles.lead_source)
        end as lead_source
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_customer__profile') }} as profiles
        on spine.customer_id = profiles.customer_id
    left join {{ ref('int_customer__standing') }} as standing
        on spine.customer_id = standing.customer_id
    left join {{ ref('int_source__covered_from') }} as covered on true
    left join {{ ref('cities') }} as cities
        on profiles.city_code = cities.city_code
    left join provinces as registered
        on profiles.registered_province_code = registered.province_code
    left join {{ ref('occupations') }} as occupations
        on profiles.occupation_code = occupations.occupation_code
    left join {{ ref('education_levels') }} as education_levels
        on profiles.education_code = education_levels.education_code
)

select * from demographics
