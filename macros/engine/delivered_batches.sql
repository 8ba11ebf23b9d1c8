{# Batches of a source table as one row for each dt: dt, row_count and fingerprint, which changes when the batch is delivered
   anew with other content, or when the key of the hashes does (rows hashed with two keys would not meet).
   Difference: on DuckDB the footers of the Parquet files answer without reading a row; elsewhere the rows are counted. #}
{% macro delivered_batches(relation) -%}
    {{ return(adapter.dispatch('delivered_batches')(relation)) }}
{%- endmacro %}

{% macro duckdb__delivered_batches(relation) -%}
    {%- set files = parquet_files(relation) -%}
    {%- if files is none -%}
        {{ return(default__delivered_batches(relation)) }}
    {%- endif -%}
    select
        cast(regexp_extract(file_name, 'dt=(\d{4}-\d{2}-\d{2})', 1) as date) as dt,
        sum(num_rows) as row_count,
        sum(num_rows) || ' rows, ' || sum(file_size_bytes) || ' bytes, key ' || left({{ keyed_hash("'fingerprint'") }}, 8) as fingerprint
    from parquet_file_metadata('{{ files }}')
    group by 1
    having sum(num_rows) > 0
{%- endmacro %}

{% macro default__delivered_batches(relation) -%}
    select
        dt,
        count(*) as row_count,
        count(*) || ' rows to ' || max(loaded_at) || ', key ' || left({{ keyed_hash("'fingerprint'") }}, 8) as fingerprint
    from {{ relation }}
    group by dt
{%- endmacro %}
