{# A person's name in the form that two systems would agree on: no blanks, upper case. #}
{% macro standard_name(column) -%}
    nullif(upper(translate({{ column }}, ' 　·', '')), '')
{%- endmacro %}

{# A name with all but its first character hidden: 张**. #}
{% macro masked_name(column) -%}
    substr(nullif(trim({{ column }}), ''), 1, 1) || '**'
{%- endmacro %}
