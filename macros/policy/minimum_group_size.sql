{# The fewest customers that a report may show as a group, as a scalar subquery: the strictest of seed audience_purposes, because a report is
   read for any purpose. #}
{% macro minimum_group_size() -%}
    (select max(purposes.minimum_size) from {{ ref('audience_purposes') }} as purposes)
{%- endmacro %}
