{# In a group of records: their keys in order, at most the first 20, as one text: core:C0001, crm:K0007. #}
{% macro record_keys() -%}
    {{ dbt.listagg('record_key', "', '", 'order by record_key', 20) }}
{%- endmacro %}
