{{ config(
    materialized='incremental',
    unique_key=['entry_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('crm', 'do_not_contact')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'mobile': 'source.standard_mobile',
    'channel': code_or_unknown('source.channel', ['SMS', 'PHONE', 'APP', 'WECOM', 'EMAIL', 'ALL']),
    'purpose': code_or_unknown('source.purpose', ['MARKETING', 'ALL']),
    'listed_from': known_date('source.listed_from'),
    'listed_until': known_date('source.listed_until', not_before='source.listed_from'),
} %}

with

delivered as (
    {{ new_batches(source('crm', 'do_not_contact')) }}
),

-- The number in the one form in which systems can agree on it.
source as (
    select
        *,
        {{ standard_mobile('mobile') }} as standard_mobile
    from delivered
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.entry_id') }} as entry_id,
        {{ known_text('source.contact_id') }} as contact_id,
        {{ known_text('source.customer_id') }} as customer_id,
        {{ keyed_hash(known.mobile) }} as mobile_hash,
        {{ known.channel }} as channel,
        {{ known.purpose }} as purpose,
        {{ known.listed_from }} as listed_from,
        {{ known.listed_until }} as listed_until,
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
            when entry_id is null then 'missing_entry_id'
            when contact_id is null and customer_id is null and mobile_hash is null
                then 'missing_contact_customer_and_mobile'
            when loaded_at is null then 'missing_loaded_at'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
do_not_contact as (
    {{ latest_version_wins('judged', key=['entry_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from do_not_contact  -- noqa: AM04
