{# Pre-hook of an incremental model: take back the rows that meet a condition. The column is the date by which the table is
   partitioned, and the condition holds for all rows of a date or for none.
   Difference: DuckDB deletes rows; a Parquet table of Spark drops whole partitions. #}
{% macro forget_rows(column, condition) -%}
    {{ return(adapter.dispatch('forget_rows')(column, condition)) }}
{%- endmacro %}

{% macro duckdb__forget_rows(column, condition) -%}
    delete from {{ this }} where {{ condition }}
{%- endmacro %}

{% macro spark__forget_rows(column, condition) -%}
    {%- if execute -%}
        {%- for row in run_query('select distinct ' ~ column ~ ' from ' ~ this ~ ' where ' ~ condition).rows -%}
            {%- do run_query('alter table ' ~ this ~ " drop if exists partition (" ~ column ~ " = '" ~ row[0] ~ "')") -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
