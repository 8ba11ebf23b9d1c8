-- What the tracked tags, and the tags that their rules read, were on the last observed date and on the one before: a
-- copy of those columns of the wide mart. Written from the project's list of certified tags.
--
-- The pre-hook commits by itself, because DuckDB adds no column to a table in the transaction that has deleted from it.
-- A run killed in between has only taken back what the next one writes.
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false

{{ config(
    materialized='incremental',
    pre_hook={'sql': "{{ keep_last_generation() }}", 'transaction': false},
    on_schema_change='sync_all_columns',
    contract={'enforced': false}
) }}

-- depends_on: {{ ref('tag_rule_inputs') }}

with

tag_state as (
    select
        customer_id,
        {% for column in tracked_columns() %}
        {{ column }},
        {% endfor %}
        as_of_date
    from {{ ref('customer_tags') }}
    where {{ moves_history() }}
)

select * from tag_state
