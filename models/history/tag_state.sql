-- What the tracked tags, and the tags that their rules read, were on the last observed date and on the one before: a copy of
-- those columns of the wide mart. Written from the project's list of certified tags.

{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ keep_last_generation() }}",
    on_schema_change='sync_all_columns',
    full_refresh=false,
    contract={'enforced': false}
) }}

-- depends_on: {{ ref('tag_rule_inputs') }}

with

tag_state as (
    select
        customer_id,
        {%- for column in tracked_columns() %}
        {{ column }},
        {%- endfor %}
        as_of_date
    from {{ ref('customer_tags') }}
    where {{ moves_history() }}
)

select * from tag_state
