{# Pattern of the Parquet files that a source relation reads, see file_pattern; none when it stands for something else, as in a unit test.
   Only DuckDB's sources are read from files. #}
{% macro parquet_files(relation) -%}
    {%- set location = modules.re.search("read_parquet[(]'((?:[^']|'')+)'", relation | string) -%}
    {{ return(location.group(1) if location else none) }}
{%- endmacro %}

{# At the start of a run that builds models, before anything is built: every source table has extracts, every file can be
   read, and has the columns and types of the contract; a column that the contract calls optional may be absent. Otherwise the
   run stops with the file, the column and the remedy, and the warehouse stays as it was. Reads footers only, of the batches
   that no recorded run has read. An unreadable file is named by the engine's own error.
   Difference: DuckDB answers from the Parquet files; an engine with tables of its own has nothing to check here. #}
{% macro check_landing_zone() -%}
    {% if execute and flags.WHICH in ('build', 'run') and ' model.' in ' ' ~ selected_resources | join(' ') %}
        {{ return(adapter.dispatch('check_landing_zone')()) }}
    {% endif %}
{%- endmacro %}

{% macro default__check_landing_zone() -%}
{%- endmacro %}

{% macro duckdb__check_landing_zone() -%}
    {% set tables = [] %}
    {% for table in graph.sources.values() %}
        {% do tables.append({
            'name': table.source_name ~ '.' ~ table.name,
            'files': parquet_files(source(table.source_name, table.name)),
            'columns': table.columns.values(),
        }) %}
    {% endfor %}

    {% set read_until = tested_until() %}
    {% set landed -%}
        {% for table in tables %}
        select
            '{{ table.files }}' as files,
            count(*) as files_landed,
            coalesce(string_agg(file, '|') filter (
                where regexp_extract(file, 'dt=([0-9-]+)', 1) > cast({{ read_until }} as string)
            ), '') as files_unread
        from glob('{{ table.files }}')
        {{ 'union all' if not loop.last }}
        {% endfor %}
    {%- endset %}
    {% set unread = [] %}
    {% for row in run_query(landed).rows %}
        {% if row['files_landed'] == 0 %}
            {{ exceptions.raise_compiler_error(
                "no extracts under " ~ path_of_pattern(row['files'].split('/dt=')[0]) ~ ": run `make build` for the demo bank, or `banktags load FROM` to land"
                ~ " your own. Nothing was built."
            ) }}
        {% endif %}
        {% for file in row['files_unread'].split('|') if file %}
            {% do unread.append(file_pattern(file)) %}
        {% endfor %}
    {% endfor %}
    {% if not unread %}
        {{ return('') }}
    {% endif %}

    {% set differing -%}
        with

        contract(files, column_name, data_type, duckdb_type, is_optional) as (
            values
            {% for table in tables %}
            {% set outer = loop %}
            {% for column in table.columns if column.name != 'dt' %}
            (
                '{{ path_of_pattern(table.files.split('dt=')[0]) }}', '{{ column.name }}', '{{ column.data_type }}',
                '{{ duckdb_type(column.data_type) }}', {{ column.config.meta.get('optional', false) | lower }}
            ){{ ',' if not (loop.last and outer.last) }}
            {% endfor %}
            {% endfor %}
        ),

        delivered as (
            select
                split_part(file_name, 'dt=', 1) as files,
                file_name,
                name as column_name,
                duckdb_type
            from parquet_schema(['{{ unread | join("', '") }}'])
        ),

        delivered_files as (
            select distinct files, file_name from delivered
        )

        select
            delivered_files.file_name,
            contract.column_name,
            contract.data_type,
            delivered.duckdb_type
        from contract
        inner join delivered_files on contract.files = delivered_files.files
        left join delivered
            on delivered_files.file_name = delivered.file_name
            and contract.column_name = delivered.column_name
        where
            delivered.column_name is null and not contract.is_optional
            or delivered.duckdb_type <> contract.duckdb_type
        order by delivered_files.file_name, contract.column_name
        limit 1
    {%- endset %}
    {% for row in run_query(differing).rows %}
        {{ exceptions.raise_compiler_error(
            row[0] ~ ": column " ~ row[1] ~ (" is " ~ row[3] if row[3] else " is missing") ~ ", the contract says " ~ row[2]
            ~ ". Land it again with `banktags load`, which checks extracts against the contract. Nothing was built."
        ) }}
    {% endfor %}
{%- endmacro %}

{# DuckDB's own name of a type of the contract. #}
{% macro duckdb_type(data_type) -%}
    {{ return({'string': 'VARCHAR', 'int': 'INTEGER'}.get(data_type, data_type | upper)) }}
{%- endmacro %}

{# Every source table as a view of its folder: the partitions are the folders that are there. Of a table with optional columns
   the files may differ: Spark merges what their footers say, for the reader of the view too, and what none of them has is null. #}
{% macro spark__check_landing_zone() -%}
    {% for table in graph.sources.values() %}
        {% set landed -%}
            parquet.`{{ env_var('BANK_TAGS_RAW', 'data/raw') }}/{{ table.source_name }}/{{ table.name }}`
        {%- endset %}
        {% set optional = [] %}
        {% for column in table.columns.values() if column.config.meta.get('optional') %}
            {% do optional.append(column.name) %}
        {% endfor %}
        {% if optional %}
            {% do run_query('set spark.sql.parquet.mergeSchema = true') %}
            {% set delivered = run_query('select * from ' ~ landed ~ ' limit 0').column_names %}
        {% endif %}
        {% set columns = [] %}
        {% for column in table.columns.values() %}
            {% set is_absent = column.name in optional and column.name not in delivered %}
            {% do columns.append(('cast(null as ' ~ column.data_type ~ ') as ' if is_absent else '') ~ column.name) %}
        {% endfor %}
        {% do run_query('create database if not exists ' ~ table.schema) %}
        {% do run_query(
            'create or replace view ' ~ table.schema ~ '.' ~ table.name ~ ' as select ' ~ columns | join(', ') ~ ' from ' ~ landed
        ) %}
        {% if optional %}
            {% do run_query('set spark.sql.parquet.mergeSchema = false') %}
        {% endif %}
    {% endfor %}
{%- endmacro %}
