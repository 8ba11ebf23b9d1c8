{{ config(
    materialized='incremental',
    unique_key=['device_id', 'customer_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('digital', 'devices')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'first_seen_date': known_date('source.first_seen_date', not_after='dt'),
    'os': code_or_unknown('source.os', ['IOS', 'ANDROID', 'HARMONY', 'OTHER']),
} %}

with

source as (
    {{ new_batches(source('digital', 'devices')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.device_id') }} as device_id,
        {{ known_text('source.customer_id') }} as customer_id,
        {{ known.os }} as os,
        {{ known.first_seen_date }} as first_seen_date,
        source.is_push_enabled,
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
            when device_id is null then 'missing_device_id'
            when customer_id is null then 'missing_customer_id'
            when loaded_at is null then 'missing_loaded_at'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
devices as (
    {{ latest_version_wins('judged', key=['device_id', 'customer_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from devices  -- noqa: AM04
