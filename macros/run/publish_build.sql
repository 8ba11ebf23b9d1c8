{# At the end of a build: what became of each node, and what must have passed before readers see any of it — every model that is built
   and every seed, and every check that can fail a build. Whether that is published, banktags/publish says.
   Difference: on DuckDB readers have a file of their own; on Spark a table is replaced where it is read. #}
{% macro publish_build(results) -%}
    {%- if execute and flags.WHICH == 'build' -%}
        {%- do adapter.dispatch('publish_build')(results) -%}
    {%- endif -%}
{%- endmacro %}

{% macro default__publish_build(results) -%}{%- endmacro %}

{% macro duckdb__publish_build(results) -%}
    {%- set outcomes, needed = {}, [] -%}
    {%- for result in results -%}
        {%- do outcomes.update({result.node.unique_id: result.status | string}) -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() if node.config.materialized != 'ephemeral' -%}
        {%- if node.resource_type in ('model', 'seed') or (node.resource_type == 'test' and node.config.severity | lower == 'error') -%}
            {%- do needed.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do adapter.store_relation(
        'dbt_publish', api.Relation.create(schema='main', identifier='publication'), [], '', '', {'outcomes': outcomes, 'needed': needed}
    ) -%}
{%- endmacro %}
