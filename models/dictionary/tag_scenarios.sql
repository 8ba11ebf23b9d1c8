-- Which scenarios a tag serves (场景标签): the bridge of tag and scenario.

{%- set listed = [] -%}
{%- for entry in tag_entries() -%}
    {%- for scenario in entry.get('scenarios') or [] -%}
        {%- do listed.append({'tag_code': entry.tag_code, 'scenario': scenario}) -%}
    {%- endfor -%}
{%- endfor %}

with

tag_scenarios as (
    select
        tag_code,
        scenario
    from {{ rows_from(listed, ['tag_code', 'scenario']) }} as listed
)

select * from tag_scenarios
