{{ config(
    materialized='incremental',
    unique_key=['consent_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('crm', 'consents')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'withdrawn_at': known_date('source.withdrawn_at', not_before='source.given_at'),
} %}

with

source as (
    {{ new_batches(source('crm', 'consents')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.consent_id') }} as consent_id,
        {{ known_text('source.contact_id') }} as contact_id,
        upper(nullif(trim(source.purpose), '')) as purpose,
        upper(nullif(trim(source.channel), '')) as channel,
        {{ known_date('source.given_at') }} as given_at,
        -- Withdrawn before it was given: it is withdrawn, when is unknown. The bank may count on none of it.
        case
            when source.withdrawn_at < source.given_at and not {{ is_no_date('source.withdrawn_at') }}
                then source.given_at
            else {{ known.withdrawn_at }}
        end as withdrawn_at,
        source.loaded_at,
        source.dt,
        source.batch_fingerprint,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
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
            when purpose not in ('MARKETING', 'PERSONALISATION', 'LOCATION', 'DATA_SHARING', 'GUARDIAN')
                then 'unknown_purpose'
            when channel not in ('SMS', 'PHONE', 'APP', 'WECOM', 'EMAIL', 'ALL') then 'unknown_channel'
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
