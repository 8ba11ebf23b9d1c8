{{ config(
    materialized='incremental',
    partition_by='dt',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_batches(source('wealth', 'orders'), {'channel': ref('channels')}) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'channel': 'channels.channel',
} %}

{% set key = ['order_id', 'order_date'] %}

with

source as (
    {{ new_batches(source('wealth', 'orders'), {'channel': ref('channels')}) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.order_id') }} as order_id,
        {{ known_text('source.customer_id') }} as customer_id,
        {{ known_text('source.product_id') }} as product_id,
        {{ known_date('source.order_date') }} as order_date,
        upper(nullif(trim(source.order_type), '')) as order_type,
        source.amount,
        upper(nullif(trim(source.status), '')) as status,
        {{ known.channel }} as channel,
        source.loaded_at,
        source.dt,
        source.batch_fingerprint,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
    left join {{ codes_of('channels', 'channel') }} as channels
        on {{ delivered_code('source.channel') }} = channels.delivered_code
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when order_id is null then 'missing_order_id'
            when order_date is null then 'missing_order_date'
            when customer_id is null then 'missing_customer_id'
            when product_id is null then 'missing_product_id'
            when order_type is null then 'missing_order_type'
            when amount is null then 'missing_amount'
            when status is null then 'missing_status'
            when loaded_at is null then 'missing_loaded_at'
            when order_type not in ('PURCHASE', 'REDEMPTION', 'SIP') then 'unknown_order_type'
            when status not in ('CONFIRMED', 'CANCELLED', 'FAILED') then 'unknown_status'
            when amount <= 0 then 'invalid_amount'
            when order_date > dt then 'future_order_date'
        end as fault
    from standardised
),

-- Within a batch the last row of an order stands; a later batch may revise it: a cancellation takes the purchase back.
{{ cleaned_rows('judged', key, kind='state') }}

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
-- With the hint, Spark writes few files of even size for each date; DuckDB reads it as a comment.
select /*+ rebalance(dt) */ * from cleaned  -- noqa: AM04
