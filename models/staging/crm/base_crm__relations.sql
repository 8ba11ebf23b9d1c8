{{ config(
    materialized='incremental',
    unique_key=['relation_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('crm', 'relations')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'since_date': known_date('source.since_date', not_after='dt'),
    'until_date': known_date('source.until_date', not_before=known_date('source.since_date', not_after='dt')),
} %}

with

source as (
    {{ new_batches(source('crm', 'relations')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('relation_id') }} as relation_id,
        {{ known_text('from_contact_id') }} as from_contact_id,
        {{ known_text('to_contact_id') }} as to_contact_id,
        upper(nullif(trim(relation_type), '')) as relation_type,
        {{ known.since_date }} as since_date,
        {{ known.until_date }} as until_date,
        loaded_at,
        dt,
        batch_fingerprint,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when relation_id is null then 'missing_relation_id'
            when from_contact_id is null then 'missing_from_contact_id'
            when to_contact_id is null then 'missing_to_contact_id'
            when relation_type is null then 'missing_relation_type'
            when loaded_at is null then 'missing_loaded_at'
            when relation_type not in ('REFERRED_BY', 'SPOUSE', 'PARENT', 'CHILD', 'FRIEND', 'HOUSEHOLD')
                then 'unknown_relation_type'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
relations as (
    {{ latest_version_wins('judged', key=['relation_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from relations  -- noqa: AM04
