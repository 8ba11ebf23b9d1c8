{# The rows that the project's own commands keep as Parquet files under data/lists (BANK_TAGS_LISTS), as a relation of these columns;
   without rows where nothing was kept yet.
   Difference: DuckDB asks whether there are files; Spark declares the folder as a table, which may be empty, and whose location would
   be looked up beside its schema if it were relative. #}
{% macro own_records(name, columns) -%}
    {{ return(adapter.dispatch('own_records')(name, columns, env_var('BANK_TAGS_LISTS', 'data/lists') ~ '/' ~ name)) }}
{%- endmacro %}

{% macro duckdb__own_records(name, columns, folder) -%}
    {%- set files = file_pattern(folder) ~ '/*.parquet' -%}
    {%- if execute and run_query("select count(*) from glob('" ~ files ~ "')").rows[0][0] > 0 -%}
        {{ return("(select " ~ columns.keys() | join(', ') ~ " from read_parquet('" ~ files ~ "'))") }}
    {%- endif -%}
    {%- set empty = [] -%}
    {%- for column, type in columns.items() -%}
        {%- do empty.append('cast(null as ' ~ type ~ ') as ' ~ column) -%}
    {%- endfor -%}
    {{ return('(select ' ~ empty | join(', ') ~ ' where 1 = 0)') }}
{%- endmacro %}

{% macro spark__own_records(name, columns, folder) -%}
    {%- set declared = [] -%}
    {%- for column, type in columns.items() -%}
        {%- do declared.append(column ~ ' ' ~ type) -%}
    {%- endfor -%}
    {%- set location = folder if folder.startswith('/') or '://' in folder else invocation_args_dict.project_dir ~ '/' ~ folder -%}
    {%- set relation = this.schema ~ '.records_of_' ~ name -%}
    {%- if execute -%}
        {%- do run_query('create table if not exists ' ~ relation ~ ' (' ~ declared | join(', ') ~ ") using parquet location '" ~ location ~ "'") -%}
        {%- do run_query('refresh table ' ~ relation) -%}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}
