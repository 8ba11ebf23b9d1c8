{# Batches of a source table as one row for each dt: dt, row_count and fingerprint. The fingerprint changes with what the batch
   delivers and with what its rows are cleaned by: the key of the hashes (rows hashed with two keys would not meet) and the
   codes of the dictionaries, given as {code column: seed}.
   Difference: on DuckDB the names and footers of the Parquet files answer without reading a row (`banktags load` names a
   file after its content, so a correction of the same size shows); elsewhere the rows are counted. #}
{% macro delivered_batches(relation, dictionaries={}) -%}
    {{ return(adapter.dispatch('delivered_batches')(relation, dictionaries)) }}
{%- endmacro %}

{% macro duckdb__delivered_batches(relation, dictionaries) -%}
    {%- set files = parquet_files(relation) -%}
    {%- if files is none -%}
        {{ return(default__delivered_batches(relation, dictionaries)) }}
    {%- endif -%}
    select
        cast(regexp_extract(file_name, 'dt=(\d{4}-\d{2}-\d{2})', 1) as date) as dt,
        sum(num_rows) as row_count,
        sum(num_rows) || ' rows, ' || sum(file_size_bytes) || ' bytes, files '
        || left(sha256(string_agg(regexp_extract(file_name, '[^/]+$'), ' ' order by file_name)), 8)
        || ', {{ cleaned_by(dictionaries) }} as fingerprint
    from parquet_file_metadata('{{ files }}')
    group by 1
    having sum(num_rows) > 0
{%- endmacro %}

{% macro default__delivered_batches(relation, dictionaries) -%}
    select
        dt,
        count(*) as row_count,
        count(*) || ' rows to ' || max(loaded_at) || ', {{ cleaned_by(dictionaries) }} as fingerprint
    from {{ relation }}
    group by dt
{%- endmacro %}

{# The end of a fingerprint, from inside its text on: by what the key is known, that account and card numbers are hashed (a warehouse of
   a version that kept them is cleaned again), and the first digits of a hash of each dictionary's codes. #}
{% macro cleaned_by(dictionaries) -%}
    key ' || {{ key_digits() }} || ', numbers hashed'
    {%- for code, dictionary in dictionaries.items() %}
        || ', {{ 'mappings' if '=' in code else code }} ' || coalesce((
            select substr({{ sha256_hex(dbt.listagg(code, "','", 'order by ' ~ code)) }}, 1, 8) from {{ dictionary }}
        ), 'none')
    {%- endfor %}
{%- endmacro %}
