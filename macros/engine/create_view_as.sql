{# A view, for its materialization. Difference: DuckDB only, whose catalog is named after the warehouse file: a view that names it
   would not answer in a copy of the file under another name. Where a schema of the project has the file's name, the catalog has
   to be named, since DuckDB could not tell the two apart. #}
{% macro duckdb__create_view_as(relation, sql) -%}
    {%- set schemas = graph.nodes.values() | map(attribute='schema') | map('lower') | list -%}
    {%- set catalog = adapter.quote(relation.database) ~ '.' -%}
    {{ return(dbt.duckdb__create_view_as(relation, sql if relation.database | lower in schemas else sql | replace(catalog, ''))) }}
{%- endmacro %}
