{# One parameter of seed campaign_parameters, in a query that aggregates the rows in force to a single row; see threshold(). #}
{% macro campaign_parameter(parameter) -%}
    max(case when parameter = '{{ parameter }}' then value end)
{%- endmacro %}
