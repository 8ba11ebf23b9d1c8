{# True for a text in which a mainland mobile number, a resident identity number or a card number stands by itself, not as part
   of a longer run of letters and digits such as a hash, nor of a number with decimals. Difference: DuckDB names the match regexp_matches, Spark rlike. #}
{% macro looks_like_identifier(text) -%}
    {{ return(adapter.dispatch('looks_like_identifier')(text)) }}
{%- endmacro %}

{% macro duckdb__looks_like_identifier(text) -%}
    regexp_matches({{ text }}, '{{ identifier_pattern() }}')
{%- endmacro %}

{% macro spark__looks_like_identifier(text) -%}
    {{ text }} rlike '{{ identifier_pattern() }}'
{%- endmacro %}

{% macro identifier_pattern() -%}
    {%- set mobile = '1[3-9][0-9]{9}' -%}
    {%- set resident_id_no = '[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])[0-9]{3}[0-9Xx]' -%}
    {%- set card_no = '[3-6][0-9]{15,18}' -%}
    (^|[^0-9A-Za-z.])({{ mobile }}|{{ resident_id_no }}|{{ card_no }})([^0-9A-Za-z.]|[.][^0-9]|[.]?$)
{%- endmacro %}

{# Tables of the warehouse with their text columns, as {table: [columns]}: all that are stored, whoever made them. Keys are left
   out (…_id, …_key, …_keys): a system may number its accounts as it likes. Difference: DuckDB's own catalogue of tables and columns. #}
{% macro stored_text_columns() -%}
    {{ return(adapter.dispatch('stored_text_columns')()) }}
{%- endmacro %}

{% macro duckdb__stored_text_columns() -%}
    {%- set found = {} -%}
    {%- for row in run_query("
        select columns.schema_name || '.' || columns.table_name, columns.column_name
        from duckdb_columns() as columns
        inner join duckdb_tables() as tables using (database_name, schema_name, table_name)
        where columns.database_name = current_database()
            and columns.data_type = 'VARCHAR'
            and not regexp_matches(columns.column_name, '_(id|key|keys)$')
            -- What dbt is about to replace or drop.
            and not regexp_matches(columns.table_name, '__dbt_(tmp|backup)$')
        order by 1, columns.column_index
    ").rows -%}
        {%- do found.setdefault(row[0], []).append(row[1]) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro spark__stored_text_columns() -%}
    {%- set found = {} -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ('model', 'seed') and node.config.materialized != 'view' -%}
        {%- set table = load_relation(api.Relation.create(schema=node.schema, identifier=node.alias)) -%}
        {%- for column in (adapter.get_columns_in_relation(table) if table else [])
            if column.dtype == 'string' and not modules.re.search('_(id|key|keys)$', column.name) -%}
            {%- do found.setdefault(node.schema ~ '.' ~ node.alias, []).append(column.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
