-- Since when each tracked tag is tracked, and by which rule: a row where a rule was first seen or has changed.
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false

{{ config(materialized='incremental', pre_hook="{{ forget_date() }}") }}

-- depends_on: {{ ref('tag_rule_inputs') }}

with

tracked as (
    select
        rules.tag_code,
        rules.rule_hash
    from {{ ref('tag_rules') }} as rules
    where
        {{ moves_history() }}
        and rules.tag_code in ('' {%- for tag in tracked_tags() %}, '{{ tag.code }}'{% endfor %})  -- noqa: LT05
),
{% if is_incremental() %}
known as (
    select
        tag_code,
        max_by(rule_hash, as_of_date) as rule_hash
    from {{ this }}
    group by tag_code
),
{% endif %}
tag_versions as (
    select
        tracked.tag_code,
        {{ as_of_date() }} as as_of_date,
        tracked.rule_hash,
        {{ 'known.tag_code is null' if is_incremental() else 'true' }} as is_first
    from tracked
    {% if is_incremental() %}
    left join known on tracked.tag_code = known.tag_code
    where known.tag_code is null or known.rule_hash <> tracked.rule_hash
    {% endif %}
)

select * from tag_versions
