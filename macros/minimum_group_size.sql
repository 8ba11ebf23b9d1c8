{# The fewest customers that a report of marketing may show as a group: seed audience_purposes, as a scalar subquery. #}
{% macro minimum_group_size() -%}
    (select purposes.minimum_size from {{ ref('audience_purposes') }} as purposes where purposes.purpose = 'marketing')
{%- endmacro %}
