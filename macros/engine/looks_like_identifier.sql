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

{# For each column, as {column: text}, an expression that gives its name where its text looks like an identifier. #}
{% macro columns_that_look_like_identifiers(columns) -%}
    {%- set named = [] -%}
    {%- for column, text in columns.items() -%}
        {%- do named.append("case when " ~ looks_like_identifier(text) ~ " then '" ~ column ~ "' end") -%}
    {%- endfor -%}
    {{ return(named) }}
{%- endmacro %}

{# Tables of the warehouse with their text columns, as {table: {column: text}}: all that are stored, whoever made them, lists and structures
   with texts among them. Difference: DuckDB's own catalogue of tables and columns. #}
{% macro stored_text_columns() -%}
    {{ return(adapter.dispatch('stored_text_columns')()) }}
{%- endmacro %}

{% macro duckdb__stored_text_columns() -%}
    {%- set found = {} -%}
    {%- for row in run_query("
        select columns.schema_name || '.' || columns.table_name, columns.column_name, columns.data_type
        from duckdb_columns() as columns
        inner join duckdb_tables() as tables using (database_name, schema_name, table_name)
        where columns.database_name = current_database()
            and regexp_matches(columns.data_type, 'VARCHAR|JSON|ENUM')
            -- What dbt is about to replace or drop.
            and not regexp_matches(columns.table_name, '__dbt_(tmp|backup)$')
        order by 1, columns.column_index
    ").rows -%}
        {%- set column = adapter.quote(row[1]) -%}
        {%- do found.setdefault(row[0], {}).update({row[1]: column if row[2] == 'VARCHAR' else 'cast(' ~ column ~ ' as string)'}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro spark__stored_text_columns() -%}
    {%- set found = {} -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ('model', 'seed') and node.config.materialized != 'view' -%}
        {%- set table = load_relation(api.Relation.create(schema=node.schema, identifier=node.alias)) -%}
        {%- for column in (adapter.get_columns_in_relation(table) if table else [])
            if 'string' in column.dtype -%}
            {%- set name = adapter.quote(column.name) -%}
            {%- do found.setdefault(node.schema ~ '.' ~ node.alias, {}).update({
                column.name: name if column.dtype == 'string' else 'cast(' ~ name ~ ' as string)'
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Those of them that are searched, as {table: {column: text}}. After staging keys (…_id, …_key, …_keys) too: in staging a system may number
   its postings and events as it likes. What the seed of exceptions names is left out. #}
{% macro texts_to_search(exceptions) -%}
    {%- set left_out, searched = [], {} -%}
    {%- if load_relation(exceptions) -%}
        {%- do left_out.extend(run_query("select table_name || '.' || column_name from " ~ exceptions).columns[0].values()) -%}
    {%- endif -%}
    {%- for table, columns in stored_text_columns().items() -%}
        {%- for column, text in columns.items()
            if table ~ '.' ~ column not in left_out
            and not (table.startswith('staging.') and modules.re.search('_(id|key|keys)$', column)) -%}
            {%- do searched.setdefault(table, {}).update({column: text}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(searched) }}
{%- endmacro %}
