{# In a group of rows: the value of the row of lowest rank that has one; null when none has.

       {{ first_known('city_code', 'rank') }} as city_code
#}
{% macro first_known(column, rank) -%}
    min_by({{ column }}, case when {{ column }} is not null then {{ rank }} end)
{%- endmacro %}
