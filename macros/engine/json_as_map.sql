{# A JSON object of texts, as macro json_text writes it, as a map of texts; null of null.
   Difference: DuckDB casts JSON to a map, Spark reads it by a schema. #}
{% macro json_as_map(json) -%}
    {{ return(adapter.dispatch('json_as_map')(json)) }}
{%- endmacro %}

{% macro duckdb__json_as_map(json) -%}
    cast(cast({{ json }} as json) as map(string, string))
{%- endmacro %}

{% macro default__json_as_map(json) -%}
    from_json({{ json }}, 'map<string,string>')
{%- endmacro %}
