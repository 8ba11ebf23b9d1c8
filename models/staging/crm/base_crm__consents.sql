{{ config(
    materialized='incremental',
    unique_key=['consent_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('crm', 'consents')) }}",
) }}

with

source as (
    {{ new_batches(source('crm', 'consents')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        nullif(trim(consent_id), '') as consent_id,
        nullif(trim(contact_id), '') as contact_id,
        upper(nullif(trim(purpose), '')) as purpose,
        upper(nullif(trim(channel), '')) as channel,
        given_at,
        withdrawn_at,
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
            when consent_id is null then 'missing_consent_id'
            when contact_id is null then 'missing_contact_id'
            when purpose is null then 'missing_purpose'
            when channel is null then 'missing_channel'
            when given_at is null then 'missing_given_at'
            when loaded_at is null then 'missing_loaded_at'
            when purpose not in ('MARKETING', 'PERSONALISATION', 'LOCATION', 'DATA_SHARING') then 'unknown_purpose'
            when channel not in ('SMS', 'PHONE', 'APP', 'WECOM', 'EMAIL', 'ALL') then 'unknown_channel'
            when withdrawn_at < given_at then 'invalid_withdrawn_at'
            when cast(given_at as date) > dt then 'future_given_at'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
consents as (
    {{ latest_version_wins('judged', key=['consent_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from consents  -- noqa: AM04
