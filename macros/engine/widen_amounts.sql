{# At the start of a run: amounts that a log of an earlier version holds as decimal(18,2) become decimal(28,2), as its model has them now.
   Logs are never built anew, so no model can do it. Reads the names of columns, and changes a table once.
   Difference: a Parquet table can't change its types; on Spark such a log is made anew by deleting its table. #}
{% macro widen_amounts() -%}
    {% if execute and flags.WHICH in ('build', 'run') %}
        {{ return(adapter.dispatch('widen_amounts')()) }}
    {% endif %}
{%- endmacro %}

{% macro default__widen_amounts() -%}
{%- endmacro %}

{% macro duckdb__widen_amounts() -%}
    {% set narrow -%}
        select
            columns.table_schema,
            columns.table_name,
            columns.column_name
        from information_schema.columns as columns
        inner join information_schema.tables as tables
            using (table_catalog, table_schema, table_name)
        where
            columns.table_catalog = current_catalog()
            and columns.table_schema = 'history'
            and tables.table_type = 'BASE TABLE'
            and columns.data_type = 'DECIMAL(18,2)'
    {%- endset %}
    {% for row in run_query(narrow).rows %}
        {% do run_query('alter table "' ~ row[0] ~ '"."' ~ row[1] ~ '" alter column "' ~ row[2] ~ '" type decimal(28, 2)') %}
    {% endfor %}
{%- endmacro %}
