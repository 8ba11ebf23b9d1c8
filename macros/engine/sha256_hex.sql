{# SHA-256 of a text as 64 lower-case hex characters. Difference: DuckDB names it sha256(text), Spark sha2(text, 256). #}
{% macro sha256_hex(value) -%}
    {{ return(adapter.dispatch('sha256_hex')(value)) }}
{%- endmacro %}

{% macro duckdb__sha256_hex(value) -%}
    sha256({{ value }})
{%- endmacro %}

{% macro spark__sha256_hex(value) -%}
    sha2({{ value }}, 256)
{%- endmacro %}
