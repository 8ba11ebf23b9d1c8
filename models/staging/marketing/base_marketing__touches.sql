{{ config(
    materialized='incremental',
    partition_by='dt',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_batches(source('marketing', 'touches')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'touch_at': known_date('source.touch_at'),
} %}

{% set key = ['touch_id', 'touch_date'] %}

with

source as (
    {{ new_batches(source('marketing', 'touches')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.touch_id') }} as touch_id,
        {{ known_text('source.campaign_id') }} as campaign_id,
        {{ known_text('source.customer_id') }} as customer_id,
        {{ known_date('source.touch_date') }} as touch_date,
        {{ known.touch_at }} as touch_at,
        upper(nullif(trim(source.channel), '')) as channel,
        lower(nullif(trim(source.touch_status), '')) as touch_status,
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
            when touch_id is null then 'missing_touch_id'
            when touch_date is null then 'missing_touch_date'
            when campaign_id is null then 'missing_campaign_id'
            when customer_id is null then 'missing_customer_id'
            when channel is null then 'missing_channel'
            when touch_status is null then 'missing_touch_status'
            when loaded_at is null then 'missing_loaded_at'
            when channel not in ('SMS', 'APP', 'PHONE', 'WECOM', 'BRANCH') then 'unknown_channel'
            when touch_status not in ('sent', 'delivered', 'opened', 'clicked', 'replied', 'unsubscribed', 'refused')
                then 'unknown_touch_status'
            when touch_date > dt then 'future_touch_date'
        end as fault
    from standardised
),

-- The first delivery of each key stands.
{{ cleaned_rows('judged', key, kind='event') }}

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
-- With the hint, Spark writes few files of even size for each date; DuckDB reads it as a comment.
select /*+ rebalance(dt) */ * from cleaned  -- noqa: AM04
