{{ config(
    materialized='incremental',
    unique_key=['campaign_id', 'customer_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('marketing', 'assignments')) }}",
) }}

with

source as (
    {{ new_batches(source('marketing', 'assignments')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('campaign_id') }} as campaign_id,
        {{ known_text('customer_id') }} as customer_id,
        upper(nullif(trim(arm), '')) as arm,
        {{ known_date('assigned_date') }} as assigned_date,
        loaded_at,
        dt,
        batch_fingerprint,
        cast(null as string) as unknown_values,
        cast(null as string) as unknown_shapes
    from source
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when campaign_id is null then 'missing_campaign_id'
            when customer_id is null then 'missing_customer_id'
            when arm is null then 'missing_arm'
            when assigned_date is null then 'missing_assigned_date'
            when loaded_at is null then 'missing_loaded_at'
            when arm not in ('TREATMENT', 'CONTROL') then 'unknown_arm'
            when assigned_date > dt then 'future_assigned_date'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
assignments as (
    {{ latest_version_wins('judged', key=['campaign_id', 'customer_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from assignments  -- noqa: AM04
