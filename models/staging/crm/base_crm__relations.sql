{{ config(
    materialized='incremental',
    unique_key=['relation_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('crm', 'relations')) }}",
) }}

with

source as (
    {{ new_batches(source('crm', 'relations')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        nullif(trim(relation_id), '') as relation_id,
        nullif(trim(from_contact_id), '') as from_contact_id,
        nullif(trim(to_contact_id), '') as to_contact_id,
        upper(nullif(trim(relation_type), '')) as relation_type,
        since_date,
        until_date,
        loaded_at,
        dt,
        batch_fingerprint,
        cast(null as string) as unknown_values
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
            when since_date is null then 'missing_since_date'
            when loaded_at is null then 'missing_loaded_at'
            when relation_type not in ('REFERRED_BY', 'SPOUSE', 'PARENT', 'CHILD', 'FRIEND', 'HOUSEHOLD')
                then 'unknown_relation_type'
            when until_date < since_date then 'invalid_until_date'
            when since_date > dt then 'future_since_date'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
relations as (
    {{ latest_version_wins('judged', key=['relation_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from relations  -- noqa: AM04
