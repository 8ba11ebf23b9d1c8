{# The value of a key of a JSON object, as text; null where the object has none. The key is an expression that gives the code of a tag.
   Difference: the name of the function. #}
{% macro json_value(json, key) -%}
    {{ return(adapter.dispatch('json_value')(json, key)) }}
{%- endmacro %}

{% macro default__json_value(json, key) -%}
    get_json_object({{ json }}, '$.' || {{ key }})
{%- endmacro %}

{% macro duckdb__json_value(json, key) -%}
    json_extract_string({{ json }}, '$.' || {{ key }})
{%- endmacro %}
