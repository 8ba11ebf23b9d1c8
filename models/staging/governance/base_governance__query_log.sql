{{ config(
    materialized='incremental',
    partition_by='dt',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_batches(source('governance', 'query_log')) }}",
) }}

{% set key = ['query_id', 'queried_date'] %}

with

source as (
    {{ new_batches(source('governance', 'query_log')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('query_id') }} as query_id,
        {{ known_text('tag_code') }} as tag_code,
        {{ known_text('user_role') }} as user_role,
        {{ known_text('department') }} as department,
        {{ known_date('queried_date') }} as queried_date,
        lower(nullif(trim(purpose), '')) as purpose,
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
            when query_id is null then 'missing_query_id'
            when queried_date is null then 'missing_queried_date'
            when tag_code is null then 'missing_tag_code'
            when user_role is null then 'missing_user_role'
            when department is null then 'missing_department'
            when loaded_at is null then 'missing_loaded_at'
            when queried_date > dt then 'future_queried_date'
        end as fault
    from standardised
),

-- The first delivery of each key stands.
{{ cleaned_rows('judged', key, kind='event') }}

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
-- With the hint, Spark writes few files of even size for each date; DuckDB reads it as a comment.
select /*+ rebalance(dt) */ * from cleaned  -- noqa: AM04
