{# What of a customer's tags is known, as columns of a select list: known_<dimension> counts the tags of each data dimension (人口, 资产, 行为,
   风险, 社交) whose value is known, and all_<dimension> the tags that there are. Each is 0 while dbt parses, when the graph is empty. #}
{% macro known_tags() -%}
    {%- set entries = tag_entries() -%}
    {%- for dimension in data_dimensions() %}
    {%- set tags = entries | selectattr('dimension', 'equalto', dimension.name_zh) | map(attribute='tag_code') | list %}
    {{ added_up(tags, '%s is not null') }} as known_{{ dimension.name }},
    cast({{ tags | length }} as bigint) as all_{{ dimension.name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The five data dimensions: the roots of the tag tree. #}
{% macro data_dimensions() -%}
    {{ return([
        {'name': 'demographics', 'name_zh': '人口'},
        {'name': 'assets', 'name_zh': '资产'},
        {'name': 'behaviour', 'name_zh': '行为'},
        {'name': 'risk', 'name_zh': '风险'},
        {'name': 'social', 'name_zh': '社交'},
    ]) }}
{%- endmacro %}

{# Of the known values that the dictionary says something about, how many there are (checked_values) and how many are as it says
   (valid_values): texts of listed values are among them, numbers lie within their range. Yes or no can be nothing else, so
   booleans are not counted (DECISIONS 97). #}
{% macro valid_tags() -%}
    {%- set checked, valid = [], [] -%}
    {%- for entry in tag_entries() -%}
        {%- if entry.data_type == 'string' and entry.get('values') -%}
            {%- set listed = entry.get('values').keys() | map('string') | map('replace', "'", "''") | join("', '") -%}
            {%- do checked.append(entry.tag_code ~ ' is not null') -%}
            {%- do valid.append(entry.tag_code ~ " in ('" ~ listed ~ "')") -%}
        {%- elif entry.get('range') and entry.data_type != 'date' -%}
            {%- set bounds = [] -%}
            {%- do bounds.append(entry.tag_code ~ ' >= ' ~ entry.range[0]) if entry.range[0] is not none -%}
            {%- do bounds.append(entry.tag_code ~ ' <= ' ~ entry.range[1]) if entry.range[1] is not none -%}
            {%- do checked.append(entry.tag_code ~ ' is not null') -%}
            {%- do valid.append(bounds | join(' and ') or entry.tag_code ~ ' is not null') -%}
        {%- endif -%}
    {%- endfor %}
    {{ added_up(checked, '%s') }} as checked_values,
    {{ added_up(valid, '%s') }} as valid_values
{%- endmacro %}

{# How many of some conditions hold. Some are added up at a time: of one long sum, an engine plans each step by itself. #}
{% macro added_up(conditions, pattern) -%}
    cast(
        0
        {%- for some in conditions | batch(16) %}
        + (
            0
            {%- for condition in some %}
            + case when {{ pattern % condition }} then 1 else 0 end
            {%- endfor %}
        )
        {%- endfor %}
        as bigint
    )
{%- endmacro %}
