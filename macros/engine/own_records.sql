{# The rows that the project's own commands keep as Parquet files under data/lists (BANK_TAGS_LISTS), as a relation of these columns;
   without rows where nothing was kept yet. A column that came later is null in the files of before.
   Difference: DuckDB asks whether there are files; Spark declares the folder as a table, which may be empty, and whose location would
   be looked up beside its schema if it were relative. #}
{% macro own_records(name, columns) -%}
    {{ return(adapter.dispatch('own_records')(name, columns, env_var('BANK_TAGS_LISTS', 'data/lists') ~ '/' ~ name)) }}
{%- endmacro %}

{% macro duckdb__own_records(name, columns, folder) -%}
    {%- set files = file_pattern(folder) ~ '/*.parquet' -%}
    {%- set typed, empty = [], [] -%}
    {%- for column, type in columns.items() -%}
        {%- do typed.append('cast(' ~ column ~ ' as ' ~ type ~ ') as ' ~ column) -%}
        {%- do empty.append('cast(null as ' ~ type ~ ') as ' ~ column) -%}
    {%- endfor -%}
    {%- set none_kept = 'select ' ~ empty | join(', ') ~ ' where 1 = 0' -%}
    {%- if execute and run_query("select count(*) from glob('" ~ files ~ "')").rows[0][0] > 0 -%}
        {{ return(
            '(select ' ~ typed | join(', ') ~ ' from (' ~ none_kept
            ~ " union all by name select * from read_parquet('" ~ files ~ "', union_by_name = true)) as kept)"
        ) }}
    {%- endif -%}
    {{ return('(' ~ none_kept ~ ')') }}
{%- endmacro %}

{% macro spark__own_records(name, columns, folder) -%}
    {%- set declared = [] -%}
    {%- for column, type in columns.items() -%}
        {%- do declared.append(column ~ ' ' ~ type) -%}
    {%- endfor -%}
    {%- set location = folder if folder.startswith('/') or '://' in folder else invocation_args_dict.project_dir ~ '/' ~ folder -%}
    {#- A data test has no schema of its own to keep a table in. -#}
    {%- set schema = this.schema if model.resource_type == 'model' else target.schema -%}
    {%- set relation = schema ~ '.records_of_' ~ name -%}
    {%- if execute -%}
        {%- do run_query('create database if not exists ' ~ schema) -%}
        {%- do run_query('create table if not exists ' ~ relation ~ ' (' ~ declared | join(', ') ~ ") using parquet location '" ~ location ~ "'") -%}
        {%- do run_query('refresh table ' ~ relation) -%}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}
