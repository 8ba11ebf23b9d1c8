{# Pre-hook of an incremental model: take back all rows, when a condition holds.
   Difference: DuckDB deletes; a Parquet table of Spark cannot replace single rows either, which a run that keeps the others would
   do next, so it always starts from empty. #}
{% macro forget_table(condition) -%}
    {{ return(adapter.dispatch('forget_table')(condition)) }}
{%- endmacro %}

{% macro duckdb__forget_table(condition) -%}
    delete from {{ this }} where {{ condition }}
{%- endmacro %}

{% macro spark__forget_table(condition) -%}
    {{ 'truncate table' if config.get('file_format', 'parquet') == 'parquet' else 'delete from' }} {{ this }}
{%- endmacro %}
