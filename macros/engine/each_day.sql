{# The days from the first to the last, both included, as rows. It stands in a select list.
   Difference: DuckDB unnests a series of timestamps, Spark explodes a sequence of dates. #}
{% macro each_day(first_day, last_day) -%}
    {{ return(adapter.dispatch('each_day')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__each_day(first_day, last_day) -%}
    cast(unnest(generate_series({{ first_day }}, {{ last_day }}, interval '1' day)) as date)
{%- endmacro %}

{% macro default__each_day(first_day, last_day) -%}
    explode(sequence({{ first_day }}, {{ last_day }}))
{%- endmacro %}
