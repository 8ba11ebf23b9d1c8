{# The tags and how each is counted (bin_kind, see models/checks/bins.md). None while dbt parses and in a unit test, where the
   graph is empty. #}
{% macro tags_to_scan() -%}
    {%- set tags = [] -%}
    {%- for entry in tag_entries() -%}
        {%- set values_from = 'seed.bank_tags.' ~ (entry.get('values_from') or '').split('.')[0] -%}
        {%- if entry.get('values') or values_from in graph.nodes -%}
            {%- set bin_kind = 'value' -%}
        {%- else -%}
            {%- set bin_kind = {'string': 'bucket', 'date': 'months'}.get(entry.data_type, 'number') -%}
        {%- endif -%}
        {%- do tags.append({'code': entry.tag_code, 'data_type': entry.data_type, 'bin_kind': bin_kind}) -%}
    {%- endfor -%}
    {{ return(tags) }}
{%- endmacro %}

{# The numbers of one significant digit from ±0.001 to ±900,000,000,000, and 0, in ascending order: the bounds of the bins of numbers. #}
{% macro one_digit_numbers() -%}
    {%- set magnitudes = [] -%}
    {%- for power in range(-3, 12) -%}
        {%- for digit in range(1, 10) -%}
            {%- do magnitudes.append(digit ~ 'e' ~ power) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set negatives = [] -%}
    {%- for magnitude in magnitudes | reverse -%}
        {%- do negatives.append('-' ~ magnitude) -%}
    {%- endfor -%}
    {{ return(negatives + ['0e0'] + magnitudes) }}
{%- endmacro %}
