{{ config(
    materialized='incremental',
    unique_key=['limit_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('lending', 'limits')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'limit_type': code_or_unknown('source.limit_type', ['CREDIT_CARD', 'CONSUMER', 'BUSINESS']),
    'used_amount': 'case when source.used_amount >= 0 then source.used_amount end',
    'valid_from': known_date('source.valid_from'),
    'valid_to': known_date('source.valid_to', not_before=known_date('source.valid_from')),
} %}

with

source as (
    {{ new_batches(source('lending', 'limits')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.limit_id') }} as limit_id,
        {{ known_text('source.customer_id') }} as customer_id,
        {{ known.limit_type }} as limit_type,
        source.granted_amount,
        {{ known.used_amount }} as used_amount,
        {{ known.valid_from }} as valid_from,
        {{ known.valid_to }} as valid_to,
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
            when limit_id is null then 'missing_limit_id'
            when customer_id is null then 'missing_customer_id'
            when granted_amount is null then 'missing_granted_amount'
            when loaded_at is null then 'missing_loaded_at'
            when granted_amount < 0 then 'invalid_granted_amount'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
limits as (
    {{ latest_version_wins('judged', key=['limit_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from limits  -- noqa: AM04
