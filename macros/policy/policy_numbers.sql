{# The numbers of a policy seed (policy_seeds): its columns with a unit, of the row or of the column (meta unit).
   banktags/catalogue/policies.py reads the manifest the same way. #}
{% macro policy_numbers(seed_name) -%}
    {%- set numbers = [] -%}
    {%- set node = graph.get('nodes', {}).get('seed.' ~ project_name ~ '.' ~ seed_name, {}) -%}
    {%- set types = node.get('config', {}).get('column_types', {}) -%}
    {%- for column, data_type in types.items() if data_type.split('(') | first in ('int', 'bigint', 'double', 'decimal') -%}
        {%- set meta = node.columns.get(column, {}).get('config', {}).get('meta', {}) -%}
        {%- if 'unit' in types or meta.get('unit') -%}
            {%- do numbers.append({
                'column': column,
                'unit': 'unit' if 'unit' in types else "'" ~ meta.unit ~ "'" if meta.get('unit') else 'cast(null as string)',
                'name_zh': "'" ~ meta.name_zh ~ "'" if meta.get('name_zh') else 'cast(null as string)',
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({'columns': types.keys() | list, 'numbers': numbers}) }}
{%- endmacro %}


{# Whether a row of a seed is one that a tag reads: each filter of tag_rule_policies names a column of the seed and its value. #}
{% macro meets_filters(policies, rows, columns) -%}
    {%- for position in range(1, 4) -%}
        {{ ' and ' if not loop.first }}({{ policies }}.filter_column_{{ position }} is null
        {%- for column in columns %} or ({{ policies }}.filter_column_{{ position }} = '{{ column }}' and {{ policies }}.filter_value_{{ position }} = cast({{ rows }}.{{ column }} as string)){% endfor %})
    {%- endfor -%}
{%- endmacro %}
