-- Which values an enumerated tag can have, with their Chinese labels.

{%- set listed = [] -%}
{%- for entry in tag_entries() -%}
    {%- for value, name_zh in (entry.get('values') or {}).items() -%}
        {%- do listed.append({'tag_code': entry.tag_code, 'value': value, 'name_zh': name_zh, 'display_order': loop.index}) -%}
    {%- endfor -%}
{%- endfor %}

with

tag_values as (
    select
        tag_code,
        value,
        name_zh,
        cast(display_order as int) as display_order
    from {{ rows_from(listed, ['tag_code', 'value', 'name_zh', 'display_order']) }} as listed
)

select * from tag_values
