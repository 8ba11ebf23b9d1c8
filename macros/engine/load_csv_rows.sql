{# Loads the rows of a seed, dbt's hook for it.
   Difference: Spark only. dbt-spark's session writes null as the text None and ends a text at its first quote; here each value
   stands as a literal of its own. #}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set statement -%}
        insert into {{ this }} values
        {% for row in agate_table.rows -%}
        (
            {%- for name in agate_table.column_names -%}
            {%- set type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
            cast({{ spark_literal(row[name]) }} as {{ type }}){{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {% endfor %}
    {%- endset -%}
    {%- if agate_table.rows -%}
        {%- do adapter.add_query(statement, abridge_sql_log=True) -%}
    {%- endif -%}
    {{ return(statement) }}
{%- endmacro %}

{# A value of a seed as a literal of Spark, whose texts escape by backslash. #}
{% macro spark_literal(value) -%}
    {%- if value is none -%} null
    {%- else -%} '{{ value | string | replace('\\', '\\\\') | replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}
