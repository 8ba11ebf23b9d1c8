{# Every Parquet file that the project's own commands keep under data/lists (BANK_TAGS_LISTS), as a relation: its folder (kind), its
   name, the SHA-256 of its bytes, and what is in it of the columns that chain records and name the list of one. Without rows where
   nothing was kept yet.
   Difference: DuckDB reads the files as they are; Spark declares the folder as two tables, one of bytes and one of rows. #}
{% macro kept_files() -%}
    {%- set columns = {
        'record_number': 'bigint', 'previous_digest': 'string', 'kind': 'string', 'campaign_id': 'string', 'file_name': 'string',
        'file_digest': 'string',
    } -%}
    {{ return(adapter.dispatch('kept_files')(columns, env_var('BANK_TAGS_LISTS', 'data/lists'))) }}
{%- endmacro %}

{% macro duckdb__kept_files(columns, folder) -%}
    {%- set files = file_pattern(folder) ~ '/*/*.parquet' -%}
    {%- set empty = [] -%}
    {%- for column, type in columns.items() -%}
        {%- do empty.append('cast(null as ' ~ type ~ ') as ' ~ column) -%}
    {%- endfor -%}
    {%- set none_kept = 'select ' ~ empty | join(', ') ~ ', cast(null as string) as filename where 1 = 0' -%}
    {%- set has_files = execute and run_query("select count(*) from glob('" ~ files ~ "')").rows[0][0] > 0 -%}
    {%- set bytes -%}
        {%- if has_files -%}
            select filename, sha256(content) as digest from read_blob('{{ files }}')
        {%- else -%}
            select cast(null as string) as filename, cast(null as string) as digest where 1 = 0
        {%- endif -%}
    {%- endset -%}
    {%- set rows -%}
        {{ none_kept }}
        {%- if has_files %}
        union all by name
        select * from read_parquet('{{ files }}', union_by_name = true, filename = true)
        {%- endif %}
    {%- endset -%}
    select
        split_part(bytes.filename, '/', -2) as folder,
        split_part(bytes.filename, '/', -1) as name,
        bytes.digest,
        max(cast(kept.record_number as bigint)) as record_number,
        max(kept.previous_digest) as previous_digest,
        max(kept.kind) as list_kind,
        max(kept.campaign_id) as campaign_id,
        max(kept.file_name) as list_name,
        max(kept.file_digest) as list_digest
    from ({{ bytes }}) as bytes
    left join ({{ rows }}) as kept on bytes.filename = kept.filename
    group by bytes.filename, bytes.digest
{%- endmacro %}

{% macro spark__kept_files(columns, folder) -%}
    {%- set declared = [] -%}
    {%- for column, type in columns.items() -%}
        {%- do declared.append(column ~ ' ' ~ type) -%}
    {%- endfor -%}
    {%- set location = folder if folder.startswith('/') or '://' in folder else invocation_args_dict.project_dir ~ '/' ~ folder -%}
    {%- set options = "options (recursiveFileLookup 'true', pathGlobFilter '*.parquet') location '" ~ location ~ "'" -%}
    {%- set bytes, rows = target.schema ~ '.bytes_of_kept_files', target.schema ~ '.rows_of_kept_files' -%}
    {%- if execute -%}
        {%- do run_query('create database if not exists ' ~ target.schema) -%}
        {%- do run_query('create table if not exists ' ~ bytes ~ ' using binaryFile ' ~ options) -%}
        {%- do run_query('create table if not exists ' ~ rows ~ ' (' ~ declared | join(', ') ~ ') using parquet ' ~ options) -%}
        {%- do run_query('refresh table ' ~ bytes) -%}
        {%- do run_query('refresh table ' ~ rows) -%}
    {%- endif -%}
    select
        element_at(split(bytes.path, '/'), -2) as folder,
        element_at(split(bytes.path, '/'), -1) as name,
        sha2(bytes.content, 256) as digest,
        max(kept.record_number) as record_number,
        max(kept.previous_digest) as previous_digest,
        max(kept.kind) as list_kind,
        max(kept.campaign_id) as campaign_id,
        max(kept.file_name) as list_name,
        max(kept.file_digest) as list_digest
    from {{ bytes }} as bytes
    left join (select *, _metadata.file_path as file_path from {{ rows }}) as kept on bytes.path = kept.file_path
    group by bytes.path, bytes.content
{%- endmacro %}
