{# Pre-hook of an incremental model: take back the rows that meet a condition. The column is the date by which the table is
   partitioned, and the condition holds for all rows of a date or for none. A hook of the whole run, which is no model's, names the
   table and its settings.
   Difference: DuckDB deletes rows; a Parquet table of Spark drops whole partitions; Delta and Iceberg know neither partitions to
   drop nor, in a delete, another query, so that they delete date by date. #}
{% macro forget_rows(column, condition, table=this, settings=config) -%}
    {{ return(adapter.dispatch('forget_rows')(column, condition, table, settings)) }}
{%- endmacro %}

{% macro duckdb__forget_rows(column, condition, table, settings) -%}
    delete from {{ table }} where {{ condition }}
{%- endmacro %}

{% macro spark__forget_rows(column, condition, table, settings) -%}
    {%- if execute -%}
        {%- for row in run_query('select distinct ' ~ column ~ ' from ' ~ table ~ ' where ' ~ condition).rows -%}
            {%- set rows = column ~ " = '" ~ row[0] ~ "'" -%}
            {%- do run_query(
                'alter table ' ~ table ~ ' drop if exists partition (' ~ rows ~ ')' if settings.get('file_format', 'parquet') == 'parquet'
                else 'delete from ' ~ table ~ ' where ' ~ rows
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
