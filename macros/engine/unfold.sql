{# A list of expressions as rows: one row for each that is not null. It stands in a select list.
   Difference: DuckDB unnests a list, Spark explodes an array. #}
{% macro unfold(expressions) -%}
    {{ return(adapter.dispatch('unfold')(expressions)) }}
{%- endmacro %}

{% macro duckdb__unfold(expressions) -%}
    unnest(list_filter([{{ expressions | join(', ') }}], lambda element: element is not null))
{%- endmacro %}

{% macro default__unfold(expressions) -%}
    explode(filter(array({{ expressions | join(', ') }}), element -> element is not null))
{%- endmacro %}
