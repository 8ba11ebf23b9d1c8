{# The values that a column of a seed has in its CSV file; none where only dbt can read the file. Asked before the seeds are built,
   when the warehouse holds those of an earlier run or none.
   Difference: DuckDB reads the file itself. #}
{% macro seed_file_values(seed, column) -%}
    {{ return(adapter.dispatch('seed_file_values')(seed, column)) }}
{%- endmacro %}

{% macro duckdb__seed_file_values(seed, column) -%}
    {%- set file = (seed.root_path ~ '/' ~ seed.original_file_path) | replace("'", "''") -%}
    {{ return(run_query(
        "select distinct " ~ column ~ " from read_csv('" ~ file ~ "', all_varchar = true, header = true) where " ~ column ~ " is not null"
    ).columns[0].values() | list) }}
{%- endmacro %}

{% macro default__seed_file_values(seed, column) -%}
    {{ return(none) }}
{%- endmacro %}
