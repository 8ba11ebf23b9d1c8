{{ config(
    materialized='incremental',
    unique_key=['contact_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('crm', 'contacts'),
        {'source_code || gender': ref('genders'), 'city_code': ref('cities'), 'occupation_code': ref('occupations')}) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'mobile': 'source.standard_mobile',
    'id_no_sha256': sha256_or_unknown('source.id_no_sha256'),
    'birth_date': known_birth_date('source.birth_date'),
    'gender': 'genders.gender',
    'city_code': 'coalesce(cities.successor_code, cities.city_code)',
    'occupation_code': 'occupations.occupation_code',
    'lead_source': code_or_unknown('source.lead_source', ['BRANCH', 'REFERRAL', 'ONLINE', 'EVENT', 'PAYROLL']),
    'created_date': known_date('source.created_date', not_after='dt'),
} %}

with

delivered as (
    {{ new_batches(source('crm', 'contacts'),
        {'source_code || gender': ref('genders'), 'city_code': ref('cities'), 'occupation_code': ref('occupations')}) }}
),

-- Identifiers in the one form in which two systems can agree on them.
source as (
    select
        *,
        {{ standard_mobile('mobile') }} as standard_mobile
    from delivered
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.contact_id') }} as contact_id,
        {{ known_text('source.customer_id') }} as customer_id,
        {{ keyed_hash(standard_name(known_text('source.name'))) }} as name_hash,
        {{ masked_name(known_text('source.name')) }} as name_masked,
        {{ keyed_hash(known.mobile) }} as mobile_hash,
        {{ masked_mobile(known.mobile) }} as mobile_masked,
        {{ keyed_hash(known.id_no_sha256) }} as id_no_hash,
        {{ known.birth_date }} as birth_date,
        {{ known.gender }} as gender,
        {{ known.city_code }} as city_code,
        {{ known.occupation_code }} as occupation_code,
        source.owns_home,
        source.owns_car,
        source.has_wecom_contact,
        {{ known.lead_source }} as lead_source,
        {{ known.created_date }} as created_date,
        source.loaded_at,
        source.dt,
        source.batch_fingerprint,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
    left join {{ codes_of('genders', 'source_code') }} as genders
        on {{ delivered_code('source.gender') }} = genders.delivered_code
    left join {{ codes_of('cities', 'city_code') }} as cities
        on {{ city_code_of('source.city_code') }} = cities.delivered_code
    left join {{ codes_of('occupations', 'occupation_code') }} as occupations
        on {{ delivered_code('source.occupation_code') }} = occupations.delivered_code
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when contact_id is null then 'missing_contact_id'
            when loaded_at is null then 'missing_loaded_at'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
contacts as (
    {{ latest_version_wins('judged', key=['contact_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from contacts  -- noqa: AM04
