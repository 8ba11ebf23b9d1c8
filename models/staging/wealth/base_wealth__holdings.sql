{{ config(
    materialized='incremental',
    partition_by='dt',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_batches(source('wealth', 'holdings')) }}",
) }}

{% set key = ['customer_id', 'product_id', 'holding_date'] %}

with

source as (
    {{ new_batches(source('wealth', 'holdings')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('customer_id') }} as customer_id,
        {{ known_text('product_id') }} as product_id,
        {{ known_date('holding_date') }} as holding_date,
        market_value,
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
            when customer_id is null then 'missing_customer_id'
            when product_id is null then 'missing_product_id'
            when holding_date is null then 'missing_holding_date'
            when market_value is null then 'missing_market_value'
            when loaded_at is null then 'missing_loaded_at'
            when market_value < 0 then 'invalid_market_value'
            when holding_date > dt then 'future_holding_date'
        end as fault
    from standardised
),

-- Within a batch the last row of a key stands; a later batch may revise it.
{{ cleaned_rows('judged', key, kind='state') }}

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
-- With the hint, Spark writes few files of even size for each date; DuckDB reads it as a comment.
select /*+ rebalance(dt) */ * from cleaned  -- noqa: AM04
