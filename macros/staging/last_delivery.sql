{# When a source table was delivered last, for `dbt source freshness`: of one that is delivered daily its own last batch; of
   others the last batch of their system, since they are delivered when something changes. By the control table of batches. #}
{% macro last_delivery(table) -%}
    select max(cast(dt as timestamp))
    from {{ source('core', 'batches') }}
    where
        system_name = '{{ table.source_name }}'
        {% if table.config.meta.get('delivery') == 'daily' -%}
        and table_name = '{{ table.name }}'
        {%- endif %}
{%- endmacro %}
