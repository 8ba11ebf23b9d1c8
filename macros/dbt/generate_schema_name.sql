{# A folder's schema is its own name (staging, tags, marts, …), not prefixed by the target's: what the folder says is what
   an analyst types (DECISIONS 24). #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
