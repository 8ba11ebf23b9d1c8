{{ config(
    materialized='incremental',
    partition_by='dt',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_batches(source('core', 'account_balances')) }}",
) }}

{% set key = ['account_id', 'balance_date'] %}

with

source as (
    {{ new_batches(source('core', 'account_balances')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ hashed_number('account_id') }} as account_id,
        {{ known_date('balance_date') }} as balance_date,
        balance,
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
            when account_id is null then 'missing_account_id'
            when balance_date is null then 'missing_balance_date'
            when balance is null then 'missing_balance'
            when loaded_at is null then 'missing_loaded_at'
            when balance_date > dt then 'future_balance_date'
        end as fault
    from standardised
),

-- Within a batch the last row of a key stands; a later batch may revise it.
{{ cleaned_rows('judged', key, kind='state') }}

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
-- With the hint, Spark writes few files of even size for each date; DuckDB reads it as a comment.
select /*+ rebalance(dt) */ * from cleaned  -- noqa: AM04
